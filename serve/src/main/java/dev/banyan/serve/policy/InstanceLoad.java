package dev.banyan.serve.policy;

/**
 * What the scheduler knows of one instance: numbers only, never its requests, so a decision costs
 * the same however many requests run. Memory is counted in KV blocks.
 *
 * @param id index of the instance, stable for its life
 */
public record InstanceLoad(
    int id, Memory memory, Batch batch, Queue queue, InFlight inFlight, Pace pace, State state) {

  /**
   * KV memory.
   *
   * @param totalBlocks capacity
   * @param freeBlocks neither held by a running request nor reserved for one on its way; cached
   *     blocks nobody uses count as free
   * @param watermarkBlocks kept free when a request is admitted
   * @param blockTokens tokens per block
   * @param cachedBlocks blocks whose contents a later prompt may reuse
   */
  public record Memory(
      int totalBlocks, int freeBlocks, int watermarkBlocks, int blockTokens, int cachedBlocks) {
    /** Blocks an admission may take. */
    public int available() {
      return freeBlocks - watermarkBlocks;
    }

    /** Blocks that hold {@code tokens} tokens. */
    public int blocksFor(int tokens) {
      return (tokens + blockTokens - 1) / blockTokens;
    }
  }

  /** Requests that decode. */
  public record Batch(ClassCounts byClass, long contextTokens) {
    public int requests() {
      return byClass.all();
    }
  }

  /**
   * Requests that wait on the instance.
   *
   * @param blocks what all of them would take
   * @param tokens what all of them would have to prefill
   * @param headBlocks what the first one would take, 0 when none waits
   * @param headBlocked whether the first one waits for memory
   * @param headWaitSeconds since the first one began to wait
   * @param preempted how many of them were running before
   */
  public record Queue(
      ClassCounts byClass,
      int blocks,
      int tokens,
      int headBlocks,
      boolean headBlocked,
      double headWaitSeconds,
      int preempted) {
    public static final Queue EMPTY = new Queue(ClassCounts.NONE, 0, 0, 0, false, 0, 0);

    public int requests() {
      return byClass.all();
    }
  }

  /**
   * What was sent to the instance after its last report.
   *
   * @param dispatched requests ever sent to it
   */
  public record InFlight(int requests, int blocks, long dispatched) {}

  /**
   * How fast the instance is.
   *
   * @param stepSeconds one decode step of the present batch
   * @param fullStepSeconds one decode step with all memory in use
   * @param copySeconds a stage of a move, before its tokens
   * @param copyTokenSeconds per token of a move
   */
  public record Pace(
      double stepSeconds, double fullStepSeconds, double copySeconds, double copyTokenSeconds) {}

  /**
   * @param draining takes no new requests and gives away its own
   * @param moving a request is on its way to or from it
   * @param movesKv whether its engine can send KV memory
   */
  public record State(boolean draining, boolean moving, boolean movesKv) {}

  /**
   * How many iterations it can go on before its memory is full: blocks that neither run nor wait,
   * per request, as {@link Freeness} has it for dispatch. Of an idle instance all that is
   * available; negative in overload.
   */
  public double freeness() {
    InstanceLoad now = settled();
    int requests = now.batch.requests() + now.queue.requests();
    return (now.memory.available() - now.queue.blocks()) / (double) Math.max(1, requests);
  }

  /** The same instance with what was sent since its report counted as waiting. */
  public InstanceLoad settled() {
    if (inFlight.requests() == 0) {
      return this;
    }
    ClassCounts waiting = queue.byClass();
    var counted =
        new ClassCounts(waiting.low(), waiting.normal() + inFlight.requests(), waiting.high());
    var settled =
        new Queue(
            counted,
            queue.blocks() + inFlight.blocks(),
            queue.tokens() + inFlight.blocks() * memory.blockTokens(),
            queue.headBlocks(),
            queue.headBlocked(),
            queue.headWaitSeconds(),
            queue.preempted());
    var none = new InFlight(0, 0, inFlight.dispatched());
    return new InstanceLoad(id, memory, batch, settled, none, pace, state);
  }
}

package dev.banyan.serve.policy;

/**
 * How an instance admits the requests of one class.
 *
 * <p>A request may be passed by later ones in proportion to its own prefill: with patience k, one
 * whose prompt takes s seconds is passed only by requests that arrive less than k · s seconds after
 * it, so short prompts do not wait behind long ones and none starves (slowdown instead of order of
 * arrival decides, as in highest-response-ratio-next, Brinch Hansen 1971). Requests that ran before
 * and lost their memory stand in front.
 *
 * <p>A request that never ran is admitted only where every request of the batch could still grow by
 * {@code growthBlocks}: admitting it earlier would soon preempt another, whose work is lost.
 *
 * @param patience seconds a request waits willingly per second of its own prefill; 0 for order of
 *     arrival
 * @param growthBlocks KV blocks left free per running request
 */
public record Admission(double patience, double growthBlocks) {
  /** First come, first served, as far as memory reaches. */
  public static final Admission FIRST_COME = new Admission(0, 0);

  public Admission {
    if (!(patience >= 0 && patience < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("patience is " + patience + ", must be finite and ≥ 0");
    }
    if (!(growthBlocks >= 0 && growthBlocks < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "growthBlocks is " + growthBlocks + ", must be finite and ≥ 0");
    }
  }

  /**
   * Where a request stands in its queue: the lower, the earlier.
   *
   * @param arrivalSeconds when it came to the cluster
   * @param prefillSeconds what its prompt alone takes
   */
  public double due(double arrivalSeconds, double prefillSeconds) {
    return arrivalSeconds + patience * prefillSeconds;
  }

  /** Blocks to leave free when a request that never ran is admitted beside {@code running}. */
  public int growth(int running) {
    return (int) (growthBlocks * running);
  }
}

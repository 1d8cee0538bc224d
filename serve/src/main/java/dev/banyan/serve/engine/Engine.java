package dev.banyan.serve.engine;

import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.policy.Admission;
import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.ClassOrder;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.policy.RequestView;
import dev.banyan.serve.policy.SourceView;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Portable;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching over paged memory. Every {@link #step} decodes one token of each running
 * request and, with what is left of the token budget, prefills chunks of the others (Sarathi-Serve,
 * Agrawal et al., OSDI 2024). When memory runs out the newest request of the lowest class loses its
 * blocks and is computed again later. Used by one thread at a time; between {@link #begin} and
 * {@link #end} of a step, while a model computes, everything else may be called: requests that are
 * being computed leave at the end of the step only.
 */
public final class Engine implements AutoCloseable {
  private final Forward forward;
  private final Size size;
  private final Rules rules;
  private final DoubleSupplier clock;
  private final Listener listener;
  private final BlockPool pool;
  private final Map<Long, Sequence> all = new LinkedHashMap<>();
  private final List<Sequence> running = new ArrayList<>();
  private final WaitingLine waiting;
  private final List<Sequence> computing = new ArrayList<>();
  private final ArrayDeque<Integer> slots = new ArrayDeque<>();
  private long orders;
  private long submitted;
  private long steps;
  private long promptTokens;
  private long generatedTokens;
  private long prefixHits;
  private long preemptions;
  private double stepSeconds = 0.01;
  private double promptTokenSeconds;
  private volatile double computeSeconds;
  private double copyTokenSeconds = 2e-6;
  private boolean draining;

  /**
   * How large an engine is.
   *
   * @param watermark blocks an admission leaves free
   * @param stepTokens at most in one step
   * @param mostRequests in one batch
   */
  public record Size(
      int instance, int blocks, int blockTokens, int watermark, int stepTokens, int mostRequests) {}

  /**
   * How requests get in.
   *
   * @param pace what steps cost, where it is known; otherwise it is measured
   */
  public record Rules(ClassOrder order, Admission admission, @Nullable EngineProfile pace) {
    /** In the order they come, classes strictly. */
    public static final Rules FIRST_COME = new Rules(ClassOrder.STRICT, Admission.FIRST_COME, null);
  }

  /** Hears what comes out of steps. */
  public interface Listener {
    void token(Token token);

    /** Probabilities of the prompt's tokens, the first of which has none. */
    void prompt(long request, List<Token> tokens);
  }

  public Engine(Forward forward, Size size, Rules rules, DoubleSupplier clock, Listener listener) {
    this.forward = forward;
    this.size = size;
    this.rules = rules;
    this.clock = clock;
    this.listener = listener;
    this.pool = new BlockPool(size.blocks());
    this.waiting = new WaitingLine(rules.order());
    for (int slot = 0; slot < size.mostRequests(); slot++) {
      slots.add(slot);
    }
  }

  // ---- requests

  /** A request comes that nobody has yet. */
  public void submit(long request, long epoch, TokenRequest asked) {
    submit(new Say.Submit(request, epoch, asked, new int[0], 0, 0));
  }

  /**
   * A request comes, maybe with a part of its answer that the client already has. That is never all
   * of it: the last token tells that it is the last.
   */
  public void submit(Say.Submit submit) {
    long request = submit.request();
    long epoch = submit.epoch();
    TokenRequest asked = submit.asked();
    int[] generated = submit.generated();
    double now = clock.getAsDouble();
    submitted++;
    Guide guide = asked.schema().isEmpty() ? null : forward.guide(asked.schema());
    var sequence =
        new Sequence(request, epoch, asked, guide, generated, submit.moves(), orders++, now);
    sequence.due =
        rules.admission().due(now - submit.waitedSeconds(), prefillSeconds(asked.prompt().length));
    // probabilities of a prompt that was answered before were told before
    sequence.promptDone = !asked.promptLogprobs() || generated.length > 0;
    Sequence before = all.put(request, sequence);
    if (before != null) {
      drop(before);
    }
    waiting.add(sequence);
  }

  private double prefillSeconds(int tokens) {
    return rules.pace() == null ? promptTokenSeconds * tokens : rules.pace().prefillSeconds(tokens);
  }

  /** Forgets a request; false when it is not here. */
  public boolean cancel(long request) {
    Sequence sequence = all.get(request);
    if (sequence == null) {
      return false;
    }
    drop(sequence);
    return true;
  }

  /** Whether anything can be computed. */
  public boolean hasWork() {
    return running.stream().anyMatch(each -> !each.held) || !waiting.isEmpty();
  }

  private void drop(Sequence sequence) {
    all.remove(sequence.request, sequence);
    running.remove(sequence);
    waiting.remove(sequence);
    if (computing.contains(sequence)) {
      // its blocks are being written: they are given back at the end of the step
      sequence.dropped = true;
    } else {
      giveBack(sequence);
    }
  }

  private void giveBack(Sequence sequence) {
    // the end of a prompt is let go first, so that beginnings stay known longest
    for (int i = sequence.blocks.size() - 1; i >= 0; i--) {
      pool.release(sequence.blocks.get(i));
    }
    sequence.blocks.clear();
    sequence.hashes.clear();
    sequence.computed = 0;
    sequence.relaid = true;
    if (sequence.slot >= 0) {
      slots.addFirst(sequence.slot);
      sequence.slot = -1;
    }
  }

  // ---- steps

  /** What one step computes. */
  public record Step(List<Forward.Piece> pieces) {
    public Step {
      pieces = List.copyOf(pieces);
    }
  }

  /** One step; false when there was nothing to do. */
  public boolean step() {
    Step step = begin();
    if (step.pieces().isEmpty()) {
      return false;
    }
    end(step, compute(step));
    return true;
  }

  /** Chooses what the next step computes; nothing when there is nothing to do. */
  public Step begin() {
    admit();
    List<Forward.Piece> pieces = new ArrayList<>();
    int budget = size.stepTokens();
    for (boolean decodes : new boolean[] {true, false}) {
      for (Sequence each : List.copyOf(running)) {
        int pending = each.size - each.computed;
        if (each.held || each.slot < 0 || (pending == 1) != decodes || budget == 0) {
          continue;
        }
        int count = Math.min(pending, budget);
        if (!grow(each, each.computed + count)) {
          continue;
        }
        budget -= count;
        computing.add(each);
        pieces.add(piece(each, count));
      }
    }
    // one that was chosen early may have been preempted for one chosen late
    for (int i = computing.size() - 1; i >= 0; i--) {
      if (computing.get(i).slot < 0) {
        computing.remove(i);
        pieces.remove(i);
      }
    }
    return new Step(pieces);
  }

  /** The scores of a step: the part that takes long. */
  public List<float[]> compute(Step step) {
    double start = clock.getAsDouble();
    List<float[]> scores = forward.step(step.pieces());
    computeSeconds = clock.getAsDouble() - start;
    return scores;
  }

  /** Takes in what was computed. */
  public void end(Step step, List<float[]> scores) {
    List<Sequence> chosen = List.copyOf(computing);
    computing.clear();
    measure(step);
    steps++;
    for (int i = 0; i < chosen.size(); i++) {
      if (chosen.get(i).dropped) {
        giveBack(chosen.get(i));
      } else {
        took(chosen.get(i), step.pieces().get(i), scores.get(i));
      }
    }
  }

  private void measure(Step step) {
    int prompt = 0;
    int decodes = 0;
    for (Forward.Piece each : step.pieces()) {
      prompt += each.ids().length > 1 ? each.ids().length : 0;
      decodes += each.ids().length == 1 ? 1 : 0;
    }
    if (prompt == 0) {
      stepSeconds += 0.1 * (computeSeconds - stepSeconds);
    } else {
      double seconds = computeSeconds - (decodes == 0 ? 0 : stepSeconds);
      promptTokenSeconds += 0.1 * (Math.max(0, seconds) / prompt - promptTokenSeconds);
    }
  }

  /** Whether a request is part of the step that is computed now. */
  public boolean computes(long request) {
    return computing.stream().anyMatch(each -> each.request == request);
  }

  private Forward.Piece piece(Sequence of, int count) {
    int[] ids = Arrays.copyOfRange(of.tokens, of.computed, of.computed + count);
    boolean relaid = of.relaid;
    of.relaid = false;
    return new Forward.Piece(
        of.slot, of.computed, ids, of.blocks, relaid, !of.promptDone, of.asked.adapter());
  }

  private void took(Sequence of, Forward.Piece piece, float[] scores) {
    int count = piece.ids().length;
    if (!of.promptDone) {
      scores = tellPrompt(of, count, scores);
    }
    of.computed += count;
    know(of);
    if (of.generated() == 0) {
      promptTokens += count;
    }
    if (of.computed < of.size) {
      return;
    }
    if (of.asked.maxTokens() == 0) {
      listener.token(
          Sequence.probable(
              of.request, of.epoch, 0, 0, Token.Finish.STOP, scores, of.asked.logprobs()));
      drop(of);
      return;
    }
    Token token = of.choose(scores);
    generatedTokens++;
    waiting.serve(of.priority(), 1);
    if (token.finish() == Token.Finish.NONE) {
      of.add(token.id());
      of.told.add(token);
      listener.token(token);
    } else {
      listener.token(token);
      drop(of);
    }
  }

  /** Tells probabilities of prompt tokens; gives the scores of the last one. */
  private float[] tellPrompt(Sequence of, int count, float[] scores) {
    int vocabulary = scores.length / count;
    for (int i = 0; i < count; i++) {
      int position = of.computed + i;
      if (position + 1 < of.asked.prompt().length) {
        float[] row = Arrays.copyOfRange(scores, i * vocabulary, (i + 1) * vocabulary);
        of.promptTold.add(
            Sequence.probable(
                of.request,
                of.epoch,
                position + 1,
                of.tokens[position + 1],
                Token.Finish.NONE,
                row,
                Math.max(0, of.asked.logprobs())));
      }
    }
    if (of.computed + count >= of.asked.prompt().length) {
      of.promptDone = true;
      listener.prompt(of.request, List.copyOf(of.promptTold));
      of.promptTold.clear();
    }
    return Arrays.copyOfRange(scores, (count - 1) * vocabulary, count * vocabulary);
  }

  /** Lets later prompts share blocks that are full now. */
  private void know(Sequence of) {
    int full = of.computed / size.blockTokens();
    for (int i = of.hashes.size(); i < full; i++) {
      BlockPool.Content content = content(of, i);
      pool.know(of.blocks.get(i), content);
      of.hashes.add(content.hash());
    }
  }

  private BlockPool.Content content(Sequence of, int block) {
    long before = block == 0 ? of.asked.adapter().hashCode() : of.hashes.get(block - 1);
    int from = block * size.blockTokens();
    return new BlockPool.Content(
        before, Arrays.copyOfRange(of.tokens, from, from + size.blockTokens()));
  }

  /**
   * Makes room for {@code tokens} tokens, by preemption where it must; false when it lost its own.
   */
  private boolean grow(Sequence of, int tokens) {
    int missing = blocksFor(tokens) - of.blocks.size();
    while (pool.free() < missing) {
      Sequence victim = victim();
      if (victim == null) {
        return false;
      }
      preempt(victim);
      if (victim == of) {
        return false;
      }
    }
    for (; missing > 0; missing--) {
      of.blocks.add(pool.take());
    }
    return true;
  }

  private @Nullable Sequence victim() {
    return running.stream()
        .filter(each -> !each.held)
        .min(
            Comparator.comparingInt((Sequence each) -> each.priority().index())
                .thenComparingLong(each -> -each.order))
        .orElse(null);
  }

  private void preempt(Sequence victim) {
    preemptions++;
    running.remove(victim);
    giveBack(victim);
    victim.promptTold.clear();
    victim.preempted = true;
    waiting.addFirst(victim);
  }

  /** Lets requests in while memory lasts. */
  private void admit() {
    while (!waiting.isEmpty() && !slots.isEmpty()) {
      Sequence next = waiting.head();
      List<Integer> shared = shared(next);
      long wakened = shared.stream().filter(block -> pool.uses(block) == 0).count();
      int need = blocksFor(next.size + 1) - shared.size();
      int left = pool.free() - (int) wakened - need;
      if (left < spare(next)) {
        return;
      }
      waiting.remove(next);
      for (int block : shared) {
        pool.share(block);
        next.blocks.add(block);
        next.hashes.add(content(next, next.hashes.size()).hash());
      }
      next.computed = shared.size() * size.blockTokens();
      prefixHits += next.computed;
      for (; need > 0; need--) {
        next.blocks.add(pool.take());
      }
      next.slot = slots.poll();
      next.relaid = true;
      next.preempted = false;
      if (!waiting.isEmpty()) {
        waiting.serve(next.priority(), next.size);
      }
      running.add(next);
    }
  }

  /** Blocks that stay free when a request is admitted; none where it would wait for ever. */
  private int spare(Sequence of) {
    if (running.isEmpty()) {
      return 0;
    }
    int growth = of.generated() == 0 ? rules.admission().growth(running.size()) : 0;
    return size.watermark() + growth;
  }

  /** Blocks that hold the beginning of its tokens; at least one token is left to compute. */
  private List<Integer> shared(Sequence of) {
    List<Integer> blocks = new ArrayList<>();
    if (!of.promptDone) {
      return blocks;
    }
    long before = of.asked.adapter().hashCode();
    for (int from = 0; from + size.blockTokens() < of.size; from += size.blockTokens()) {
      var content =
          new BlockPool.Content(
              before, Arrays.copyOfRange(of.tokens, from, from + size.blockTokens()));
      int block = pool.find(content);
      if (block < 0) {
        break;
      }
      blocks.add(block);
      before = content.hash();
    }
    return blocks;
  }

  private int blocksFor(int tokens) {
    return (tokens + size.blockTokens() - 1) / size.blockTokens();
  }

  // ---- moving

  /** What became of a request since its {@link Portable} was taken. */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Rest(int[] generated, List<Token> told, int computed) {}

  /** Whether it decodes here, so that it can be moved with its keys and values. */
  public boolean decodes(long request) {
    Sequence of = all.get(request);
    return of != null && of.slot >= 0 && of.generated() > 0 && of.computed == of.size - 1;
  }

  /** Whether it is here. */
  public boolean has(long request) {
    return all.containsKey(request);
  }

  /** The epoch of a request that is here. */
  public long epoch(long request) {
    return require(request).epoch;
  }

  /** Blocks whose keys and values count. */
  public int blocks(long request) {
    return blocksFor(require(request).computed);
  }

  /** A block of a request, by its place. */
  public ByteBuffer block(long request, int index) {
    return forward.block(require(request).blocks.get(index));
  }

  /** A block of memory, by its number. */
  public ByteBuffer memory(int block) {
    return forward.block(block);
  }

  /** Makes ready for steps over a block that came; any thread may call this. */
  public void prepare(int block) {
    forward.prepare(block);
  }

  /** Bytes per block. */
  public long blockBytes() {
    return forward.blockBytes();
  }

  /** Takes it out of the batch; its memory stays. */
  public void hold(long request) {
    require(request).held = true;
  }

  public Portable portable(long request) {
    Sequence of = require(request);
    return new Portable(of.asked, of.moves, of.answer(), List.copyOf(of.told));
  }

  /** What a request is beyond what was said of it. */
  public Rest rest(long request, Portable said) {
    Sequence of = require(request);
    int[] answer = of.answer();
    return new Rest(
        Arrays.copyOfRange(answer, said.generated().length, answer.length),
        List.copyOf(of.told.subList(said.told().size(), of.told.size())),
        of.computed);
  }

  /** Puts it back under an epoch, and tells tokens from {@code nextToken} on again unless -1. */
  public void resume(long request, long epoch, int nextToken) {
    Sequence of = require(request);
    of.held = false;
    of.epoch = epoch;
    tellAgain(of, nextToken);
  }

  private void tellAgain(Sequence of, int nextToken) {
    if (nextToken >= 0) {
      for (Token token : List.copyOf(of.told)) {
        if (token.number() >= nextToken) {
          listener.token(token.under(of.epoch));
        }
      }
    }
  }

  /** Sets blocks aside for a request on its way; empty when there are not enough. */
  public Optional<List<Integer>> reserve(int blocks, boolean first) {
    int left = pool.free() - blocks;
    if (left < (first ? size.watermark() : 0) || (first && slots.isEmpty())) {
      return Optional.empty();
    }
    List<Integer> taken = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      taken.add(pool.take());
    }
    return Optional.of(taken);
  }

  /** Gives back what was set aside. */
  public void release(List<Integer> blocks) {
    blocks.forEach(pool::release);
  }

  /** A request came with its keys and values in blocks that were set aside for it. */
  public void adopt(
      long request, long epoch, int nextToken, Portable said, Rest rest, List<Integer> blocks) {
    TokenRequest asked = said.asked();
    var of =
        new Sequence(
            request,
            epoch,
            asked,
            asked.schema().isEmpty() ? null : forward.guide(asked.schema()),
            said.generated(),
            said.moves() + 1,
            orders++,
            clock.getAsDouble());
    for (int id : rest.generated()) {
      of.add(id);
    }
    of.promptDone = true;
    of.told.addAll(said.told());
    of.told.addAll(rest.told());
    Sequence before = all.put(request, of);
    if (before != null) {
      drop(before);
    }
    if (slots.isEmpty()) {
      blocks.forEach(pool::release);
      waiting.addFirst(of);
    } else {
      of.blocks.addAll(blocks);
      of.computed = rest.computed();
      of.slot = slots.poll();
      know(of);
      running.add(of);
    }
    tellAgain(of, nextToken);
  }

  private Sequence require(long request) {
    Sequence of = all.get(request);
    if (of == null) {
      throw new IllegalStateException("request " + request + " is not here");
    }
    return of;
  }

  // ---- what it says of itself

  /** A gateway comes that has sent nothing yet. */
  public void greeted() {
    submitted = 0;
  }

  /** Takes no new requests, or takes them again: only told on, in {@link #load}. */
  public void drain(boolean now) {
    draining = now;
  }

  /** The load, as policies see it. */
  public InstanceLoad load(boolean moving) {
    int[] decoding = new int[PriorityClass.count()];
    long context = 0;
    for (Sequence each : running) {
      decoding[each.priority().index()]++;
      context += each.computed;
    }
    var memory =
        new InstanceLoad.Memory(
            size.blocks(), pool.free(), size.watermark(), size.blockTokens(), pool.cached());
    EngineProfile known = rules.pace();
    var pace =
        known == null
            ? new InstanceLoad.Pace(stepSeconds, stepSeconds, 0.001, copyTokenSeconds)
            : new InstanceLoad.Pace(
                known.decodeSeconds(context, running.size()),
                known.fullStepSeconds(),
                known.copy().seconds(),
                known.copy().tokenSeconds());
    return new InstanceLoad(
        size.instance(),
        memory,
        new InstanceLoad.Batch(new ClassCounts(decoding[0], decoding[1], decoding[2]), context),
        queue(),
        new InstanceLoad.InFlight(0, 0, submitted),
        pace,
        new InstanceLoad.State(draining, moving, true));
  }

  private InstanceLoad.Queue queue() {
    if (waiting.isEmpty()) {
      return InstanceLoad.Queue.EMPTY;
    }
    int blocks = 0;
    int tokens = 0;
    int preempted = 0;
    for (Sequence each : waiting.all()) {
      blocks += blocksFor(each.size + 1);
      tokens += each.size;
      preempted += each.preempted ? 1 : 0;
    }
    Sequence head = waiting.head();
    int headBlocks = blocksFor(head.size + 1);
    return new InstanceLoad.Queue(
        waiting.counts(),
        blocks,
        tokens,
        headBlocks,
        pool.free() - spare(head) < headBlocks,
        clock.getAsDouble() - head.since,
        preempted);
  }

  /** Its requests, for choosing the one that moves. */
  public SourceView view(boolean moving) {
    List<RequestView> decoding = new ArrayList<>();
    List<RequestView> queue = new ArrayList<>();
    for (Sequence each : running) {
      if (!each.held && decodes(each.request)) {
        decoding.add(view(each, each.blocks.size(), true));
      }
    }
    waiting.all().forEach(each -> queue.add(view(each, blocksFor(each.size + 1), false)));
    return new SourceView(load(moving), decoding, queue);
  }

  private RequestView view(Sequence of, int blocks, boolean here) {
    int own = (int) of.blocks.stream().filter(block -> pool.uses(block) == 1).count();
    return new RequestView(
        of.request,
        of.priority(),
        blocks,
        own,
        of.size,
        of.generated(),
        of.moves,
        here,
        clock.getAsDouble() - of.since);
  }

  /** All requests here. */
  public List<Long> requests() {
    return List.copyOf(all.keySet());
  }

  /** Blocks nobody uses. */
  public int freeBlocks() {
    return pool.free();
  }

  public EngineFigures figures() {
    return new EngineFigures(
        steps,
        promptTokens,
        generatedTokens,
        prefixHits,
        preemptions,
        stepSeconds,
        running.size(),
        waiting.size());
  }

  @Override
  public void close() {
    forward.close();
  }
}

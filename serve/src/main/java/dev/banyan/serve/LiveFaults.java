package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.LiveFleet;
import dev.banyan.serve.wire.FaultyLink;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Real engine processes are killed, stalled and lied to while requests move between them. After
 * each run every answer must be the one that an undisturbed cluster gives, and all memory free.
 */
public final class LiveFaults {
  private static final int INSTANCES = 3;
  private static final int POOL = 48;
  private static final int STREAMS = 6;
  private static final int SETTLE_SECONDS = 12;

  /** At most so many runs for each fault that shall strike. */
  private static final int DRAWS = 4;

  private static final int STALL_MILLIS = 3500;

  /** What is said in a move, in its order: where a fault can strike. */
  private static final List<String> STEPS =
      List.of(
          "Give",
          "Reserve",
          "Reserved",
          "Coming",
          "Block",
          "Copied",
          "Adopt",
          "Claim",
          "Claimed",
          "Committed");

  /** What one engine says to another: what the gateway hears and says is TCP's to lose. */
  private static final List<String> LOSABLE =
      List.of("Reserve", "Reserved", "Coming", "Copied", "Adopt");

  /** What happens in a run, once, when its message passes. */
  public enum Fault {
    KILL_SOURCE,
    KILL_DESTINATION,
    KILL_BOTH,
    LOST_MESSAGE,
    LOST_COMMIT_ACK,
    LATE_MESSAGE,
    DAMAGED_BLOCK,
    STALLED_ENGINE,
    SLOW_READER,
    CLIENT_GONE
  }

  private LiveFaults() {}

  /**
   * What came of it.
   *
   * @param runs in each of which one fault struck: its message passed; by kind in {@code faults}
   *     and by message in {@code steps}
   * @param notReached further runs, whose requests ended before the message passed; their answers
   *     and memory were checked too
   * @param answers that were asked for and not cancelled
   * @param errors answers that ended with an error or not at all
   * @param wrong answers with a token differing, lost or doubled
   * @param leaks runs after which a surviving instance did not have all memory free
   * @param replayed requests computed again elsewhere
   * @param gapP99Seconds of the longest pause of each answer that was replayed or moved
   * @param violations what was wrong, by run
   */
  public record Tally(
      int runs,
      int notReached,
      Map<Fault, Integer> faults,
      Map<String, Integer> steps,
      long answers,
      long errors,
      long wrong,
      int leaks,
      long moves,
      long replayed,
      double gapMedianSeconds,
      double gapP99Seconds,
      List<String> violations) {
    public Tally {
      faults = Map.copyOf(faults);
      steps = Map.copyOf(steps);
      violations = List.copyOf(violations);
    }
  }

  /** One fault, waiting for its message. */
  private record Armed(String step, Fault fault) {}

  private static final class Trial {
    final AtomicReference<@Nullable Armed> armed = new AtomicReference<>();
    final AtomicReference<FaultyLink.@Nullable Frame> struck = new AtomicReference<>();

    FaultyLink.Fate fate(FaultyLink.Frame frame) {
      Armed now = armed.get();
      if (now == null || !now.step.equals(frame.type()) || !armed.compareAndSet(now, null)) {
        return FaultyLink.Fate.PASS;
      }
      struck.set(frame);
      return switch (now.fault) {
        case LOST_MESSAGE, LOST_COMMIT_ACK -> FaultyLink.Fate.LOSE;
        case LATE_MESSAGE -> FaultyLink.Fate.DELAY;
        case DAMAGED_BLOCK -> FaultyLink.Fate.DAMAGE;
        default -> FaultyLink.Fate.PASS;
      };
    }
  }

  /**
   * Runs one fault after another on one cluster of three instances, until {@code runs} of them
   * struck or four times as many were tried.
   *
   * @param model a folder with a tokenizer
   * @throws IOException when an engine does not start
   */
  public static Tally run(Path model, int runs, Seed seed, Progress progress) throws IOException {
    ModelConfig config = ModelConfig.read(model.resolve(ModelConfig.FILE));
    int longest = Math.min(config.maxPositions(), 384);
    var requests = new TrialRequests(seed, config.vocabSize(), longest / 2, longest / 2);
    var trial = new Trial();
    var settings = LiveSettings.exact(model, 512, 1).under("round-robin");
    try (LiveFleet fleet = LiveFleet.start(settings, INSTANCES, trial::fate);
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Transcript> right = new ArrayList<>();
      for (int i = 0; i < POOL; i++) {
        right.add(Transcript.read(fleet.ask(requests.request(i)), n -> {}));
      }
      return new Runs(fleet, pool, requests, right, trial, seed).all(runs, progress);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed: " + e.getCause(), e.getCause());
    }
  }

  private static final class Runs {
    final LiveFleet fleet;
    final ExecutorService pool;
    final TrialRequests requests;
    final List<Transcript> right;
    final Trial trial;
    final Seed seed;
    final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    final Map<String, Integer> steps = new TreeMap<>();
    final List<Double> gaps = new ArrayList<>();
    final List<String> violations = new ArrayList<>();
    long answers;
    long errors;
    long wrong;
    int leaks;

    Runs(
        LiveFleet fleet,
        ExecutorService pool,
        TrialRequests requests,
        List<Transcript> right,
        Trial trial,
        Seed seed) {
      this.fleet = fleet;
      this.pool = pool;
      this.requests = requests;
      this.right = right;
      this.trial = trial;
      this.seed = seed;
    }

    Tally all(int runs, Progress progress)
        throws IOException, InterruptedException, ExecutionException {
      int struck = 0;
      int draw = 0;
      for (; struck < runs && draw < DRAWS * runs; draw++) {
        // the same kind again until it strikes
        struck += one(draw, Fault.values()[struck % Fault.values().length]) ? 1 : 0;
        progress.step(
            struck,
            "%d not reached, %d violations%s"
                .formatted(
                    draw + 1 - struck,
                    violations.size(),
                    violations.isEmpty() ? "" : ", the last: " + violations.getLast()));
      }
      double[] pauses = gaps.stream().mapToDouble(Double::doubleValue).toArray();
      LiveFleet.Counts counts = fleet.counts();
      return new Tally(
          struck,
          draw - struck,
          faults,
          steps,
          answers,
          errors,
          wrong,
          leaks,
          counts.moves(),
          counts.replayed(),
          LiveSettings.quantile(pauses, 0.5),
          LiveSettings.quantile(pauses, 0.99),
          violations);
    }

    /** One run; whether its fault struck. */
    boolean one(int run, Fault fault) throws IOException, InterruptedException, ExecutionException {
      RandomGenerator random = seed.stream("fault", run);
      String step =
          switch (fault) {
            case LOST_COMMIT_ACK -> "Committed";
            case DAMAGED_BLOCK -> "Block";
            case LOST_MESSAGE, LATE_MESSAGE -> LOSABLE.get(random.nextInt(LOSABLE.size()));
            default -> STEPS.get(random.nextInt(STEPS.size()));
          };
      trial.struck.set(null);
      trial.armed.set(new Armed(step, fault));
      LiveFleet.@Nullable Answer victim = null;
      int cancelled = fault == Fault.CLIENT_GONE ? 0 : -1;
      List<Future<Transcript>> clients = new ArrayList<>();
      int[] which = new int[STREAMS];
      for (int i = 0; i < STREAMS; i++) {
        which[i] = random.nextInt(POOL);
        int moveAt = 1 + random.nextInt(12);
        boolean slow = fault == Fault.SLOW_READER && i % 2 == 0;
        boolean goes = i == cancelled;
        LiveFleet.Answer answer = fleet.ask(requests.request(which[i]));
        if (goes) {
          victim = answer;
          continue;
        }
        clients.add(
            pool.submit(
                () ->
                    Transcript.read(
                        answer,
                        n -> {
                          if (n % moveAt == 0) {
                            boolean unused = fleet.move(answer);
                          }
                          if (slow && n % 16 == 0) {
                            nap(50);
                          }
                        })));
      }
      FaultyLink.Frame struck = strikes(clients);
      Set<Integer> killed = struck == null ? Set.of() : hurt(fault, struck, victim);
      if (struck == null && victim != null) {
        fleet.cancel(victim);
      }
      int client = 0;
      for (int i = 0; i < STREAMS; i++) {
        if (i != cancelled) {
          judge(run, fault, step, which[i], clients.get(client++).get());
        }
      }
      for (int id : killed) {
        fleet.restart(id);
      }
      settle(run, fault, step);
      if (struck != null) {
        faults.merge(fault, 1, Integer::sum);
        steps.merge(step, 1, Integer::sum);
      }
      return struck != null;
    }

    private static void nap(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** The message that was waited for; null when all answers ended without it. */
    private FaultyLink.@Nullable Frame strikes(List<Future<Transcript>> clients)
        throws InterruptedException {
      while (trial.struck.get() == null && !clients.stream().allMatch(Future::isDone)) {
        Thread.sleep(0, 50_000);
      }
      // it may pass just now: only who takes the arms back knows that it did not
      Armed left = trial.armed.getAndSet(null);
      while (left == null && trial.struck.get() == null) {
        Thread.onSpinWait();
      }
      return trial.struck.get();
    }

    /** Does what a link cannot; gives the instances that died. */
    private Set<Integer> hurt(Fault fault, FaultyLink.Frame at, LiveFleet.@Nullable Answer victim)
        throws IOException, InterruptedException {
      Set<Integer> killed = new LinkedHashSet<>();
      switch (fault) {
        case KILL_DESTINATION -> killed.add(at.destination());
        case KILL_SOURCE -> killed.add(at.source());
        case KILL_BOTH -> killed.addAll(List.of(at.source(), at.destination()));
        case STALLED_ENGINE -> {
          fleet.stall(at.engine(), true);
          Thread.sleep(STALL_MILLIS);
          fleet.stall(at.engine(), false);
        }
        case CLIENT_GONE -> {
          if (victim != null) {
            boolean unusedMove = fleet.move(victim);
            fleet.cancel(victim);
          }
        }
        default -> {}
      }
      for (int id : killed) {
        fleet.kill(id);
      }
      return killed;
    }

    private void judge(int run, Fault fault, String step, int which, Transcript got) {
      answers++;
      Transcript.Difference difference = got.from(right.get(which));
      if (!got.ended()) {
        errors++;
      } else if (difference != Transcript.Difference.NONE) {
        wrong++;
      }
      if (!got.ended() || difference != Transcript.Difference.NONE) {
        violations.add(
            "run %d, %s at %s: an answer of %d tokens %s"
                .formatted(
                    run,
                    fault,
                    step,
                    got.tokens().size(),
                    got.ended() ? difference.name() : "did not end"));
      }
      long longest = 0;
      for (int i = 1; i < got.nanos().length; i++) {
        longest = Math.max(longest, got.nanos()[i] - got.nanos()[i - 1]);
      }
      gaps.add(longest / 1e9);
    }

    /** All memory of all instances is free again, by their own reports. */
    private void settle(int run, Fault fault, String step) throws InterruptedException {
      long deadline = System.nanoTime() + SETTLE_SECONDS * 1_000_000_000L;
      while (fleet.usedBlocks() > 0 || fleet.requests() > 0 || fleet.alive() < INSTANCES) {
        if (System.nanoTime() > deadline) {
          leaks++;
          violations.add(
              "run %d, %s at %s: %d blocks and %d requests stay, %d instances"
                  .formatted(
                      run, fault, step, fleet.usedBlocks(), fleet.requests(), fleet.alive()));
          return;
        }
        Thread.sleep(10);
      }
    }
  }
}

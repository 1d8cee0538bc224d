package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.LiveFleet;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** How long moves, drains and cancellations take on two engine processes of one model. */
public final class MoveTimes {
  private static final int AFTER_MOVE = 12;

  /** Tokens that are heard together when the move should be over, and the most of a request. */
  private static final int REST = 24;

  private static final int MOST_HEARD = 240;
  private static final int WARM_UP = 3;

  /** How often a move is tried, for each that is asked for: one may be given up. */
  private static final int TRIALS = 4;

  /** The first prefill of 2,048 tokens, before the compiler, takes 20 s on two busy cores. */
  private static final long PATIENCE_MILLIS = 180_000;

  private static final long NEIGHBOUR_MILLIS = 50;
  private static final int PACED_VOCABULARY = 64;

  private MoveTimes() {}

  /**
   * Moves of one request beside a neighbour on each instance.
   *
   * @param contextTokens when it moved, about
   * @param stepSeconds median time between its tokens when nothing moves
   * @param gapMedianSteps from its last token of the source to the first of the destination, as the
   *     client gets them, in steps; 1 is no pause at all
   * @param longestMedianSteps the longest of the twelve pauses from the move on
   * @param longestQuietMedianSteps the longest of twelve before it: what noise makes of it
   * @param stoppedMedianSeconds in no batch of its source, per move
   * @param recomputeSeconds until the first token when the same tokens are computed anew
   * @param neighbourStepSeconds median time between a neighbour's tokens; with moves, and without
   */
  public record Downtime(
      int contextTokens,
      int moves,
      double stepSeconds,
      double gapMedianSteps,
      double gapP99Steps,
      double longestMedianSteps,
      double longestQuietMedianSteps,
      double stoppedMedianSeconds,
      double stoppedP99Seconds,
      double recomputeSeconds,
      double neighbourStepSeconds,
      double neighbourQuietStepSeconds) {}

  /** Drains of an instance with {@code streams} streams. */
  public record Drains(int streams, List<Double> seconds, int failed) {
    public Drains {
      seconds = List.copyOf(seconds);
    }
  }

  /** From a client's going until all blocks are free, seconds. */
  public record Cancels(int count, int inTime, double median, double p99, double longest) {}

  /**
   * Moves a request of about {@code context} tokens {@code moves} times, a fresh one each time. A
   * move that is given up, or beside which no step was heard, is no measurement: another is made.
   *
   * @return of as many moves as were made, at most {@code moves}, within four trials for each
   * @throws IOException when an engine does not start
   */
  public static Downtime downtime(Path model, int context, int moves, Seed seed, Progress progress)
      throws IOException {
    int vocabulary = ModelConfig.read(model.resolve(ModelConfig.FILE)).vocabSize();
    EngineSettings settings = LiveSettings.exact(model, 1024, 1).under("round-robin");
    return downtime(settings, vocabulary, context, moves, seed, progress);
  }

  /**
   * The same of engines that compute nothing and keep the pace of LLaMA-7B on an A10, with small
   * blocks: what a move costs where computing does not stand in the way of messages.
   *
   * @param model of which only the words are used
   */
  public static Downtime pacedDowntime(
      Path model, int context, int moves, Seed seed, Progress progress) throws IOException {
    String pace = EngineProfile.LLAMA_7B_A10.name();
    EngineSettings settings = EngineSettings.paced(model, pace, "round-robin");
    return downtime(settings, PACED_VOCABULARY, context, moves, seed, progress);
  }

  private static Downtime downtime(
      EngineSettings settings, int vocabulary, int context, int moves, Seed seed, Progress progress)
      throws IOException {
    try (LiveFleet fleet = LiveFleet.start(settings, 2, null);
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Double> steps = new ArrayList<>();
      List<Double> gaps = new ArrayList<>();
      List<Double> longest = new ArrayList<>();
      List<Double> longestQuiet = new ArrayList<>();
      List<Double> anew = new ArrayList<>();
      List<Double> busy = new ArrayList<>();
      List<Double> quiet = new ArrayList<>();
      List<Double> stopped = new ArrayList<>();
      for (int i = 0; stopped.size() < moves && i < WARM_UP + TRIALS * moves; i++) {
        var neighbours = new ArrayList<LiveFleet.Answer>();
        neighbours.add(
            fleet.ask(TokenRequest.greedy(prompt(seed, -2 * i - 1, 64, vocabulary), 4000)));
        neighbours.add(
            fleet.ask(TokenRequest.greedy(prompt(seed, -2 * i - 2, 64, vocabulary), 4000)));
        List<Future<double[]>> heard = new ArrayList<>();
        var over = new AtomicBoolean();
        for (LiveFleet.Answer each : neighbours) {
          heard.add(pool.submit(() -> neighbour(each, over)));
        }
        int madeBefore = fleet.stoppedSeconds().length;
        int[] prompt = prompt(seed, i, context, vocabulary);
        long asked = System.nanoTime();
        LiveFleet.Answer answer = fleet.ask(TokenRequest.greedy(prompt, MOST_HEARD + 1));
        Heard before = hear(answer, 20, PATIENCE_MILLIS);
        double moved = System.nanoTime() / 1e9;
        boolean begun = fleet.move(answer);
        Heard after = hear(answer, AFTER_MOVE, PATIENCE_MILLIS);
        double settled = System.nanoTime() / 1e9;
        Heard rest = hear(answer, REST, PATIENCE_MILLIS);
        Heard all = before.with(after).with(rest);
        // on a busy machine what was computed before the move is heard long after it was asked for
        while (begun && Double.isNaN(all.pause()) && all.times.length + REST <= MOST_HEARD) {
          all = all.with(hear(answer, REST, PATIENCE_MILLIS));
        }
        double pause = all.pause();
        over.set(true);
        neighbours.forEach(fleet::cancel);
        List<Double> quietNow = new ArrayList<>();
        List<Double> busyNow = new ArrayList<>();
        for (Future<double[]> one : heard) {
          split(one.get(), before.times[2], moved, settled, quietNow, busyNow);
        }
        double[] made = fleet.stoppedSeconds();
        // where tokens of many steps are heard at once, no step of a neighbour lies between them
        boolean told = !Double.isNaN(pause) && !quietNow.isEmpty() && !busyNow.isEmpty();
        if (i >= WARM_UP && made.length > madeBefore && told) {
          stopped.add(made[madeBefore]);
          anew.add(before.times[0] - asked / 1e9);
          gaps.add(pause);
          longest.add(before.last().with(after).longest(0));
          longestQuiet.add(before.longest(before.times.length - 1 - AFTER_MOVE));
          between(before.times, 2, steps);
          between(rest.times, 1, steps);
          quiet.addAll(quietNow);
          busy.addAll(busyNow);
        }
        fleet.cancel(answer);
        progress.step(stopped.size(), context + " tokens");
      }
      double step = LiveSettings.quantile(array(steps), 0.5);
      return new Downtime(
          context,
          stopped.size(),
          step,
          LiveSettings.quantile(array(gaps), 0.5) / step,
          LiveSettings.quantile(array(gaps), 0.99) / step,
          LiveSettings.quantile(array(longest), 0.5) / step,
          LiveSettings.quantile(array(longestQuiet), 0.5) / step,
          LiveSettings.quantile(array(stopped), 0.5),
          LiveSettings.quantile(array(stopped), 0.99),
          LiveSettings.quantile(array(anew), 0.5),
          LiveSettings.quantile(array(busy), 0.5),
          LiveSettings.quantile(array(quiet), 0.5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed: " + e.getCause(), e.getCause());
    }
  }

  /** Drains instances in turn, {@code rounds} times, each with {@code streams} streams. */
  public static Drains drains(Path model, int streams, int rounds, Seed seed, Progress progress)
      throws IOException {
    int vocabulary = ModelConfig.read(model.resolve(ModelConfig.FILE)).vocabSize();
    var settings = LiveSettings.exact(model, 1024, 1);
    List<Double> seconds = new ArrayList<>();
    int failed = 0;
    try (LiveFleet fleet = LiveFleet.start(settings, 2, null);
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = -1; round < rounds; round++) {
        int from = Math.floorMod(round, 2);
        // everything begins on the one that will be drained
        boolean unusedOther = fleet.drain(1 - from, true);
        List<Future<Integer>> clients = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
          int[] prompt = prompt(seed, round * streams + i, 48, vocabulary);
          LiveFleet.Answer answer = fleet.ask(TokenRequest.greedy(prompt, 400));
          double[] unusedTimes = times(answer, 1);
          clients.add(pool.submit(() -> toItsEnd(answer)));
        }
        boolean unusedBack = fleet.drain(1 - from, false);
        long before = fleet.owned(from);
        long start = System.nanoTime();
        boolean unusedNow = fleet.drain(from, true);
        while (fleet.owned(from) > 0) {
          Thread.sleep(1);
        }
        double took = (System.nanoTime() - start) / 1e9;
        for (Future<Integer> each : clients) {
          failed += each.get() == 399 ? 0 : 1;
        }
        boolean unusedAgain = fleet.drain(from, false);
        if (round >= 0) {
          seconds.add(took);
        }
        progress.step(round + 1, before + " streams");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed: " + e.getCause(), e.getCause());
    }
    return new Drains(streams, seconds, failed);
  }

  /** Cancels {@code count} requests, every second one while it moves. */
  public static Cancels cancels(Path model, int count, Seed seed, Progress progress)
      throws IOException {
    int vocabulary = ModelConfig.read(model.resolve(ModelConfig.FILE)).vocabSize();
    var settings = LiveSettings.exact(model, 512, 1).under("round-robin");
    double[] seconds = new double[count];
    int inTime = 0;
    try (LiveFleet fleet = LiveFleet.start(settings, 2, null)) {
      for (int i = -20; i < count; i++) {
        var random = seed.stream("cancel", i);
        int[] prompt = prompt(seed, i, 100 + random.nextInt(100), vocabulary);
        LiveFleet.Answer answer = fleet.ask(TokenRequest.greedy(prompt, 2000));
        double[] unusedTimes = times(answer, 1 + random.nextInt(8));
        while (fleet.usedBlocks() == 0) {
          Thread.sleep(0, 100_000);
        }
        if (i % 2 == 0) {
          boolean unused = fleet.move(answer);
          Thread.sleep(0, random.nextInt(999_999));
        }
        long start = System.nanoTime();
        fleet.cancel(answer);
        while (fleet.usedBlocks() > 0 && System.nanoTime() - start < 20_000_000_000L) {
          Thread.sleep(0, 100_000);
        }
        double took = (System.nanoTime() - start) / 1e9;
        if (i >= 0) {
          seconds[i] = took;
          inTime += took <= 0.05 ? 1 : 0;
        }
        progress.step(Math.max(0, i + 1), "cancelled");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    return new Cancels(
        count,
        inTime,
        LiveSettings.quantile(seconds, 0.5),
        LiveSettings.quantile(seconds, 0.99),
        LiveSettings.quantile(seconds, 1));
  }

  private static int[] prompt(Seed seed, int number, int tokens, int vocabulary) {
    return seed.stream("prompt", number).ints(tokens, 3, vocabulary).toArray();
  }

  /** When tokens of a neighbour came, until it is cancelled, however long one takes. */
  private static double[] neighbour(LiveFleet.Answer answer, AtomicBoolean over)
      throws InterruptedException {
    List<Double> times = new ArrayList<>();
    while (!over.get()) {
      Token token = answer.next(NEIGHBOUR_MILLIS);
      if (token != null && token.finish() == Token.Finish.NONE) {
        times.add(System.nanoTime() / 1e9);
      }
    }
    return array(times);
  }

  /**
   * When tokens came, seconds, and under which epoch.
   *
   * @param epochs rises when another instance tells on
   */
  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  record Heard(double[] times, long[] epochs) {
    Heard with(Heard later) {
      return new Heard(
          DoubleStream.concat(Arrays.stream(times), Arrays.stream(later.times)).toArray(),
          LongStream.concat(Arrays.stream(epochs), Arrays.stream(later.epochs)).toArray());
    }

    Heard last() {
      int from = times.length - 1;
      return new Heard(new double[] {times[from]}, new long[] {epochs[from]});
    }

    /** From the last token of one owner to the first of the next; NaN when it did not change. */
    double pause() {
      for (int i = 1; i < times.length; i++) {
        if (epochs[i] != epochs[i - 1]) {
          return times[i] - times[i - 1];
        }
      }
      return Double.NaN;
    }

    /** The longest time between two tokens in a row, from the {@code from}th on. */
    double longest(int from) {
      double longest = 0;
      for (int i = from + 1; i < times.length; i++) {
        longest = Math.max(longest, times[i] - times[i - 1]);
      }
      return longest;
    }
  }

  /**
   * The next tokens.
   *
   * @throws IllegalStateException when the answer fails, ends or goes silent before
   */
  static Heard hear(LiveFleet.Answer answer, int count, long patienceMillis)
      throws InterruptedException {
    double[] times = new double[count];
    long[] epochs = new long[count];
    for (int i = 0; i < count; i++) {
      Token token = answer.next(patienceMillis);
      if (token == null || token.finish() != Token.Finish.NONE) {
        throw new IllegalStateException(
            "request %d %s after %d of %d tokens"
                .formatted(
                    answer.id(),
                    token == null
                        ? "was silent for %d s".formatted(patienceMillis / 1000)
                        : "ended with " + token.finish(),
                    i,
                    count));
      }
      times[i] = System.nanoTime() / 1e9;
      epochs[i] = token.epoch();
    }
    return new Heard(times, epochs);
  }

  private static double[] times(LiveFleet.Answer answer, int count) throws InterruptedException {
    return hear(answer, count, PATIENCE_MILLIS).times();
  }

  /** How many tokens come until the answer ends; -1 when it fails. */
  private static int toItsEnd(LiveFleet.Answer answer) throws InterruptedException {
    for (int count = 1; ; count++) {
      Token token = answer.next(PATIENCE_MILLIS);
      if (token == null || token.finish() == Token.Finish.ERROR) {
        return -1;
      }
      if (token.finish() != Token.Finish.NONE) {
        return count;
      }
    }
  }

  private static void between(double[] times, int from, List<Double> into) {
    for (int i = from; i < times.length; i++) {
      into.add(times[i] - times[i - 1]);
    }
  }

  private static void split(
      double[] times,
      double from,
      double moved,
      double settled,
      List<Double> quiet,
      List<Double> busy) {
    for (int i = 1; i < times.length; i++) {
      if (times[i - 1] >= from && times[i] <= moved) {
        quiet.add(times[i] - times[i - 1]);
      } else if (times[i - 1] >= moved && times[i] <= settled) {
        busy.add(times[i] - times[i - 1]);
      }
    }
  }

  private static double[] array(List<Double> of) {
    return of.stream().mapToDouble(Double::doubleValue).toArray();
  }
}

package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.LiveFleet;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Running requests are forced from one engine process to another, over the sockets a server uses,
 * again and again; every answer is compared bit by bit with the same request's that never moved.
 */
public final class ForcedMoves {
  private static final int POOL = 96;
  private static final int AT_ONCE = 12;

  private ForcedMoves() {}

  /**
   * What came of it.
   *
   * @param moves that were committed
   * @param givenUp that were not; their requests stayed
   * @param answers that moved at least once or were there while others did
   * @param tokens of those answers
   * @param differing answers with another token, probability or end than unmoved
   * @param lost answers with a token missing; {@code duplicated} with one too many
   * @param stoppedMedianSeconds in no batch, per move
   */
  public record Tally(
      long moves,
      long givenUp,
      long answers,
      long tokens,
      long differing,
      long lost,
      long duplicated,
      double seconds,
      double stoppedMedianSeconds,
      double stoppedP99Seconds) {
    /** Answers that were not what they should be. */
    public long wrong() {
      return differing + lost + duplicated;
    }
  }

  private static final class Found {
    final AtomicLong differing = new AtomicLong();
    final AtomicLong lost = new AtomicLong();
    final AtomicLong duplicated = new AtomicLong();

    void add(Transcript.Difference difference) {
      switch (difference) {
        case NONE -> {}
        case DIFFERING -> differing.incrementAndGet();
        case LOST -> lost.incrementAndGet();
        case DUPLICATED -> duplicated.incrementAndGet();
      }
    }
  }

  /**
   * Moves requests until {@code moves} were committed.
   *
   * @param model a folder with a tokenizer
   * @throws IOException when an engine does not start
   */
  public static Tally run(Path model, long moves, Seed seed, Progress progress) throws IOException {
    ModelConfig config = ModelConfig.read(model.resolve(ModelConfig.FILE));
    int longest = Math.min(config.maxPositions(), 256);
    var requests = new TrialRequests(seed, config.vocabSize(), longest / 2, longest / 2);
    EngineSettings settings = LiveSettings.exact(model, 512, 1).under("round-robin");
    try (LiveFleet fleet = LiveFleet.start(settings, 2, null);
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Transcript> right = new ArrayList<>();
      for (int from = 0; from < POOL; from += AT_ONCE) {
        List<Future<Transcript>> each = new ArrayList<>();
        for (int i = from; i < from + AT_ONCE; i++) {
          LiveFleet.Answer answer = fleet.ask(requests.request(i));
          each.add(pool.submit(() -> Transcript.read(answer, n -> {})));
        }
        for (Future<Transcript> one : each) {
          right.add(one.get());
        }
      }
      return moved(fleet, pool, requests, right, moves, seed, progress);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a client failed: " + e.getCause(), e.getCause());
    }
  }

  private static Tally moved(
      LiveFleet fleet,
      ExecutorService pool,
      TrialRequests requests,
      List<Transcript> right,
      long moves,
      Seed seed,
      Progress progress)
      throws InterruptedException, ExecutionException {
    long begun = System.nanoTime();
    var next = new AtomicLong();
    var tokens = new AtomicLong();
    var found = new Found();
    List<Future<?>> clients = new ArrayList<>();
    for (int client = 0; client < AT_ONCE; client++) {
      clients.add(
          pool.submit(
              () -> {
                while (fleet.counts().moves() < moves) {
                  long number = next.getAndIncrement();
                  int which = (int) (number % POOL);
                  TokenRequest asked = requests.request(which);
                  RandomGenerator random = seed.stream("moves", number);
                  LiveFleet.Answer answer = fleet.ask(asked);
                  Transcript got =
                      Transcript.read(
                          answer,
                          n -> {
                            if (random.nextInt(6) == 0) {
                              boolean unused = fleet.move(answer);
                            }
                          });
                  tokens.addAndGet(got.tokens().size());
                  found.add(got.from(right.get(which)));
                  progress.step(Math.min(moves, fleet.counts().moves()), number + " answers");
                }
                return null;
              }));
    }
    for (Future<?> client : clients) {
      Object unused = client.get();
    }
    double[] stopped = fleet.stoppedSeconds();
    return new Tally(
        fleet.counts().moves(),
        fleet.counts().givenUp(),
        next.get(),
        tokens.get(),
        found.differing.get(),
        found.lost.get(),
        found.duplicated.get(),
        (System.nanoTime() - begun) / 1e9,
        LiveSettings.quantile(stopped, 0.5),
        LiveSettings.quantile(stopped, 0.99));
  }
}

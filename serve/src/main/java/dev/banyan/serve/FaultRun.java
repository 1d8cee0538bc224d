package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.protocol.FaultSchedules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The door to the fault simulator: the migration protocol under kills, stalls, clock jumps,
 * preemption, cancellation, and messages that are lost, late, doubled or damaged.
 */
public final class FaultRun {
  private static final long CHUNK = 500;

  private FaultRun() {}

  /**
   * Runs randomised schedules; the result does not depend on {@code threads}.
   *
   * @param schedules how many, at least 1
   * @param plantDoubleOwner lets a source resume without asking, which must be caught
   */
  public static FaultTally run(
      long schedules, boolean plantDoubleOwner, Seed seed, int threads, Progress progress) {
    if (schedules < 1) {
      throw new IllegalArgumentException(schedules + " schedules");
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, threads))) {
      List<Future<FaultTally>> chunks = new ArrayList<>();
      for (long first = 0; first < schedules; first += CHUNK) {
        long from = first;
        long count = Math.min(CHUNK, schedules - first);
        chunks.add(pool.submit(() -> FaultSchedules.run(from, count, plantDoubleOwner, seed)));
      }
      var tally = new FaultTally(0, 0, 0, 0, Map.of(), 0, List.of());
      for (Future<FaultTally> chunk : chunks) {
        tally = tally.plus(chunk.get());
        progress.step(tally.schedules(), tally.violating() + " violating");
      }
      return tally;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a schedule failed: " + e.getCause(), e.getCause());
    }
  }
}

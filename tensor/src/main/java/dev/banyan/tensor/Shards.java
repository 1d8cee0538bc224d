package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Runs one piece of work per shard, each on a long-lived thread of its own in which libtorch uses
 * one thread. Two threads that each do half of a batch are faster than one batch whose every
 * operation is split in two: small matrices lose half of their speed to a split, and the passes
 * between them run side by side. libtorch's number of threads belongs to the calling thread, so the
 * caller's own stays as it is; OpenBLAS must have been started with one thread ({@link
 * Libtorch.Use#INFERENCE}), or its pool would be fought over.
 *
 * <p>What a shard computes must not depend on the number of threads: shard i always runs on thread
 * i modulo threads, in ascending order, and results come back by index. Tensors that cross a thread
 * have to be let out with {@link Scope#keep}, since a scope belongs to its thread.
 */
public final class Shards implements AutoCloseable {
  private final int shards;
  private final List<ExecutorService> threads;

  /** Set in the threads of every set of shards: work inside one may not wait for others. */
  private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

  private Shards(int shards, List<ExecutorService> threads) {
    this.shards = shards;
    this.threads = List.copyOf(threads);
  }

  /**
   * @param shards pieces of work per {@link #run}, 1 or more
   * @param threads threads that share them, 1 or more; more than shards are not started
   */
  public static Shards open(int shards, int threads) {
    if (shards < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "shards = " + shards + ", threads = " + threads + ", both must be at least 1");
    }
    int callersThreads = Libtorch.threads();
    List<ExecutorService> executors = new ArrayList<>();
    for (int i = 0; i < Math.min(shards, threads); i++) {
      String name = "banyan-shard-" + i;
      executors.add(
          Executors.newSingleThreadExecutor(
              work -> Thread.ofPlatform().name(name).daemon().unstarted(() -> prepared(work))));
    }
    Shards opened = new Shards(shards, executors);
    opened.onEveryThread();
    // What was set last is also what threads not started here will have.
    torch.set_num_threads(callersThreads);
    return opened;
  }

  private static void prepared(Runnable work) {
    INSIDE.set(true);
    // A thread takes over the number that anybody set last when it first asks: so it asks now.
    int unused = torch.get_num_threads();
    torch.set_num_threads(1);
    work.run();
  }

  /** Starts each thread and waits until libtorch has one thread in it. */
  private void onEveryThread() {
    List<Future<?>> started = new ArrayList<>();
    for (ExecutorService thread : threads) {
      started.add(thread.submit(() -> {}));
    }
    started.forEach(Shards::await);
  }

  public int shards() {
    return shards;
  }

  /** Threads that run at the same time. */
  public int threads() {
    return threads.size();
  }

  /**
   * Runs the body once for each shard 0 … shards - 1 and waits for all of them, also when one
   * fails. What it returns must not be a tensor of a scope that the body closed.
   *
   * @return the results by shard
   * @throws RuntimeException what the lowest failing shard threw, those of later shards suppressed
   */
  public <T> List<T> run(IntFunction<T> body) {
    if (INSIDE.get()) {
      throw new IllegalStateException("a shard cannot run shards: it would wait for itself");
    }
    List<Future<T>> futures = new ArrayList<>(shards);
    for (int i = 0; i < shards; i++) {
      int shard = i;
      futures.add(threads.get(i % threads.size()).submit(() -> body.apply(shard)));
    }
    List<T> results = new ArrayList<>(shards);
    List<Throwable> failures = new ArrayList<>();
    for (Future<T> future : futures) {
      Outcome<T> outcome = await(future);
      results.add(outcome.value);
      if (outcome.failure != null) {
        failures.add(outcome.failure);
      }
    }
    if (!failures.isEmpty()) {
      throw unchecked(failures);
    }
    return results;
  }

  /** The first failure, with the others suppressed in it. */
  private static RuntimeException unchecked(List<Throwable> failures) {
    Throwable first = failures.getFirst();
    // Two shards may have met the very same object, which cannot suppress itself.
    failures.stream().filter(other -> !other.equals(first)).forEach(first::addSuppressed);
    return switch (first) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(first);
    };
  }

  private record Outcome<T>(T value, @Nullable Throwable failure) {}

  /** Waits to the end, whatever happens: half-done work still holds native memory. */
  @SuppressWarnings("NullAway") // a failed outcome has no value, and nobody reads it
  private static <T> Outcome<T> await(Future<T> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return new Outcome<>(future.get(), null);
        } catch (ExecutionException e) {
          return new Outcome<>(null, e.getCause());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the threads after the work they have. */
  @Override
  public void close() {
    threads.forEach(ExecutorService::close);
  }
}

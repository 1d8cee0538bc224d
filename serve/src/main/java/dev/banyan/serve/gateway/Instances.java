package dev.banyan.serve.gateway;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.process.EngineProcesses;
import dev.banyan.serve.wire.Say;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The engines of a cluster, as many as are wanted: more are started, those that are too many give
 * their requests away and end, and in the place of one that died another is started.
 */
final class Instances implements AutoCloseable {
  private static final int MOST = 64;
  private static final int POLL_MILLIS = 20;

  /** Tries in a row that start nothing, before requests wait no longer. */
  private static final int MOST_FAILURES = 3;

  private final LiveCluster cluster;
  private final EngineProcesses engines;
  private final Consumer<String> remarks;
  private final ReentrantLock scaling = new ReentrantLock();
  private final Semaphore missed = new Semaphore(0);
  private final Replacements replacements = new Replacements();
  private @Nullable Thread keeper;
  private int nextId;
  private int wanted;
  private int failures;

  /**
   * None yet.
   *
   * @param remarks told, in a line each, of engines that died and of those in their place
   */
  Instances(LiveCluster cluster, EngineProcesses engines, Consumer<String> remarks) {
    this.cluster = cluster;
    this.engines = engines;
    this.remarks = remarks;
  }

  /**
   * Starts the first ones, which from then on are kept as many; gives what the last one says it is.
   *
   * @throws UserInputException when one refuses the model
   */
  Say.Ready start(int count) throws IOException {
    scaling.lock();
    try {
      Say.Ready ready = add(count);
      wanted = count;
      cluster.keep(this::died);
      keeper = Thread.ofVirtual().name("keeper").start(this::keep);
      return ready;
    } finally {
      scaling.unlock();
    }
  }

  private Say.Ready add(int count) throws IOException {
    List<Integer> ids = new ArrayList<>();
    Say.Ready ready = null;
    try {
      for (int i = 0; i < count; i++) {
        int id = nextId++;
        ids.add(id);
        engines.start(id);
      }
      for (int id : ids) {
        ready = cluster.join(id, engines.await(id));
      }
    } catch (IOException | RuntimeException e) {
      ids.forEach(engines::kill);
      throw e;
    }
    if (ready == null) {
      throw new UserInputException("a server needs at least one instance");
    }
    return ready;
  }

  /**
   * Changes how many instances take requests. New ones are started before this returns; those that
   * go are drained and end when they have given everything away, after it returned.
   *
   * @throws UserInputException when an engine cannot start
   */
  void scale(int count) throws IOException {
    if (count < 1 || count > MOST) {
      throw new UserInputException(
          "instances is %d, must be between 1 and %d".formatted(count, MOST));
    }
    scaling.lock();
    try {
      List<Integer> taking = cluster.taking();
      int drained = cluster.staying() - taking.size(); // by hand, and staying so
      if (count > taking.size()) {
        Say.Ready unused = add(count - taking.size());
      }
      for (int id : taking.subList(Math.min(count, taking.size()), taking.size())) {
        cluster.retire(id);
        Thread.ofVirtual().start(() -> stopWhenEmpty(id));
      }
      wanted = count + Math.max(0, drained);
      missed.release(); // one may have died meanwhile
    } finally {
      scaling.unlock();
    }
  }

  private void stopWhenEmpty(int id) {
    try {
      while (!cluster.stopWhenEmpty(id)) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- in the place of the dead

  private void died(int id) {
    Thread.ofVirtual()
        .start(
            () -> {
              remarks.accept("instance %d died: %s".formatted(id, engines.bury(id)));
              missed.release();
            });
  }

  private void keep() {
    try {
      while (true) {
        missed.acquire();
        int unused = missed.drainPermits();
        while (isOneMissing()) {
          Thread.sleep(replacements.pause(System.nanoTime()));
          replace();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isOneMissing() throws InterruptedException {
    scaling.lockInterruptibly();
    try {
      return cluster.staying() < wanted;
    } finally {
      scaling.unlock();
    }
  }

  private void replace() throws InterruptedException {
    scaling.lockInterruptibly();
    try {
      int missing = wanted - cluster.staying();
      if (missing > 0) {
        int first = nextId;
        Say.Ready unused = add(missing);
        for (int id = first; id < nextId; id++) {
          remarks.accept("instance %d is in its place".formatted(id));
        }
      }
      failures = 0;
    } catch (IOException | RuntimeException e) {
      if (++failures >= MOST_FAILURES) {
        cluster.giveUpWaiting();
      }
      if (!Thread.currentThread().isInterrupted()) {
        remarks.accept("no instance could be started in its place: " + e.getMessage());
      }
    } finally {
      scaling.unlock();
    }
  }

  /** Process numbers of those that run, in their order. */
  List<Long> processes() {
    return engines.alive();
  }

  /** Nobody is replaced any more, and all end; those that do not in a moment are killed. */
  @Override
  public void close() {
    Thread last = keeper;
    if (last != null) {
      last.interrupt();
      try {
        last.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    cluster.close();
    engines.close();
  }
}

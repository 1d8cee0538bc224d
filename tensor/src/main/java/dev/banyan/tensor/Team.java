package dev.banyan.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that wait for small pieces of work: they look for it for some 50 microseconds, then
 * sleep. The caller works too, and waits for pieces, not for threads: a thread that wakes late
 * finds nothing left and delays nobody.
 *
 * <p>Pieces are claimed by compare-and-set on one number that holds both the round and the next
 * piece, so a late thread can never claim a piece of another round than the one it has read.
 * Between rounds it holds a piece beyond all.
 */
final class Team implements AutoCloseable {
  private static final int SPINS = 2_000;
  private static final int INDEX_BITS = 32;
  private static final int FIRST_SCRATCH_BYTES = 1 << 16;

  /** A piece of work; worker is in [0, threads) and no two at a time have the same. */
  interface Piece {
    void run(int piece, int worker);
  }

  private final List<Thread> threads = new ArrayList<>();
  private final Scratch[] scratch;
  private final AtomicLong ticket = new AtomicLong();
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger sleeping = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Piece body;
  private volatile int pieces;
  private volatile boolean closed;

  private Team(int threads) {
    scratch = new Scratch[threads];
    for (int worker = 0; worker < threads; worker++) {
      scratch[worker] = new Scratch();
    }
    for (int worker = 1; worker < threads; worker++) {
      int own = worker;
      this.threads.add(
          Thread.ofPlatform().name("banyan-team-" + own).daemon().start(() -> serve(own)));
    }
  }

  /**
   * @param threads that work, the caller's included; 1 or more
   */
  static Team open(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads = " + threads + ", must be at least 1");
    }
    return new Team(threads);
  }

  int threads() {
    return scratch.length;
  }

  /**
   * Runs the pieces 0 … pieces - 1 and returns when all are done; what they wrote is visible then.
   *
   * @throws RuntimeException what the first failing piece threw; the others are still run
   */
  @SuppressWarnings("ThreadPriorityCheck") // yields to a thread of its own that may need the core
  synchronized void run(int pieces, Piece body) {
    if (threads.isEmpty() || pieces == 1) {
      for (int piece = 0; piece < pieces; piece++) {
        body.run(piece, 0);
      }
      return;
    }
    this.body = body;
    this.pieces = pieces;
    done.set(0);
    long round = (ticket.get() >>> INDEX_BITS) + 1;
    ticket.set(round << INDEX_BITS);
    if (sleeping.get() > 0) {
      threads.forEach(LockSupport::unpark);
    }
    work(0);
    int spins = 0;
    while (done.get() < pieces) {
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield(); // the other thread may be waiting for this core
      }
    }
    // nothing may be claimed while the next round is laid out
    ticket.set(round << INDEX_BITS | Integer.MAX_VALUE);
    this.body = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown != null) {
      throw thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
    }
  }

  /** Claims and runs pieces of the present round until none is left. */
  private void work(int worker) {
    while (true) {
      long now = ticket.get();
      Piece present = body;
      int piece = (int) now;
      if (present == null || piece >= pieces) {
        return;
      }
      if (ticket.compareAndSet(now, now + 1)) {
        try {
          present.run(piece, worker);
        } catch (Throwable e) {
          failure.compareAndSet(null, e);
        } finally {
          done.incrementAndGet();
        }
      }
    }
  }

  private void serve(int worker) {
    long seen = 0;
    while (!closed) {
      seen = await(seen);
      work(worker);
    }
  }

  /** Waits for another round than {@code seen}; gives its number. */
  private long await(long seen) {
    for (int spins = 0; spins < SPINS; spins++) {
      long round = ticket.get() >>> INDEX_BITS;
      if (round != seen) {
        return round;
      }
      Thread.onSpinWait();
    }
    sleeping.incrementAndGet();
    try {
      while (!closed && ticket.get() >>> INDEX_BITS == seen) {
        LockSupport.park(this);
      }
    } finally {
      sleeping.decrementAndGet();
    }
    return ticket.get() >>> INDEX_BITS;
  }

  /** Memory of a worker's own, 64-byte aligned, kept from piece to piece with what is in it. */
  long scratch(int worker, long bytes) {
    return scratch[worker].of(bytes);
  }

  /** Ends the threads. */
  @Override
  public void close() {
    closed = true;
    threads.forEach(LockSupport::unpark);
    for (Thread thread : threads) {
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    for (Scratch each : scratch) {
      each.free();
    }
  }

  /** Grows when asked for more; used by one thread at a time. */
  private static final class Scratch {
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;

    @SuppressWarnings("MustBeClosedChecker") // closed by free()
    long of(long bytes) {
      if (memory.byteSize() < bytes) {
        free();
        arena = Arena.ofShared();
        memory = arena.allocate(Math.max(FIRST_SCRATCH_BYTES, bytes), 64);
      }
      return memory.address();
    }

    void free() {
      if (arena != null) {
        arena.close();
        arena = null;
        memory = MemorySegment.NULL;
      }
    }
  }
}

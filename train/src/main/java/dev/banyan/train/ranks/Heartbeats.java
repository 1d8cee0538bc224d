package dev.banyan.train.ranks;

import dev.banyan.tensor.ProcessGroup;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Every rank counts on the store that it lives and looks at the others: one whose count stands
 * still for {@value #SILENCE_SECONDS} seconds is lost, and so is rank 0 when the store does not
 * answer. A thread of its own, as the rank's may wait inside a collective for ever.
 */
final class Heartbeats {
  /** Of a rank that lives, between two beats: a stall of the machine must fit. */
  static final int SILENCE_SECONDS = 5;

  private static final long EVERY_MILLIS = 500;
  private static final int BEATS_PER_LINE = 2;

  private final ProcessGroup.Board board;
  private final int rank;
  private final int world;
  private final CollectiveLog log;
  private final Consumer<String> lost;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean leaving;
  private volatile Optional<String> verdict = Optional.empty();

  private Heartbeats(
      ProcessGroup.Board board, ProcessGroup group, CollectiveLog log, Consumer<String> lost) {
    this.board = board;
    this.rank = group.rank();
    this.world = group.world();
    this.log = log;
    this.lost = lost;
    this.thread = Thread.ofPlatform().daemon().name("banyan-heartbeats").unstarted(this::beat);
  }

  static Heartbeats start(ProcessGroup group, CollectiveLog log, Consumer<String> lost) {
    var heartbeats = new Heartbeats(group.board(), group, log, lost);
    heartbeats.thread.start();
    return heartbeats;
  }

  private void beat() {
    long[] counts = new long[world];
    long[] since = new long[world];
    java.util.Arrays.fill(since, System.nanoTime());
    try {
      for (long beats = 0; !leaving; beats++) {
        board.add("beat/" + rank, 1);
        if (beats % BEATS_PER_LINE == 0) {
          log.heartbeat();
        }
        for (int other = 0; other < world; other++) {
          long count = other == rank ? -beats : board.add("beat/" + other, 0);
          if (count != counts[other]) {
            counts[other] = count;
            since[other] = System.nanoTime();
          } else if (System.nanoTime() - since[other] > SILENCE_SECONDS * 1_000_000_000L
              && board.add("left/" + other, 0) == 0) {
            tell("rank %d is lost: no heartbeat for %d s".formatted(other, SILENCE_SECONDS));
            return;
          }
        }
        Thread.sleep(EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      // it leaves
    } catch (RuntimeException e) {
      if (!leaving) {
        tell("rank 0 is lost: its store does not answer");
      }
    } finally {
      ended.countDown();
    }
  }

  private void tell(String line) {
    verdict = Optional.of(line);
    lost.accept(line);
  }

  /** What these heartbeats find within the time they need to find anything. */
  Optional<String> awaitVerdict() {
    try {
      boolean done = ended.await(SILENCE_SECONDS + 2, TimeUnit.SECONDS);
      return done ? verdict : Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return verdict;
    }
  }

  /** Says that this rank is done; rank 0 stays until all others have said so, or were silent. */
  void leave() {
    leaving = true;
    thread.interrupt();
    try {
      thread.join();
      board.add("left/" + rank, 1);
      long until = System.nanoTime() + SILENCE_SECONDS * 1_000_000_000L;
      while (rank == 0 && !allLeft() && System.nanoTime() < until) {
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // the store went first: this rank had said all it had to say
    }
  }

  private boolean allLeft() {
    for (int other = 1; other < world; other++) {
      if (board.add("left/" + other, 0) == 0) {
        return false;
      }
    }
    return true;
  }
}

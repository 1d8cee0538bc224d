package dev.banyan.train.ranks;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.tensor.ProcessGroup;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.RankLostException;
import dev.banyan.train.RankPlace;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of one run. Two ranks add what two shards of one process add, and addition of two
 * numbers does not depend on their order, so the bits are the same.
 */
public final class RankGroup implements AutoCloseable {
  /**
   * For all ranks to start, and for one operation: a lost rank is found by heartbeat long before.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final RankPlace place;
  private final ProcessGroup group;
  private final CollectiveLog log;
  private final Heartbeats heartbeats;

  private RankGroup(RankPlace place, ProcessGroup group, CollectiveLog log, Heartbeats heartbeats) {
    this.place = place;
    this.group = group;
    this.log = log;
    this.heartbeats = heartbeats;
  }

  /**
   * Joins the others.
   *
   * @param lost told one line when a rank is lost while this process waits for it; it should end
   *     the process, as the waiting cannot be ended
   */
  public static RankGroup join(RankPlace place, Consumer<String> lost) {
    var at =
        new ProcessGroup.Rendezvous(
            place.host(), place.port(), place.prefix(), place.rank(), place.world());
    ProcessGroup group = ProcessGroup.join(at, PATIENCE);
    CollectiveLog log = CollectiveLog.of(place);
    return new RankGroup(place, group, log, Heartbeats.start(group, log, lost));
  }

  public RankPlace place() {
    return place;
  }

  /** The training step that heartbeats tell. */
  public void step(long step) {
    log.step(step);
  }

  /**
   * What sums the gradients of a model over all ranks.
   *
   * @param shards for each shard of this rank all parameters of its replica, in one order
   */
  public GradientSum gradients(List<List<Tensor>> shards) {
    return GradientSum.of(this, shards);
  }

  /** Sums a contiguous tensor over all ranks, in place. */
  public void allReduce(Tensor tensor) {
    await(begin(tensor));
  }

  /** Begins to sum a tensor over all ranks, in place. */
  ProcessGroup.Begun begin(Tensor tensor) {
    log.enter(CollectiveOp.ALL_REDUCE, tensor.count() * tensor.dtype().bytes());
    return group.beginAllReduce(tensor);
  }

  /** Waits for the sum that was begun first of all that were not awaited. */
  void await(ProcessGroup.Begun begun) {
    settle(begun::await);
  }

  /** The value that rank 0 has. */
  public long agree(long value) {
    try (Scope scope = Scope.open()) {
      Tensor shared = Tensor.of(new long[] {value}, 1);
      log.enter(CollectiveOp.BROADCAST, Long.BYTES);
      settle(() -> group.broadcast(shared, 0));
      return shared.itemLong();
    }
  }

  /** Returns when every rank is here. */
  public void barrier() {
    log.enter(CollectiveOp.BARRIER, 0);
    settle(group::barrier);
  }

  /** Gloo tells of a lost connection, not of whom: heartbeats do, a little later. */
  private void settle(Runnable operation) {
    try {
      operation.run();
    } catch (RuntimeException e) {
      throw new RankLostException(
          heartbeats
              .awaitVerdict()
              .orElseGet(() -> "ranks lost each other: " + firstLine(e.getMessage())));
    }
    log.leave();
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "no reason given" : text.lines().findFirst().orElse("");
  }

  /** Leaves when all are done: rank 0, which serves the store, as the last. */
  @Override
  public void close() {
    heartbeats.leave();
    log.close();
    group.close();
  }
}

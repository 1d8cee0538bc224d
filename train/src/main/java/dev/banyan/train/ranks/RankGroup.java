package dev.banyan.train.ranks;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.ProcessGroup;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.RankLostException;
import dev.banyan.train.RankPlace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of one run. Gradients are summed in buckets: while one travels the next is packed. Two
 * ranks add what two shards of one process add, and addition of two numbers does not depend on
 * their order, so the bits are the same.
 */
public final class RankGroup implements AutoCloseable {
  /**
   * For all ranks to start, and for one operation: a lost rank is found by heartbeat long before.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /** Elements of a bucket: 4 MiB of f32. */
  private static final long BUCKET = 1 << 20;

  private final RankPlace place;
  private final ProcessGroup group;
  private final CollectiveLog log;
  private final Heartbeats heartbeats;
  private final List<Bucket> buckets = new ArrayList<>();

  /** Parameters that travel together in one contiguous tensor, f32. */
  private record Bucket(Tensor flat, List<Tensor> parameters) {}

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
   * Sums gradients and a loss over all ranks; a parameter without a gradient here counts as zeros.
   *
   * @return the sum of {@code loss}
   */
  public double sum(List<Tensor> parameters, double loss) {
    if (buckets.isEmpty()) {
      fill(parameters);
    }
    List<ProcessGroup.Begun> travelling = new ArrayList<>();
    for (Bucket bucket : buckets) {
      pack(bucket);
      log.enter(CollectiveOp.ALL_REDUCE, bucket.flat.count() * DType.F32.bytes());
      travelling.add(group.beginAllReduce(bucket.flat));
    }
    Tensor sum = Tensor.full(loss, DType.F64, 1);
    log.enter(CollectiveOp.ALL_REDUCE, DType.F64.bytes());
    travelling.add(group.beginAllReduce(sum));
    for (ProcessGroup.Begun each : travelling) {
      await(each);
    }
    buckets.forEach(RankGroup::unpack);
    return sum.item();
  }

  private void fill(List<Tensor> parameters) {
    List<Tensor> part = new ArrayList<>();
    long size = 0;
    for (Tensor parameter : parameters) {
      if (size > 0 && size + parameter.count() > BUCKET) {
        buckets.add(bucket(size, part));
        part = new ArrayList<>();
        size = 0;
      }
      part.add(parameter);
      size += parameter.count();
    }
    buckets.add(bucket(size, part));
  }

  private static Bucket bucket(long size, List<Tensor> parameters) {
    return new Bucket(Scope.keep(Tensor.zeros(DType.F32, size)), List.copyOf(parameters));
  }

  private static void pack(Bucket bucket) {
    long from = 0;
    for (Tensor parameter : bucket.parameters) {
      Tensor piece = bucket.flat.narrow(0, from, parameter.count());
      parameter.grad().ifPresentOrElse(gradient -> piece.copy_(gradient.reshape(-1)), piece::zero_);
      from += parameter.count();
    }
  }

  private static void unpack(Bucket bucket) {
    long from = 0;
    for (Tensor parameter : bucket.parameters) {
      parameter.setGrad(bucket.flat.narrow(0, from, parameter.count()).view(parameter.shape()));
      from += parameter.count();
    }
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

  private void await(ProcessGroup.Begun begun) {
    settle(begun::await);
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
    buckets.forEach(each -> each.flat.close());
    group.close();
  }
}

package dev.banyan.train.ranks;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.GradientWatch;
import dev.banyan.tensor.ProcessGroup;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Sums the gradients of a step over all ranks while its last backward pass still runs (Li et al.
 * 2020, "PyTorch Distributed", section 3.2.3). Parameters travel in buckets, those that are used
 * last first, as their gradients come first. A bucket begins when all of its gradients are there
 * and the buckets before it have begun: every rank begins them in one order, whatever came to it.
 * What a pass does not reach, as an expert without tokens, is waited for until the pass is over.
 *
 * <p>Any shard's thread may call {@link #passed} and is told of gradients; the rest is for one.
 */
public final class GradientSum implements AutoCloseable {
  /** Elements of a bucket: 4 MiB of f32, or more where that makes too many. */
  private static final long BUCKET = 1 << 20;

  private static final int MOST_BUCKETS = 500;

  private static final int NONE = -1;

  private final RankGroup group;
  private final int shards;
  private final List<Bucket> buckets;
  private final List<GradientWatch> watches = new ArrayList<>();
  private final ArrayDeque<ProcessGroup.Begun> travelling = new ArrayDeque<>();

  /** Gradients that a shard's last pass has still to give, by shard and bucket. */
  private final int[][] missing;

  /** By shard: the bucket of the gradient that libtorch was about to add when it told of it. */
  private final int[] adding;

  private boolean last;
  private int begun;

  /**
   * Parameters that travel together.
   *
   * @param flat all of them, contiguous, f32
   * @param copies for each parameter that of every shard, this rank's own first
   * @param watched whether their gradients are told of; otherwise they come with the pass's end
   */
  private record Bucket(Tensor flat, List<List<Tensor>> copies, boolean watched) {}

  private GradientSum(RankGroup group, int shards, List<Bucket> buckets) {
    this.group = group;
    this.shards = shards;
    this.buckets = buckets;
    this.missing = new int[shards][buckets.size()];
    this.adding = new int[shards];
    watch();
  }

  static GradientSum of(RankGroup group, List<List<Tensor>> shards) {
    List<List<Tensor>> matrices = new ArrayList<>();
    List<List<Tensor>> vectors = new ArrayList<>();
    for (int i = shards.getFirst().size() - 1; i >= 0; i--) {
      int at = i;
      List<Tensor> copies = shards.stream().map(parameters -> parameters.get(at)).toList();
      (copies.getFirst().dim() >= 2 ? matrices : vectors).add(copies);
    }
    List<Bucket> buckets = new ArrayList<>();
    fill(buckets, matrices, true);
    // norms add their weights' gradients themselves, and all vectors together are small
    fill(buckets, vectors, false);
    return new GradientSum(group, shards.size(), List.copyOf(buckets));
  }

  private static void fill(List<Bucket> buckets, List<List<Tensor>> parameters, boolean watched) {
    long all = parameters.stream().mapToLong(copies -> copies.getFirst().count()).sum();
    long most = Math.max(BUCKET, all / MOST_BUCKETS);
    List<List<Tensor>> part = new ArrayList<>();
    long size = 0;
    for (List<Tensor> copies : parameters) {
      long count = copies.getFirst().count();
      if (size > 0 && size + count > most) {
        buckets.add(bucket(size, part, watched));
        part = new ArrayList<>();
        size = 0;
      }
      part.add(copies);
      size += count;
    }
    if (size > 0) {
      buckets.add(bucket(size, part, watched));
    }
  }

  private static Bucket bucket(long size, List<List<Tensor>> copies, boolean watched) {
    try (Scope scope = Scope.open()) {
      return new Bucket(Scope.keep(Tensor.zeros(DType.F32, size)), List.copyOf(copies), watched);
    }
  }

  private void watch() {
    for (int b = 0; b < buckets.size(); b++) {
      if (buckets.get(b).watched) {
        for (int s = 0; s < shards; s++) {
          int shard = s;
          int bucket = b;
          List<Tensor> leaves =
              buckets.get(b).copies.stream().map(copies -> copies.get(shard)).toList();
          watches.add(GradientWatch.on(leaves, () -> arrived(shard, bucket)));
        }
      }
    }
  }

  /** The next pass of every shard is its last of this step. */
  public synchronized void expectLast() {
    last = true;
    begun = 0;
    Arrays.fill(adding, NONE);
    for (int[] ofShard : missing) {
      Arrays.setAll(ofShard, b -> buckets.get(b).watched ? buckets.get(b).copies.size() : 1);
    }
  }

  private synchronized void arrived(int shard, int bucket) {
    if (last) {
      added(shard);
      adding[shard] = bucket;
      beginWhatIsThere();
    }
  }

  /** The gradient that was about to be added when this shard's thread told of it has been. */
  private void added(int shard) {
    if (adding[shard] != NONE) {
      missing[shard][adding[shard]]--;
      adding[shard] = NONE;
    }
  }

  /** The last pass of a shard is over, or there was nothing to go through: no more will come. */
  public synchronized void passed(int shard) {
    Arrays.fill(missing[shard], 0);
    adding[shard] = NONE;
    beginWhatIsThere();
  }

  private void beginWhatIsThere() {
    try (Scope scope = Scope.open()) {
      while (begun < buckets.size() && isThere(begun)) {
        Bucket bucket = buckets.get(begun);
        pack(bucket);
        travelling.add(group.begin(bucket.flat));
        begun++;
      }
    }
    while (!travelling.isEmpty() && travelling.getFirst().isDone()) {
      group.await(travelling.removeFirst());
    }
  }

  private boolean isThere(int bucket) {
    return Arrays.stream(missing).allMatch(ofShard -> ofShard[bucket] == 0);
  }

  /** Adds the shards' gradients in their order; without any it counts as zeros. */
  private static void pack(Bucket bucket) {
    long from = 0;
    for (List<Tensor> copies : bucket.copies) {
      Tensor piece = bucket.flat.narrow(0, from, copies.getFirst().count());
      boolean any = false;
      for (Tensor copy : copies) {
        Optional<Tensor> gradient = copy.grad().map(each -> each.reshape(-1));
        if (gradient.isPresent()) {
          Tensor unused = any ? piece.add_(gradient.get()) : piece.copy_(gradient.get());
          any = true;
        }
      }
      if (!any) {
        piece.zero_();
      }
      from += piece.count();
    }
  }

  /**
   * Waits for all sums and makes them the gradients of the first shard's parameters; the others
   * have none then. All shards have {@link #passed}.
   *
   * @return the sum of {@code loss} over all ranks
   */
  public synchronized double await(double loss) {
    if (begun < buckets.size()) {
      throw new IllegalStateException("a shard has not passed");
    }
    last = false;
    try (Scope scope = Scope.open()) {
      Tensor sum = Tensor.full(loss, DType.F64, 1);
      travelling.add(group.begin(sum));
      while (!travelling.isEmpty()) {
        group.await(travelling.removeFirst());
      }
      buckets.forEach(GradientSum::unpack);
      return sum.item();
    }
  }

  private static void unpack(Bucket bucket) {
    long from = 0;
    for (List<Tensor> copies : bucket.copies) {
      Tensor own = copies.getFirst();
      own.setGrad(bucket.flat.narrow(0, from, own.count()).view(own.shape()));
      copies.subList(1, copies.size()).forEach(Tensor::clearGrad);
      from += own.count();
    }
  }

  @Override
  public void close() {
    watches.forEach(GradientWatch::close);
    buckets.forEach(each -> each.flat.close());
  }
}

package dev.banyan.tensor;

import java.time.Duration;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;

/**
 * Processes that compute together, over libtorch's c10d with Gloo: they meet at a TCP store that
 * rank 0 serves and then exchange tensors directly. Every rank must call the same operations in the
 * same order with tensors of the same shape and type. When a peer is gone an operation throws
 * {@link RuntimeException} with Gloo's message, or waits until the group's patience ends: who it
 * was is found out by heartbeats on a {@link Board}.
 */
public final class ProcessGroup implements AutoCloseable {
  /**
   * Where and as whom a process joins.
   *
   * @param host of rank 0, where the store listens
   * @param port of the store
   * @param prefix of everything in the store: another for each generation of the same job
   * @param rank 0 ≤ rank &lt; world
   * @param world how many processes
   */
  public record Rendezvous(String host, int port, String prefix, int rank, int world) {
    public Rendezvous {
      if (rank < 0 || rank >= world) {
        throw new IllegalArgumentException("rank " + rank + " of " + world);
      }
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("port " + port);
      }
    }
  }

  /** An operation that was begun. */
  public static final class Begun {
    private final Work work;

    private Begun(Work work) {
      this.work = work;
      work.retainReference();
    }

    /** Whether it has ended well: {@link #await} returns at once then. */
    public boolean isDone() {
      return work.isCompleted() && work.isSuccess();
    }

    /** Waits for its end; the tensor then holds the result. */
    public void await() {
      work._wait();
      work.releaseReference();
    }
  }

  /** Small values that all ranks see, over a connection of its own. Any one thread may use it. */
  public static final class Board implements AutoCloseable {
    private final Store store;

    private Board(Store store) {
      this.store = store;
    }

    /** Adds to a counter, which begins at 0, and returns its new value. */
    public long add(String key, long more) {
      return store.add(key, more);
    }

    /** Ends the connection. */
    @Override
    public void close() {
      store.releaseReference();
    }
  }

  private final Rendezvous at;
  private final Duration patience;
  private final Store store;
  private final ProcessGroupGloo gloo;

  private ProcessGroup(Rendezvous at, Duration patience, Store store, ProcessGroupGloo gloo) {
    this.at = at;
    this.patience = patience;
    this.store = store;
    this.gloo = gloo;
  }

  /**
   * Joins the group and waits for all others.
   *
   * @param patience for the others, and for each operation
   * @throws RuntimeException when not all came in time, or nobody listens
   */
  public static ProcessGroup join(Rendezvous at, Duration patience) {
    Libtorch.ensureStarted();
    Store store = kept(connect(at, patience, at.rank() == 0));
    ProcessGroupGloo.Options options =
        kept(ProcessGroupGloo.Options.create(new Milliseconds(patience.toMillis())));
    var devices = new GlooDeviceVector();
    // the address others reach this process at is the one it reaches the store from
    devices.push_back(ProcessGroupGloo.createDeviceForHostname(ownAddress(at)));
    options.devices(devices);
    options.threads(1);
    var prefixed = kept(new PrefixStore(at.prefix(), store));
    var gloo = kept(new ProcessGroupGloo(prefixed, at.rank(), at.world(), options));
    return new ProcessGroup(at, patience, store, gloo);
  }

  private static String ownAddress(Rendezvous at) {
    try (var probe = new java.net.DatagramSocket()) {
      probe.connect(java.net.InetAddress.getByName(at.host()), at.port()); // sends nothing
      return probe.getLocalAddress().getHostAddress();
    } catch (java.io.IOException e) {
      throw new IllegalStateException(at.host() + " cannot be reached: " + e.getMessage(), e);
    }
  }

  private static TCPStore connect(Rendezvous at, Duration patience, boolean server) {
    var options = new TCPStoreOptions();
    options.port((short) at.port());
    options.isServer(server);
    options.waitWorkers(false);
    options.multiTenant(true);
    options.timeout(new Milliseconds(patience.toMillis()));
    return new TCPStore(at.host(), options);
  }

  private static <P extends Pointer> P kept(P pointer) {
    pointer.retainReference();
    return pointer;
  }

  public int rank() {
    return at.rank();
  }

  public int world() {
    return at.world();
  }

  /** Begins to sum a contiguous tensor over all ranks, in place; every rank gets the same bits. */
  public Begun beginAllReduce(Tensor tensor) {
    return new Begun(gloo.allreduce(new TensorVector(tensor.raw())));
  }

  /** Sums a contiguous tensor over all ranks, in place. */
  public void allReduce(Tensor tensor) {
    beginAllReduce(tensor).await();
  }

  /** Gives every rank the values that {@code root} has. */
  public void broadcast(Tensor tensor, int root) {
    var options = new BroadcastOptions();
    options.rootRank(root);
    new Begun(gloo.broadcast(new TensorVector(tensor.raw()), options)).await();
  }

  /**
   * What all ranks have, in the order of ranks.
   *
   * @param own [n…], contiguous
   * @return [world, n…]
   */
  public Tensor allGather(Tensor own) {
    long[] shape = own.shape();
    long[] all = new long[shape.length + 1];
    all[0] = at.world();
    System.arraycopy(shape, 0, all, 1, shape.length);
    Tensor gathered = Tensor.empty(own.dtype(), at.world() * own.count());
    new Begun(gloo._allgather_base(gathered.raw(), own.reshape(-1).raw())).await();
    return gathered.view(all);
  }

  /** Returns when every rank has called it. */
  public void barrier() {
    new Begun(gloo.barrier()).await();
  }

  /** A board of this group. */
  public Board board() {
    return new Board(
        kept(new PrefixStore(at.prefix() + "/board", kept(connect(at, patience, false)))));
  }

  @Override
  public void close() {
    gloo.releaseReference();
    store.releaseReference();
  }
}

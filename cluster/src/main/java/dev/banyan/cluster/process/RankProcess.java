package dev.banyan.cluster.process;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.RankOrders;
import dev.banyan.core.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One rank of the fault lab: computes, rests, and takes part in two collectives an iteration, over
 * and over. Takes one JSON file ({@link RankJob}), obeys {@link RankOrders} on standard input, and
 * writes event lines.
 */
public final class RankProcess {
  private static final int HEARTBEAT_MILLIS = 1000;

  /** The small collective that follows the large one. */
  private static final int SMALL = 8;

  private final RankJob job;
  private final RankOrders orders = new RankOrders(System.out);
  private final ByteBuffer memory;
  private volatile long step;

  private RankProcess(RankJob job) {
    this.job = job;
    this.memory = ByteBuffer.allocateDirect(job.bytes());
  }

  /** Runs one rank. */
  public static void main(String[] args) throws Exception {
    var rank = new RankProcess(Json.read(Path.of(args[0]), RankJob.class));
    daemon("orders", rank::obey);
    try {
      rank.run();
      System.exit(0);
    } catch (IOException e) { // a peer is gone, or its bytes are not what was expected
      System.err.println("rank " + rank.job.rank() + ": " + e.getMessage());
      System.exit(3);
    }
  }

  private void obey() {
    try {
      orders.read(System.in);
    } catch (IOException e) {
      // as its end
    }
    Runtime.getRuntime().halt(4);
  }

  private void run() throws IOException, InterruptedException {
    List<InetSocketAddress> addresses = job.addresses().stream().map(RankProcess::address).toList();
    try (var listener = ServerSocketChannel.open();
        var events = new EventLines(Path.of(job.events()), job);
        var transfers = new Transfers(events, orders::insideTransfer)) {
      listener.bind(addresses.get(job.rank()));
      daemon("heartbeat", () -> beat(events));
      boolean ring = job.program().equals("ring");
      int world = job.world();
      int rank = job.rank();
      List<Integer> others = IntStream.range(0, world).filter(r -> r != rank).boxed().toList();
      transfers.connect(
          rank,
          addresses,
          listener,
          ring ? List.of((rank + 1) % world) : others,
          ring ? List.of((rank + world - 1) % world) : others);
      Collectives collectives =
          ring
              ? new RingAllReduce(transfers, rank, world)
              : new PairwiseExchange(transfers, rank, world);
      iterate(collectives, events);
    }
  }

  private void iterate(Collectives collectives, EventLines events)
      throws IOException, InterruptedException {
    long seq = 0;
    int whole = job.bytes();
    int small = Float.BYTES * job.world() * SMALL;
    long iteration = 0;
    while (job.iterations() == 0 || iteration < job.iterations()) {
      orders.compute(job.burnMillis(), job.restMillis());
      if (!orders.takeSkip()) {
        int bytes = orders.takeHalf() ? whole / 2 : whole;
        one(collectives, events, new Operation(seq++, collectives.op(), collectives.algo(), bytes));
      }
      one(
          collectives,
          events,
          new Operation(seq++, CollectiveOp.ALL_GATHER, collectives.algo(), small));
      step = ++iteration;
    }
  }

  private void one(Collectives collectives, EventLines events, Operation operation)
      throws IOException, InterruptedException {
    ByteBuffer buffer =
        memory.slice(0, Math.toIntExact(operation.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    fill(buffer, operation.seq());
    events.enter(operation);
    collectives.run(operation, buffer);
    events.leave(operation);
    verify(buffer, operation.seq(), collectives);
  }

  /** Element values that are small whole numbers, so that sums are exact in any order. */
  private float value(int rank, int part, long seq) {
    return rank * 8 + part + seq % 7;
  }

  private void fill(ByteBuffer buffer, long seq) {
    int part = buffer.capacity() / job.world();
    for (int p = 0; p < job.world(); p++) {
      float value = value(job.rank(), p, seq);
      for (int at = p * part; at + Float.BYTES <= (p + 1) * part; at += Float.BYTES) {
        buffer.putFloat(at, value);
      }
    }
  }

  /** The first element of every part is what the collective should have made of it. */
  private void verify(ByteBuffer buffer, long seq, Collectives collectives) throws IOException {
    int part = buffer.capacity() / job.world();
    for (int p = 0; p < job.world(); p++) {
      float expected = 0;
      if (collectives instanceof RingAllReduce) {
        for (int r = 0; r < job.world(); r++) {
          expected += value(r, p, seq);
        }
      } else {
        expected = value(p, job.rank(), seq);
      }
      float found = buffer.getFloat(p * part);
      if (found != expected) {
        throw new IOException(
            "part %d of operation %d holds %s, not %s".formatted(p, seq, found, expected));
      }
    }
  }

  private void beat(EventLines events) {
    try {
      while (true) {
        events.heartbeat(step);
        Thread.sleep(HEARTBEAT_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }
}

package dev.banyan.cluster.process;

import dev.banyan.cluster.CollectiveOp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Ring all-reduce (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
 * workstations", 2009): n−1 steps that add a part and pass it on, n−1 that pass the sums round.
 * Moves 2(n−1)/n of the buffer over each of n edges; every edge of the ring waits for the one
 * before, so a single ring tells its slowest edge and not which end of it is at fault.
 */
final class RingAllReduce implements Collectives {
  private final Transfers transfers;
  private final int rank;
  private final int world;
  private ByteBuffer scratch = ByteBuffer.allocateDirect(0);

  RingAllReduce(Transfers transfers, int rank, int world) {
    this.transfers = transfers;
    this.rank = rank;
    this.world = world;
  }

  @Override
  public CollectiveOp op() {
    return CollectiveOp.ALL_REDUCE;
  }

  @Override
  public String algo() {
    return "ring";
  }

  @Override
  public void run(Operation operation, ByteBuffer buffer) throws IOException, InterruptedException {
    int part = buffer.capacity() / world;
    if (scratch.capacity() < part) {
      scratch = ByteBuffer.allocateDirect(part);
    }
    ByteBuffer incoming = scratch.slice(0, part).order(buffer.order());
    int next = (rank + 1) % world;
    int previous = (rank + world - 1) % world;
    for (int step = 0; step < 2 * (world - 1); step++) {
      boolean adding = step < world - 1;
      int sent = Math.floorMod(rank - step + (adding ? 0 : world), world);
      int received = Math.floorMod(sent - 1, world);
      transfers.pass(operation, next, slice(buffer, sent, part), previous, incoming.clear());
      incoming.flip();
      ByteBuffer target = slice(buffer, received, part);
      if (adding) {
        add(target.asFloatBuffer(), incoming.asFloatBuffer());
      } else {
        target.put(incoming);
      }
    }
  }

  private static ByteBuffer slice(ByteBuffer buffer, int part, int bytes) {
    return buffer.slice(part * bytes, bytes).order(buffer.order());
  }

  private static void add(FloatBuffer sum, FloatBuffer addend) {
    for (int i = 0; i < sum.capacity(); i++) {
      sum.put(i, sum.get(i) + addend.get(i));
    }
  }
}

package dev.banyan.cluster.process;

import dev.banyan.cluster.CollectiveOp;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * All-to-all in n−1 rounds: in round k a rank sends to the k-th after it and receives from the k-th
 * before it (Thakur, Rabenseifner and Gropp, "Optimization of collective communication operations
 * in MPICH", 2005, pairwise exchange). Every ordered pair carries one message, which is what lets a
 * delay matrix tell a sender from a receiver from a link.
 */
final class PairwiseExchange implements Collectives {
  private final Transfers transfers;
  private final int rank;
  private final int world;
  private ByteBuffer scratch = ByteBuffer.allocateDirect(0);

  PairwiseExchange(Transfers transfers, int rank, int world) {
    this.transfers = transfers;
    this.rank = rank;
    this.world = world;
  }

  @Override
  public CollectiveOp op() {
    return CollectiveOp.ALL_TO_ALL;
  }

  @Override
  public String algo() {
    return "pairwise";
  }

  /** Part j of the buffer goes to rank j; afterwards part i is what rank i had for this one. */
  @Override
  public void run(Operation operation, ByteBuffer buffer) throws IOException, InterruptedException {
    int part = buffer.capacity() / world;
    if (scratch.capacity() < buffer.capacity()) {
      scratch = ByteBuffer.allocateDirect(buffer.capacity());
    }
    ByteBuffer result = scratch.slice(0, buffer.capacity());
    result.put(rank * part, buffer, rank * part, part);
    for (int round = 1; round < world; round++) {
      int to = (rank + round) % world;
      int from = (rank + world - round) % world;
      transfers.pass(
          operation, to, buffer.slice(to * part, part), from, result.slice(from * part, part));
    }
    buffer.put(0, result, 0, buffer.capacity());
  }
}

package dev.banyan.cluster.process;

import dev.banyan.cluster.CollectiveOp;
import java.io.IOException;
import java.nio.ByteBuffer;

/** How a rank program moves a buffer among all ranks. */
sealed interface Collectives permits RingAllReduce, PairwiseExchange {
  /** What the large collective is called. */
  CollectiveOp op();

  /** The name written as {@code algo}. */
  String algo();

  /**
   * Runs the collective on this rank; every rank must call it with a buffer of the same size.
   *
   * @param buffer floats, {@code world} equal parts; holds the result afterwards
   */
  void run(Operation operation, ByteBuffer buffer) throws IOException, InterruptedException;
}

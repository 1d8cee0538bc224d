package dev.banyan.cluster.process;

import dev.banyan.cluster.CollectiveOp;

/**
 * One collective, as every member names it.
 *
 * @param seq from 0, counted by each rank for itself
 * @param op what is done
 * @param algo {@code ring} or {@code pairwise}
 * @param bytes of the whole collective on one rank
 */
record Operation(long seq, CollectiveOp op, String algo, long bytes) {
  static final String COMM = "world";
}

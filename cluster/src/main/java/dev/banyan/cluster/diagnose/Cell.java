package dev.banyan.cluster.diagnose;

/**
 * One connection in one window: how long its transfers take from first to last byte.
 *
 * @param from sender's rank
 * @param to receiver's rank
 * @param what group, operation, algorithm and size, for people
 * @param seconds median of the window's transfers
 * @param typical median of the comparable cells, or of the cell's own healthy windows
 * @param excess how many times the typical time it takes beyond it: 0 is healthy
 * @param late whether it was far above its peers in this window, and enough of it to matter
 * @param slow whether it was so in three of the last five windows, this one among them; or only far
 *     above its peers in this one, beside a cell of which that is sure
 * @param own whether {@code typical} is the cell's own past
 */
record Cell(
    int from,
    int to,
    String what,
    double seconds,
    double typical,
    double excess,
    boolean late,
    boolean slow,
    boolean own) {

  /** The same, its slowness taken for another's. */
  Cell healthy() {
    return new Cell(from, to, what, seconds, typical, excess, false, false, own);
  }

  /** The same, slow or not. */
  Cell judged(boolean slow) {
    return new Cell(from, to, what, seconds, typical, excess, late, slow, own);
  }
}

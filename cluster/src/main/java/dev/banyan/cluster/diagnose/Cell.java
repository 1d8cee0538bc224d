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
 * @param slow whether it was far above its peers in three of the last five windows
 * @param own whether {@code typical} is the cell's own past
 */
record Cell(
    int from,
    int to,
    String what,
    double seconds,
    double typical,
    double excess,
    boolean slow,
    boolean own) {}

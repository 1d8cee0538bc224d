package dev.banyan.plan;

/**
 * One method on one graph.
 *
 * @param method the order and the layout or allocator used with it
 * @param peakBytes largest load of the order; for the bound, the bound
 * @param arenaBytes what the layout or allocator needs; 0 where there is none
 * @param seconds what the method took
 */
public record PlanRow(String method, long peakBytes, long arenaBytes, double seconds) {
  /** The share of the arena above the peak. */
  public double fragmentation() {
    return arenaBytes == 0 ? 0 : (arenaBytes - peakBytes) / (double) arenaBytes;
  }
}

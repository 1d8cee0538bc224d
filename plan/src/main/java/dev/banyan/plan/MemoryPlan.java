package dev.banyan.plan;

import java.util.List;

/**
 * When each operator runs and where each storage lies.
 *
 * @param graphHash SHA-256 of the graph it is for, without remarks
 * @param order operator ids in the order they run
 * @param offsets byte address in the arena of each storage of the graph, {@link #OUTSIDE} for those
 *     that are not in the arena (persistent ones, and temporaries no operator touches)
 * @param alignment every offset is a multiple of this many bytes
 * @param peakBytes largest sum of live storages, each aligned, at any step of the order
 * @param lowerBoundBytes no order of this graph has a smaller peak; proven
 * @param boundOperator the operator v of the bound's proof, or −1 when the bound is 0
 * @param boundLater the operators W of the proof: an order either runs v before all of W, or some w
 *     of W before v, and needs at least the bound in every case; empty when v alone is the proof
 * @param arenaBytes end of the highest storage
 * @param method what found the order and the layout
 * @param seed the seed it was made with
 */
public record MemoryPlan(
    String graphHash,
    List<Integer> order,
    List<Long> offsets,
    long alignment,
    long peakBytes,
    long lowerBoundBytes,
    int boundOperator,
    List<Integer> boundLater,
    long arenaBytes,
    String method,
    long seed) {
  /** The offset of what is not in the arena. */
  public static final long OUTSIDE = -1;

  public MemoryPlan {
    order = List.copyOf(order);
    offsets = List.copyOf(offsets);
    boundLater = List.copyOf(boundLater);
  }

  /** How far the peak may be from the best possible: (peak − bound) / bound; 0 is proven best. */
  public double orderGap() {
    return lowerBoundBytes == 0 ? 0 : (peakBytes - lowerBoundBytes) / (double) lowerBoundBytes;
  }

  /** The share of the arena that is above the peak: (arena − peak) / arena. */
  public double fragmentation() {
    return arenaBytes == 0 ? 0 : (arenaBytes - peakBytes) / (double) arenaBytes;
  }
}

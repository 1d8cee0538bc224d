package dev.banyan.cluster;

/**
 * The ways of routing beside each other on one fabric.
 *
 * @param ecmp as switches do it
 * @param ecmpFixedReceive the same with every queue pair received in the plane it left
 * @param c4p greedy, as C4P publishes it
 * @param crux priorities, in the style of Crux
 * @param ours the plan
 * @param oursEqualWeights its paths without its weights
 * @param certificate what no routing can pass
 * @param plan ours
 */
public record RouteComparison(
    RouteRow ecmp,
    RouteRow ecmpFixedReceive,
    RouteRow c4p,
    RouteRow crux,
    RouteRow ours,
    RouteRow oursEqualWeights,
    RouteCertificate certificate,
    RoutePlan plan) {

  /** The published ways, in the order above. */
  public java.util.List<RouteRow> rivals() {
    return java.util.List.of(ecmp, ecmpFixedReceive, c4p, crux);
  }
}

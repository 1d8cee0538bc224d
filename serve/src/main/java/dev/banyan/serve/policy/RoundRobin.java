package dev.banyan.serve.policy;

/**
 * The instance that was sent the fewest requests, which is round-robin that knows new instances
 * (artifact of Llumnix, OSDI 2024). O(instances).
 */
public record RoundRobin() implements Policy {
  @Override
  public String name() {
    return "round-robin";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(fleet.open(), each -> -each.inFlight().dispatched());
  }
}

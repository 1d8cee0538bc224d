package dev.banyan.serve.policy;

/** The instance with the fewest requests that run or wait; of equals the lowest id. */
public record LeastLoaded() implements Policy {
  @Override
  public String name() {
    return "least-loaded";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(
        fleet.open(), each -> -(each.batch().requests() + each.queue().requests()));
  }
}

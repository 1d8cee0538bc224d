package dev.banyan.serve.policy;

/**
 * INFaaS++, the baseline of Llumnix: the instance with the most free memory per request, with what
 * waits charged in full; nothing ever moves (Romero et al., ATC 2021, as built into the artifact of
 * Llumnix, OSDI 2024).
 */
public record Infaas() implements Policy {
  @Override
  public String name() {
    return "infaas";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(fleet.open(), Freeness::forDispatch);
  }
}

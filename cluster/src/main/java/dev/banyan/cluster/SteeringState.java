package dev.banyan.cluster;

import java.util.Map;
import java.util.Set;

/**
 * What steering knows before it decides.
 *
 * @param placement who runs where
 * @param strikes how often each host label was suspected without being isolated
 * @param isolated host labels that are not used any more
 * @param hosts how many host labels the job began with
 * @param generation from 0; one more after every restart
 */
public record SteeringState(
    Placement placement,
    Map<String, Integer> strikes,
    Set<String> isolated,
    int hosts,
    int generation) {
  public SteeringState {
    strikes = Map.copyOf(strikes);
    isolated = Set.copyOf(isolated);
  }

  /** Before anything went wrong. */
  public static SteeringState first(Placement placement) {
    return new SteeringState(placement, Map.of(), Set.of(), placement.hosts().size(), 0);
  }
}

package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.util.List;
import java.util.Optional;

/**
 * The instances a simulation runs on.
 *
 * @param profiles one per instance at the start
 * @param reportSeconds how old what the scheduler sees may be; 0 for always up to date
 * @param scaleLow freeness in blocks per request below which instances are added; empty for a fixed
 *     fleet
 * @param mostInstances of a fleet that scales
 * @param failures instances that die, and when
 */
public record FleetPlan(
    List<EngineProfile> profiles,
    double reportSeconds,
    Optional<Double> scaleLow,
    int mostInstances,
    List<Failure> failures) {

  /** An instance that dies. */
  public record Failure(int instance, double seconds) {}

  public FleetPlan {
    profiles = List.copyOf(profiles);
    failures = List.copyOf(failures);
    if (profiles.isEmpty() || !(reportSeconds >= 0)) {
      throw new UserInputException(
          "a fleet of %d instances that report every %s s makes no sense"
              .formatted(profiles.size(), reportSeconds));
    }
  }

  /** As many instances of one profile. */
  public static FleetPlan of(EngineProfile profile, int instances) {
    return new FleetPlan(
        java.util.Collections.nCopies(instances, profile),
        0,
        Optional.empty(),
        instances,
        List.of());
  }

  /** The same, scaled by freeness as Llumnix does, from one instance upwards. */
  public FleetPlan scaling(double low, int most) {
    return new FleetPlan(profiles, reportSeconds, Optional.of(low), most, failures);
  }
}

package dev.banyan.cluster;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a job is supervised.
 *
 * @param placement ranks and spares on host labels
 * @param limits of steering
 * @param folder decisions, event lines and logs of every generation go there
 * @param windowSeconds of the diagnosis
 * @param grace between SIGTERM and SIGKILL
 * @param startGrace how long a generation may take to its first step
 * @param drill harm to be done on purpose
 */
public record SupervisorPlan(
    Placement placement,
    SteeringLimits limits,
    Path folder,
    double windowSeconds,
    Duration grace,
    Duration startGrace,
    Optional<Drill> drill) {
  /** The usual limits: windows of 4 s, 5 s between signals, 5 minutes to the first step. */
  public static SupervisorPlan usual(Placement placement, Path folder) {
    return new SupervisorPlan(
        placement,
        SteeringLimits.USUAL,
        folder,
        4,
        Duration.ofSeconds(5),
        Duration.ofMinutes(5),
        Optional.empty());
  }

  /** The same with harm that is done on purpose. */
  public SupervisorPlan withDrill(Drill harm) {
    return new SupervisorPlan(
        placement, limits, folder, windowSeconds, grace, startGrace, Optional.of(harm));
  }

  /** The same with another time between SIGTERM and SIGKILL. */
  public SupervisorPlan withGrace(Duration time) {
    return new SupervisorPlan(placement, limits, folder, windowSeconds, time, startGrace, drill);
  }
}

package dev.banyan.cluster;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a job is supervised.
 *
 * @param placement ranks and spares on host labels
 * @param limits of steering
 * @param folder decisions, event lines and logs of every generation go there
 * @param windowSeconds of the diagnosis
 * @param grace between SIGTERM and SIGKILL
 * @param startGrace how long a generation may take to its first step
 */
public record SupervisorPlan(
    Placement placement,
    SteeringLimits limits,
    Path folder,
    double windowSeconds,
    Duration grace,
    Duration startGrace) {
  /** The usual limits: windows of 4 s, 5 s between signals, 5 minutes to the first step. */
  public static SupervisorPlan usual(Placement placement, Path folder) {
    return new SupervisorPlan(
        placement, SteeringLimits.USUAL, folder, 4, Duration.ofSeconds(5), Duration.ofMinutes(5));
  }
}

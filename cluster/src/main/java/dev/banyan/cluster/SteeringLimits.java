package dev.banyan.cluster;

/**
 * What steering may do.
 *
 * @param strikes restarts that a host may be suspected in before it is isolated; 2 means the second
 * @param blastRadius largest share of the host labels that may be isolated; one always may
 * @param restarts largest number of generations after the first
 */
public record SteeringLimits(int strikes, double blastRadius, int restarts) {
  /** Two strikes, half of the hosts, ten restarts. */
  public static final SteeringLimits USUAL = new SteeringLimits(2, 0.5, 10);

  public SteeringLimits {
    if (strikes < 1 || !(blastRadius > 0 && blastRadius <= 1) || restarts < 0) {
      throw new IllegalArgumentException(
          "strikes %d must be at least 1, blastRadius %s within 0 and 1, restarts %d at least 0"
              .formatted(strikes, blastRadius, restarts));
    }
  }
}

package dev.banyan.plan;

/**
 * What MODeL's integer programs came to on a step.
 *
 * @param variables of the program that decides whether it is solved at all
 * @param peakBytes largest load of the order, one operator at a time; −1 without one
 * @param arenaBytes what the layout needs; −1 without one
 * @param solved whether both programs ended by themselves, not by the time they were given
 * @param seconds what it took; 0 when refused
 * @param remark in words
 */
public record ModelOutcome(
    long variables,
    long peakBytes,
    long arenaBytes,
    boolean solved,
    double seconds,
    String remark) {
  /** Whether it was too large to be tried. */
  public boolean refused() {
    return remark.startsWith("refused");
  }
}

package dev.banyan.train.step;

import java.util.Optional;

/**
 * Says when a run has stopped learning: a loss or gradient that is no number, or a smoothed loss
 * far above the best one for long. Pure: its state is in the record.
 *
 * @param smoothed exponential mean of the losses, rate 1/20; NaN before the first
 * @param best lowest {@code smoothed} so far
 * @param above steps in a row that {@code smoothed} was more than {@value #FAR} nats above best
 */
public record Divergence(double smoothed, double best, int above) {
  static final double FAR = 1.5;
  static final int LONG = 50;

  /** Before the first step. */
  public static final Divergence START = new Divergence(Double.NaN, Double.POSITIVE_INFINITY, 0);

  /** After one more step with this mean loss in nats. */
  public Divergence after(double loss) {
    double next = Double.isNaN(smoothed) ? loss : smoothed + (loss - smoothed) / 20;
    return new Divergence(next, Math.min(best, next), next > best + FAR ? above + 1 : 0);
  }

  /**
   * Why the run should stop before its update, or empty.
   *
   * @param gradientNorm 2-norm of all gradients
   */
  public Optional<String> verdict(double loss, double gradientNorm) {
    if (!Double.isFinite(loss)) {
      return Optional.of("the loss is " + loss);
    }
    if (!Double.isFinite(gradientNorm)) {
      return Optional.of("the norm of the gradients is " + gradientNorm);
    }
    if (above >= LONG) {
      return Optional.of(
          "the loss has stood at %.2f for %d steps after %.2f".formatted(smoothed, above, best));
    }
    return Optional.empty();
  }
}

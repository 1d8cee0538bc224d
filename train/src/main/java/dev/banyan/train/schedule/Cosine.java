package dev.banyan.train.schedule;

/**
 * Linear warm-up, then half a cosine down to the last rate: SGDR without restarts, Loshchilov and
 * Hutter 2017, equation 5.
 *
 * @param warmup steps of warm-up
 * @param steps of the whole run; the last has rate {@code last}
 */
public record Cosine(double highest, double last, int warmup, int steps) implements Schedule {
  @Override
  public double rate(long step) {
    if (step < warmup) {
      return Schedule.warmup(highest, step, warmup);
    }
    double done = Math.min(1, (step - warmup) / (double) Math.max(1, steps - 1 - warmup));
    return last + (highest - last) * (1 + Math.cos(Math.PI * done)) / 2;
  }
}

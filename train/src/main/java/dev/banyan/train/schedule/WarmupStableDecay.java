package dev.banyan.train.schedule;

/**
 * Linear warm-up, a long stretch at the highest rate, and at the end a fall to the last rate: WSD,
 * Hu et al. 2024 (MiniCPM), section 4.2, with the decay of Hägele et al. 2024, section 3 (1 -
 * sqrt).
 *
 * @param warmup steps of warm-up
 * @param decay steps of the fall
 * @param steps of the whole run; the last has rate {@code last}
 */
public record WarmupStableDecay(double highest, double last, int warmup, int decay, int steps)
    implements Schedule {
  @Override
  public double rate(long step) {
    if (step < warmup) {
      return Schedule.warmup(highest, step, warmup);
    }
    long intoDecay = step - (steps - decay) + 1;
    if (decay == 0 || intoDecay <= 0) {
      return highest;
    }
    double done = Math.min(1, intoDecay / (double) decay);
    return last + (highest - last) * (1 - Math.sqrt(done));
  }
}

package dev.banyan.serve.policy;

/**
 * Which class an instance admits next. Strict order lets the lowest class starve under overload; a
 * floor gives each class that waits a share of the admitted tokens.
 *
 * @param floor share of tokens every waiting class gets at least, 0 for strict order
 */
public record ClassOrder(double floor) {
  /** The higher class first, always. */
  public static final ClassOrder STRICT = new ClassOrder(0);

  public ClassOrder {
    if (!(floor >= 0 && floor < 1.0 / 3)) {
      throw new IllegalArgumentException("floor is " + floor + ", must lie in [0, 1/3)");
    }
  }

  /**
   * The class whose oldest request is admitted next.
   *
   * @param waiting how many of each class wait; not all 0
   * @param served tokens each class was given so far while lower classes waited, by index
   */
  public PriorityClass next(ClassCounts waiting, double[] served) {
    double all = 0;
    for (double each : served) {
      all += each;
    }
    for (int i = 0; i < PriorityClass.count() && floor > 0; i++) {
      PriorityClass each = PriorityClass.of(i);
      if (waiting.of(each) > 0 && served[i] < floor * all) {
        return each;
      }
    }
    for (int i = PriorityClass.count() - 1; i > 0; i--) {
      if (waiting.of(PriorityClass.of(i)) > 0) {
        return PriorityClass.of(i);
      }
    }
    return PriorityClass.LOW;
  }
}

package dev.banyan.grow;

/** Values that come from nowhere: normal, or one number when the deviation is 0. */
public record Fill(double mean, double deviation) {
  public static final Fill ZERO = new Fill(0, 0);
  public static final Fill ONE = new Fill(1, 0);

  public Fill {
    if (!Double.isFinite(mean) || !(deviation >= 0) || Double.isInfinite(deviation)) {
      throw new IllegalArgumentException("fill of mean " + mean + ", deviation " + deviation);
    }
  }

  /** Normal around zero. */
  public static Fill normal(double deviation) {
    return new Fill(0, deviation);
  }

  public boolean isZero() {
    return mean == 0 && deviation == 0;
  }
}

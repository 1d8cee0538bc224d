package dev.banyan.core;

/**
 * An estimate with the interval it is believed to lie in.
 *
 * @param mean the estimate itself, whatever it estimates (a mean, a ratio, a share)
 * @param low the interval's lower end
 * @param high the interval's upper end
 */
public record Interval(double mean, double low, double high) {

  public Interval {
    if (low > high) {
      throw new IllegalArgumentException("low " + low + " is above high " + high);
    }
  }

  /** True when {@code value} lies in the interval, ends included. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  /** True when the whole interval lies above {@code value}. */
  public boolean above(double value) {
    return low > value;
  }

  /** True when the whole interval lies below {@code value}. */
  public boolean below(double value) {
    return high < value;
  }

  /** For example {@code 0.912 [0.897, 0.928]}. */
  @Override
  public String toString() {
    return Format.number(mean) + " [" + Format.number(low) + ", " + Format.number(high) + "]";
  }
}

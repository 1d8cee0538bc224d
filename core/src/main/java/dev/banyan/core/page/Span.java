package dev.banyan.core.page;

import org.jspecify.annotations.Nullable;

/** The least and greatest of the values an axis has to hold. */
final class Span {
  private final boolean onlyPositive;
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;

  Span(boolean onlyPositive) {
    this.onlyPositive = onlyPositive;
  }

  /** Whether an axis can hold the value; beyond 1e250 its ends would overflow. */
  static boolean drawable(double value, boolean log) {
    double size = Math.abs(value);
    return size < 1e250 && (!log || value > 1e-250);
  }

  void add(double value) {
    if (drawable(value, onlyPositive)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }

  void add(double @Nullable [] values) {
    if (values != null) {
      for (double value : values) {
        add(value);
      }
    }
  }

  boolean isEmpty() {
    return low > high;
  }

  double low() {
    return low;
  }

  double high() {
    return high;
  }
}

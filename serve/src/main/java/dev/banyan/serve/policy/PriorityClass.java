package dev.banyan.serve.policy;

import java.util.Locale;

/** Service classes, least urgent first. */
public enum PriorityClass {
  /** Work that may wait. */
  LOW,
  NORMAL,
  /** Interactive work that pays for a less crowded instance. */
  HIGH;

  private static final PriorityClass[] ALL = values();

  /** How many classes there are. */
  public static int count() {
    return ALL.length;
  }

  /** The class with this {@link #index}. */
  public static PriorityClass of(int index) {
    return ALL[index];
  }

  /** 0 for the least urgent. */
  public int index() {
    return switch (this) {
      case LOW -> 0;
      case NORMAL -> 1;
      case HIGH -> 2;
    };
  }

  /** As written in files and flags. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}

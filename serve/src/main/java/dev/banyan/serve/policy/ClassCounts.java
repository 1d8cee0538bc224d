package dev.banyan.serve.policy;

/** How many requests of each class. */
public record ClassCounts(int low, int normal, int high) {
  public static final ClassCounts NONE = new ClassCounts(0, 0, 0);

  /** Requests of one class. */
  public int of(PriorityClass priority) {
    return switch (priority) {
      case LOW -> low;
      case NORMAL -> normal;
      case HIGH -> high;
    };
  }

  /** Requests of all classes. */
  public int all() {
    return low + normal + high;
  }
}

package dev.banyan.cli.bench;

import dev.banyan.core.Table;

/** Lines of what was measured beside the bar it should hold. */
final class Bars {
  private final Table table = Table.of("part", "what", "figure", "bar", "holds");
  private boolean missed;

  void line(String part, String what, String figure, String bar, boolean holds) {
    table.row(part, what, figure, bar, holds ? "yes" : "NO");
    missed |= !holds;
  }

  /** One without a bar. */
  void figure(String part, String what, String figure) {
    table.row(part, what, figure, "–", "–");
  }

  Table table() {
    return table;
  }

  /** Whether any did not hold. */
  boolean missed() {
    return missed;
  }
}

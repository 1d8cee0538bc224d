package dev.banyan.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing a long job can be told, in its YAML file and as a flag of the same name.
 *
 * @param name in kebab case, {@code learning-rate}
 * @param fallback what holds when nothing is said; null when it must be said or has no default
 * @param help one sentence for the command line
 */
public record Setting(String name, Kind kind, @Nullable String fallback, String help) {
  /** What values look like. */
  public enum Kind {
    TEXT,
    INTEGER,
    NUMBER,
    FLAG,
    /** A path, or in YAML a list of them. */
    PATHS
  }

  /**
   * Settings from a table, one a line: name, kind, default ({@code -} for none) and help, with two
   * spaces or more between columns.
   */
  public static List<Setting> table(String lines) {
    return lines
        .lines()
        .filter(line -> !line.isBlank())
        .map(
            line -> {
              String[] columns = line.strip().split(" {2,}", 4);
              return new Setting(
                  columns[0],
                  Kind.valueOf(columns[1]),
                  columns[2].equals("-") ? null : columns[2],
                  columns[3]);
            })
        .toList();
  }
}

package dev.banyan.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A table of a {@link Report}. Numbers stand right, text left; the best of a column stands out. */
public final class Table {
  /** Which end of a column is the good one. */
  public enum Best {
    LOWEST,
    HIGHEST
  }

  private final List<String> columns;
  private final List<List<@Nullable Object>> rows = new ArrayList<>();
  private final Map<Integer, Best> best = new HashMap<>();
  private String caption = "";

  private Table(List<String> columns) {
    this.columns = columns;
  }

  /** A table with these headings. */
  public static Table of(String... columns) {
    return new Table(List.of(columns));
  }

  /**
   * Adds a row.
   *
   * @param cells as many as columns: numbers (shown by {@link Format#number}), {@link Interval}s,
   *     or anything else as its text; null for an empty cell
   */
  public Table row(@Nullable Object... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells for the " + columns.size() + " columns " + columns);
    }
    List<@Nullable Object> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell);
    }
    rows.add(row);
    return this;
  }

  /** Highlights the best of the column with this heading; ties are all highlighted. */
  public Table best(String column, Best which) {
    int index = columns.indexOf(column);
    if (index < 0) {
      throw new IllegalArgumentException("no column '" + column + "' among " + columns);
    }
    best.put(index, which);
    return this;
  }

  /** A sentence below the table. */
  public Table caption(String text) {
    caption = text;
    return this;
  }

  public List<String> columns() {
    return columns;
  }

  public int rows() {
    return rows.size();
  }

  public String captionText() {
    return caption;
  }

  /** The cell as text. */
  public String text(int row, int column) {
    Object cell = rows.get(row).get(column);
    if (cell == null) {
      return "";
    }
    if (cell instanceof Integer || cell instanceof Long || cell instanceof Short) {
      return String.format(java.util.Locale.ROOT, "%,d", ((Number) cell).longValue());
    }
    return cell instanceof Number number ? Format.number(number.doubleValue()) : cell.toString();
  }

  /** True when every filled cell of the column is a number or an interval. */
  public boolean isNumeric(int column) {
    boolean any = false;
    for (List<@Nullable Object> row : rows) {
      Object cell = row.get(column);
      if (cell != null && Double.isNaN(value(cell)) && !(cell instanceof Number)) {
        return false;
      }
      any |= cell != null;
    }
    return any;
  }

  /** True when the cell holds the best value of a column that was asked for. */
  public boolean isBest(int row, int column) {
    Best which = best.get(column);
    double here = value(rows.get(row).get(column));
    if (which == null || Double.isNaN(here) || rows.size() < 2) {
      return false;
    }
    for (List<@Nullable Object> other : rows) {
      double there = value(other.get(column));
      if (which == Best.LOWEST ? there < here : there > here) {
        return false;
      }
    }
    return true;
  }

  private static double value(@Nullable Object cell) {
    if (cell instanceof Interval interval) {
      return interval.mean();
    }
    return cell instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}

package dev.banyan.cli.frame;

import dev.banyan.core.Table;
import java.util.ArrayList;
import java.util.List;

/** A {@link Table} as a terminal shows it: columns side by side, numbers to the right. */
public final class TextTable {
  private TextTable() {}

  /** Heading, rows and caption, each line with its line end. */
  public static String of(Table table) {
    int columns = table.columns().size();
    int[] widths = new int[columns];
    for (int column = 0; column < columns; column++) {
      widths[column] = width(table.columns().get(column));
      for (int row = 0; row < table.rows(); row++) {
        widths[column] = Math.max(widths[column], width(table.text(row, column)));
      }
    }
    var text = new StringBuilder();
    text.append(line(table, table.columns(), widths));
    for (int row = 0; row < table.rows(); row++) {
      List<String> cells = new ArrayList<>();
      for (int column = 0; column < columns; column++) {
        cells.add(table.text(row, column));
      }
      text.append(line(table, cells, widths));
    }
    if (!table.captionText().isEmpty()) {
      text.append(table.captionText()).append('\n');
    }
    return text.toString();
  }

  private static String line(Table table, List<String> cells, int[] widths) {
    var line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      String space = " ".repeat(widths[column] - width(cell));
      line.append(table.isNumeric(column) ? space + cell : cell + space).append("  ");
    }
    return line.toString().stripTrailing() + "\n";
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}

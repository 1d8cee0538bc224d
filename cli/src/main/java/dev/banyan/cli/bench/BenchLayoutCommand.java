package dev.banyan.cli.bench;

import dev.banyan.bench.LayoutSpeed;
import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench layout}: arenas and times beside the rivals. */
@Command(
    name = "layout",
    description = "Memory layout beside its rivals: MiniMalloc's problems, large made-up ones.",
    footer = "  banyan bench layout --problems minimalloc/benchmarks/challenging --peer minimalloc")
public final class BenchLayoutCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Option(
      names = "--problems",
      paramLabel = "DIR",
      description = "Files NAME.CAPACITY.csv, as MiniMalloc's benchmarks/challenging.")
  private @Nullable Path problems;

  @Option(
      names = "--peer",
      paramLabel = "PROGRAM",
      description = "MiniMalloc's own program, run beside ours on the same files.")
  private @Nullable Path peer;

  @Option(
      names = "--seconds",
      defaultValue = "60",
      description = "Most for one problem and method (default: ${DEFAULT-VALUE}).")
  private double seconds = 60;

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "20000",
      description = "Buffers of the made-up problems, 0 for none (default: ${DEFAULT-VALUE}).")
  private List<Integer> sizes = List.of(20_000);

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (!(seconds > 0)) {
      throw new UserInputException("--seconds " + seconds + ": expected more than 0");
    }
    var options =
        new LayoutSpeed.Options(
            Optional.ofNullable(problems),
            Optional.ofNullable(peer),
            seconds,
            sizes.stream().filter(size -> size > 0).toList());
    List<LayoutSpeed.Row> rows;
    try (Progress progress =
        common.progress("bench layout", LayoutSpeed.problems(options), "problems")) {
      rows = LayoutSpeed.measure(options, common.seed(), progress);
    }
    Table table = LayoutSpeed.table(rows);
    print(table);
    Table totals = totals(rows);
    if (totals.rows() > 0) {
      common.out().println();
      print(totals);
    }
    Result result = common.result().put("rows", rows);
    common.emit(
        result,
        () -> Report.of(result).section("Problems").table(table).section("Totals").table(totals));
    return ExitCode.DONE;
  }

  /** How many problems with a capacity each method packed, and how long all took. */
  private static Table totals(List<LayoutSpeed.Row> rows) {
    Table table = Table.of("method", "fits", "of", "seconds together");
    rows.stream()
        .filter(row -> row.capacityBytes() > 0)
        .collect(Collectors.groupingBy(LayoutSpeed.Row::method))
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            each ->
                table.row(
                    each.getKey(),
                    each.getValue().stream().filter(LayoutSpeed.Row::fits).count(),
                    each.getValue().size(),
                    String.format(
                        Locale.ROOT,
                        "%.2f",
                        each.getValue().stream().mapToDouble(LayoutSpeed.Row::seconds).sum())));
    return table;
  }

  private void print(Table table) {
    int columns = table.columns().size();
    int[] width =
        IntStream.range(0, columns)
            .map(
                c ->
                    Math.max(
                        table.columns().get(c).length(),
                        IntStream.range(0, table.rows())
                            .map(r -> table.text(r, c).length())
                            .max()
                            .orElse(0)))
            .toArray();
    for (int r = -1; r < table.rows(); r++) {
      var line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String text = r < 0 ? table.columns().get(c) : table.text(r, c);
        line.append(text).append(" ".repeat(width[c] - text.length() + 2));
      }
      common.out().println(line.toString().stripTrailing());
    }
  }
}

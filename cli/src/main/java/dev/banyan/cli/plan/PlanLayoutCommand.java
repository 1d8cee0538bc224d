package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.Budget;
import dev.banyan.plan.BufferTable;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutPlanner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan plan layout FILE.csv}: addresses for buffers with known lifetimes. */
@Command(
    name = "layout",
    description = {
      "Place buffers with known lifetimes in the smallest arena found, and say how small any",
      "could be. FILE.csv has the columns id,lower,upper,size and, if you like, alignment",
      "(MiniMalloc's format). With --capacity, exit 1 when they were not made to fit."
    },
    footer = "  banyan plan layout buffers.csv --capacity 1048576 --report layout.html")
public final class PlanLayoutCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "FILE.csv", description = "One buffer per line.")
  private Path file = Path.of("buffers.csv");

  @Option(
      names = "--capacity",
      paramLabel = "N",
      description = "Bytes there are; the search ends when the buffers fit.")
  private @Nullable Long capacity;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "Time it may take; less when proven best (default: ${DEFAULT-VALUE}).")
  private double seconds = 10;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "Placements it may try, instead of --seconds: the same bytes on any machine.")
  private @Nullable Long nodes;

  @Option(
      names = "--out",
      paramLabel = "FILE.csv",
      description = "Where the table with a column offset goes.")
  private @Nullable Path out;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    long wanted = capacity == null ? 0 : positive("--capacity", capacity);
    Budget budget =
        nodes != null
            ? Budget.nodes(positive("--nodes", nodes))
            : Budget.seconds(limit(), System::nanoTime);
    BufferTable table = BufferTable.read(file);
    long started = System.nanoTime();
    Layout layout = LayoutPlanner.fit(table.buffers(), wanted, common.seed(), budget);
    double took = (System.nanoTime() - started) / 1e9;
    boolean feasible = capacity == null || layout.arenaBytes() <= wanted;
    if (out != null) {
      table.write(out, layout);
    }
    print(common.out(), table, layout, took);
    Result result =
        common
            .result()
            .put("buffers", table.buffers().count())
            .put("maxLoadBytes", table.buffers().maxLoadBytes())
            .put("lowerBoundBytes", layout.boundBytes())
            .put("arenaBytes", layout.arenaBytes())
            .put("fragmentation", layout.fragmentation())
            .put("feasible", feasible)
            .put("provenInfeasible", capacity != null && layout.boundBytes() > wanted)
            .put("optimal", layout.optimal())
            .put("endedByDeadline", layout.endedByDeadline())
            .put("nodes", budget.spentNodes())
            .put("seconds", took);
    if (capacity != null) {
      result.put("capacityBytes", wanted);
    }
    common.emit(result, () -> page(result, table, layout));
    return feasible ? ExitCode.DONE : ExitCode.NO;
  }

  private double limit() {
    if (!(seconds > 0)) {
      throw new UserInputException("--seconds " + seconds + ": expected more than 0");
    }
    return seconds;
  }

  private static long positive(String flag, long value) {
    if (value < 1) {
      throw new UserInputException(flag + " " + value + ": expected at least 1");
    }
    return value;
  }

  private void print(PrintWriter to, BufferTable table, Layout layout, double took) {
    to.printf(Locale.ROOT, "buffers      %,d%n", table.buffers().count());
    to.printf(Locale.ROOT, "largest load %,d bytes%n", table.buffers().maxLoadBytes());
    to.printf(
        Locale.ROOT,
        "arena        %,d bytes, %s%n",
        layout.arenaBytes(),
        layout.optimal()
            ? "proven smallest"
            : "at most %.3f %% above the smallest".formatted(100 * layout.fragmentation()));
    if (capacity != null) {
      String answer =
          layout.arenaBytes() <= capacity
              ? "they fit"
              : layout.boundBytes() > capacity
                  ? "proven too small: at least %,d bytes are needed".formatted(layout.boundBytes())
                  : "not made to fit in this time; not proven impossible";
      to.printf(Locale.ROOT, "capacity     %,d bytes: %s%n", capacity, answer);
    }
    to.printf(
        Locale.ROOT,
        "took         %s%s%n",
        Format.number(took) + " s",
        layout.endedByDeadline()
            ? ", ended by --seconds: another machine may find another layout"
            : "");
  }

  private static Report page(Result result, BufferTable table, Layout layout) {
    LayoutPicture picture = LayoutPicture.of(table.buffers(), table.ids(), layout);
    return Report.titled("Memory layout")
        .subtitle(table.buffers().count() + " buffers")
        .figure(
            "arena",
            Format.bytes(layout.arenaBytes()),
            layout.optimal() ? "proven smallest" : "bound " + Format.bytes(layout.boundBytes()))
        .figure(
            "above the bound",
            String.format(Locale.ROOT, "%.3f %%", 100 * layout.fragmentation()),
            "0 is the best there can be")
        .section("Time × address")
        .image(
            picture.svg(),
            "image/svg+xml",
            "each buffer a rectangle: from left to right time, from bottom to top its addresses",
            picture.caption())
        .section("Figures")
        .table(figures(result));
  }

  private static Table figures(Result result) {
    var table = Table.of("figure", "value");
    result.figures().forEach((name, value) -> table.row(name, String.valueOf(value)));
    return table;
  }
}

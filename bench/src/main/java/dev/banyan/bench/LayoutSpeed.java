package dev.banyan.bench;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Table;
import dev.banyan.plan.Budget;
import dev.banyan.plan.BufferTable;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;
import dev.banyan.plan.LayoutPlanner;
import dev.banyan.plan.SyntheticBuffers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Memory layout beside its rivals, on one core: problems from files whose name holds the capacity
 * ({@code A.1048576.csv}, MiniMalloc's), where what counts is whether they fit and how soon, and
 * large made-up ones, where what counts is the arena above the load. MiniMalloc's own program runs
 * beside ours when its path is given.
 */
public final class LayoutSpeed {
  private static final Pattern CAPACITY = Pattern.compile("(.+)\\.(\\d{1,18})\\.csv");

  /**
   * What is measured.
   *
   * @param problems a folder of problems named {@code NAME.CAPACITY.csv}
   * @param peer the program {@code minimalloc}
   * @param seconds most time for one problem and method
   * @param sizes buffers of the made-up problems
   */
  public record Options(
      Optional<Path> problems, Optional<Path> peer, double seconds, List<Integer> sizes) {
    public Options {
      sizes = List.copyOf(sizes);
    }
  }

  /** One method on one problem. */
  public record Row(
      String problem,
      int buffers,
      String method,
      long capacityBytes,
      long boundBytes,
      long arenaBytes,
      boolean fits,
      double aboveBound,
      double seconds) {}

  private LayoutSpeed() {}

  /** Runs everything, one after the other. */
  public static List<Row> measure(Options options, Seed seed, Progress progress)
      throws IOException, InterruptedException {
    List<Row> rows = new ArrayList<>();
    long done = 0;
    for (Path file :
        options.problems().isPresent() ? files(options.problems().get()) : List.<Path>of()) {
      rows.addAll(fitting(file, options, seed));
      progress.step(++done, file.getFileName().toString());
    }
    for (SyntheticBuffers kind : SyntheticBuffers.values()) {
      for (int size : options.sizes()) {
        rows.addAll(large(kind, size, options, seed));
        progress.step(++done, kind.name());
      }
    }
    return rows;
  }

  /** How many problems {@link #measure} goes through. */
  public static int problems(Options options) throws IOException {
    int files = options.problems().isPresent() ? files(options.problems().get()).size() : 0;
    return files + SyntheticBuffers.values().length * options.sizes().size();
  }

  /** One line per problem and method. */
  public static Table table(List<Row> rows) {
    Table table =
        Table.of("problem", "buffers", "method", "arena bytes", "above bound", "fits", "seconds");
    for (Row row : rows) {
      table.row(
          row.problem(),
          row.buffers(),
          row.method(),
          row.arenaBytes() == 0 ? "–" : "%,d".formatted(row.arenaBytes()),
          row.arenaBytes() == 0
              ? "–"
              : String.format(Locale.ROOT, "%.3f %%", 100 * row.aboveBound()),
          row.capacityBytes() == 0 ? "–" : row.fits() ? "yes" : "no",
          String.format(Locale.ROOT, "%.2f", row.seconds()));
    }
    return table;
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new MissingThingException(
          folder + ": no such folder; expected problems named NAME.CAPACITY.csv");
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(file -> CAPACITY.matcher(file.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }

  private static List<Row> fitting(Path file, Options options, Seed seed)
      throws IOException, InterruptedException {
    Matcher name = CAPACITY.matcher(file.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalArgumentException(file + " does not name its capacity");
    }
    long capacity = Long.parseLong(name.group(2));
    Buffers buffers = BufferTable.read(file).buffers();
    List<Row> rows = new ArrayList<>();
    for (LayoutMethod method : LayoutPlanner.methods(seed)) {
      rows.add(row(name.group(1), buffers, method, capacity, options.seconds()));
    }
    if (options.peer().isPresent()) {
      rows.add(peer(name.group(1), buffers, file, capacity, options.peer().get(), options));
    }
    return rows;
  }

  private static List<Row> large(SyntheticBuffers kind, int size, Options options, Seed seed) {
    Buffers buffers = kind.of(size, seed);
    String name = kind.name().toLowerCase(Locale.ROOT) + " " + size;
    List<Row> rows = new ArrayList<>();
    for (LayoutMethod method : LayoutPlanner.methods(seed)) {
      if (!method.name().equals("MiniMalloc")) { // its lists would not fit in memory
        rows.add(row(name, buffers, method, 0, options.seconds()));
      }
    }
    return rows;
  }

  private static Row row(
      String problem, Buffers buffers, LayoutMethod method, long capacity, double seconds) {
    Budget budget = Budget.seconds(seconds, System::nanoTime);
    Layout layout = method.lay(buffers, capacity, budget);
    double took = budget.seconds();
    layout
        .fault(buffers)
        .ifPresent(
            fault -> {
              throw new IllegalStateException(method.name() + " on " + problem + ": " + fault);
            });
    return new Row(
        problem,
        buffers.count(),
        method.name(),
        capacity,
        layout.boundBytes(),
        layout.arenaBytes(),
        capacity > 0 && layout.arenaBytes() <= capacity,
        layout.fragmentation(),
        took);
  }

  /** MiniMalloc's program as a process of its own: its time includes its start, a few ms. */
  private static Row peer(
      String problem, Buffers buffers, Path file, long capacity, Path program, Options options)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("banyan-layout", ".csv");
    try {
      long started = System.nanoTime();
      Process process =
          new ProcessBuilder(
                  program.toString(),
                  "--capacity=" + capacity,
                  "--input=" + file,
                  "--output=" + out)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      boolean ended = process.waitFor(Math.round(1000 * options.seconds()), TimeUnit.MILLISECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      double took = (System.nanoTime() - started) / 1e9;
      boolean fits = ended && process.exitValue() == 0 && Files.size(out) > 0;
      return new Row(problem, buffers.count(), "MiniMalloc (C++)", capacity, 0, 0, fits, 0, took);
    } catch (IOException e) {
      throw new MissingThingException(
          program + ": cannot be run; build github.com/google/minimalloc");
    } finally {
      Files.deleteIfExists(out);
    }
  }
}

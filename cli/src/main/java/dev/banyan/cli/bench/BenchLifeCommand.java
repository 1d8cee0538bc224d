package dev.banyan.cli.bench;

import dev.banyan.bench.LifeShares;
import dev.banyan.bench.Pairs;
import dev.banyan.bench.StartTime;
import dev.banyan.cli.Banyan;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.JavaCommand;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench life}. */
@Command(
    name = "life",
    description = {
      "Each step's share of a life's time, and how long banyan --help takes to start.",
      "Without --run a life that is there is read; with --run it is lived first."
    },
    footer = "  banyan bench life --run --out life --scale tiny")
public final class BenchLifeCommand implements Callable<ExitCode> {
  @Mixin private final Common common = new Common();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "life",
      description = "The life's folder (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("life");

  @Option(names = "--run", description = "Run banyan life first; steps that are done stay.")
  private boolean run;

  @Option(
      names = "--scale",
      paramLabel = "default|tiny",
      defaultValue = "default",
      description = "What --run is told (default: ${DEFAULT-VALUE}).")
  private String scale = "default";

  @Option(
      names = "--starts",
      paramLabel = "N",
      description = "How often banyan --help is timed; 0 for never (default: 20; 200 with --full).")
  private @Nullable Integer starts;

  @Option(
      names = "--launcher",
      paramLabel = "PATH",
      description = "The banyan script to start (default: the one this was started from).")
  private @Nullable Path launcher;

  @Option(
      names = "--full",
      description = "With --run at default scale and more starts; says first how long it takes.")
  private boolean full;

  @Override
  public ExitCode call() throws IOException {
    if (full) {
      common.err().println("bench life --full takes about 9 minutes on two cores");
      common.err().flush();
    }
    if (run || full) {
      live();
    }
    LifeShares life = LifeShares.read(out);
    Table table = Table.of("what", "seconds", "share", "note");
    for (LifeShares.Step step : life.steps()) {
      table.row(step.name(), rounded(step.seconds()), percent(life.share(step)), step.command());
    }
    String whole = Format.duration(Duration.ofMillis(Math.round(life.seconds() * 1000)));
    table.row("whole life", rounded(life.seconds()), "100 %", whole);
    Optional<StartTime> start = start(table);
    common.out().print(TextTable.of(table));
    var result = common.result().put("life", out.toString()).put("seconds", life.seconds());
    result.put("steps", life.steps());
    start.ifPresent(
        time ->
            result
                .put("helpMedianSeconds", time.median())
                .put("helpLeastSeconds", time.least())
                .put("helpSeconds", time.seconds()));
    common.emit(result, () -> Report.titled("banyan bench life").table(table));
    return ExitCode.DONE;
  }

  /** In a process of its own: what a life is told then stays with it. */
  private void live() throws IOException {
    List<String> words = new ArrayList<>(List.of("life", "--out", out.toString()));
    words.addAll(List.of("--scale", full ? "default" : scale));
    words.addAll(List.of("--seed", Long.toString(common.seed().value())));
    Process child =
        new ProcessBuilder(JavaCommand.of(List.of(), Banyan.class.getName(), words))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        common.err().println(line); // its own results are remarks here
      }
      common.err().flush();
      int code = child.waitFor();
      if (code != 0) {
        throw new UserInputException("banyan life ended with " + code + "; see the lines above");
      }
    } catch (InterruptedException e) {
      child.destroy();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a life was lived", e);
    }
  }

  private Optional<StartTime> start(Table table) {
    int runs = starts != null ? starts : full ? 200 : 20;
    if (runs <= 0) {
      return Optional.empty();
    }
    Optional<Path> script = Optional.ofNullable(launcher).or(BenchLifeCommand::ownLauncher);
    if (script.isEmpty()) {
      table.row("banyan --help", null, "", Peers.NOT_RUN + ": give --launcher PATH");
      return Optional.empty();
    }
    StartTime time =
        StartTime.measure(List.of(script.get().toAbsolutePath().toString(), "--help"), runs);
    String note =
        String.format(
            Locale.ROOT, "median of %d starts, least %.3f s", time.seconds().size(), time.least());
    table.row("banyan --help", Math.round(Pairs.median(time.seconds()) * 1000) / 1000.0, "", note);
    return Optional.of(time);
  }

  /** The script beside {@code .banyan}, where the launcher keeps the jar it starts. */
  private static Optional<Path> ownLauncher() {
    CodeSource source = BenchLifeCommand.class.getProtectionDomain().getCodeSource();
    try {
      Path folder = source == null ? null : Path.of(source.getLocation().toURI()).getParent();
      while (folder != null) {
        Path name = folder.getFileName();
        Path home = folder.getParent();
        if (home != null && name != null && name.toString().equals(".banyan")) {
          Path script = home.resolve("banyan");
          return Files.isExecutable(script) ? Optional.of(script) : Optional.empty();
        }
        folder = home;
      }
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 100) / 100.0;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}

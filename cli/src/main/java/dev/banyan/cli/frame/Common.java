package dev.banyan.cli.frame;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The flags every command shares. A command has {@code @Mixin Common common}, prints to {@link
 * #out}, and hands its figures to {@link #emit} once.
 */
public final class Common {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      order = 9_000,
      description = "Write every figure as one JSON object.")
  private @Nullable Path json;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      order = 9_001,
      description = "Write a self-contained page with charts.")
  private @Nullable Path report;

  @Option(
      names = "--seed",
      paramLabel = "N",
      order = 9_002,
      defaultValue = "1",
      description = "Where all randomness comes from (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  /** The seed of this run. */
  public Seed seed() {
    return new Seed(seed);
  }

  /** Whether a seed was given on the command line. */
  public boolean hasSeed() {
    return spec().commandLine().getParseResult().hasMatchedOption("--seed");
  }

  /** Standard output: results. UTF-8; flushed when the command ends. */
  public PrintWriter out() {
    return spec().commandLine().getOut();
  }

  /** Standard error: remarks. */
  public PrintWriter err() {
    return spec().commandLine().getErr();
  }

  /** The command as typed, for example {@code banyan world write}. */
  public String command() {
    return spec().qualifiedName();
  }

  /** A result of this command with this seed, to put figures in. */
  public Result result() {
    return Result.of(command(), seed());
  }

  /** A result with a seed that came from elsewhere than {@code --seed}. */
  public Result result(Seed seed) {
    return Result.of(command(), seed);
  }

  /** Progress on standard error. */
  public Progress progress(String title, long total, String unit) {
    return Progress.open(System.err, title, total, unit);
  }

  /** Whether {@code --report} was given, for commands that gather more when it is. */
  public boolean wantsReport() {
    return report != null;
  }

  /**
   * Refuses {@code --json} and {@code --report} files that could not be written, before work whose
   * figures would be lost.
   *
   * @throws IOException that says why, as writing them would
   */
  public void requireWritable() throws IOException {
    for (Path each : Arrays.asList(json, report)) {
      if (each != null) {
        AtomicFile.open(each).close(); // begun and given up: nothing of it stays
      }
    }
  }

  /** Writes {@code --json}, and for {@code --report} a page with the figures in a table. */
  public void emit(Result result) throws IOException {
    emit(result, () -> Report.of(result));
  }

  /** Writes {@code --json} and {@code --report}, each only when asked for. */
  public void emit(Result result, Supplier<Report> page) throws IOException {
    if (json != null) {
      result.write(json);
    }
    if (report != null) {
      page.get().write(report);
    }
  }

  /**
   * The same for what a signal to end may find at work: the process waits for these files, so they
   * are written even then. Says on standard error where they are.
   */
  public void emitLast(Result result, Supplier<Report> page) throws IOException {
    if (json != null) {
      AtomicFile.writeLast(json, result.text());
      err().printf("wrote %s%n", json);
    }
    if (report != null) {
      AtomicFile.writeLast(report, page.get().html());
      err().printf("wrote %s%n", report);
    }
    err().flush();
  }

  private CommandSpec spec() {
    if (spec == null) {
      throw new IllegalStateException("Common is a picocli mixin: @Mixin Common common");
    }
    return spec;
  }
}

package dev.banyan.cli.bench;

import dev.banyan.bench.TrainSpeed;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench train --python PATH}. */
@UsesLibtorch
@Command(
    name = "train",
    description = "Training speed beside eager PyTorch: the same model and step, in turns.",
    footer = "  banyan bench train --python .venv/bin/python --precision f32")
public final class BenchTrainCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Option(
      names = "--python",
      paramLabel = "PATH",
      description = "A Python with torch; without it ours is measured alone.")
  private @Nullable Path python;

  @Option(
      names = "--peer",
      paramLabel = "FILE",
      defaultValue = "interop/train_speed_peer.py",
      description = "The script it runs (default: ${DEFAULT-VALUE}).")
  private Path peer = Path.of("interop/train_speed_peer.py");

  @Option(
      names = "--precision",
      defaultValue = "f32",
      description = "f32 or bf16 (default: ${DEFAULT-VALUE}).")
  private String precision = "f32";

  @Option(names = "--threads", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
  private int threads = 2;

  @Option(names = "--pairs", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
  private int pairs = 5;

  @Option(
      names = "--steps",
      defaultValue = "12",
      description = "Timed steps of each run (default: ${DEFAULT-VALUE}).")
  private int steps = 12;

  @Override
  public ExitCode call() throws IOException {
    var options =
        new TrainSpeed.Options(precision, threads, pairs, steps, Optional.ofNullable(python), peer);
    TrainSpeed.Outcome outcome;
    Path folder = Files.createTempDirectory("banyan-bench");
    try (Progress progress = common.progress("bench train", pairs, "pairs")) {
      outcome = TrainSpeed.measure(options, folder, progress);
    } finally {
      delete(folder);
    }
    print(outcome);
    Result result =
        common
            .result()
            .put("precision", precision)
            .put("threads", threads)
            .put("tokensPerSecond", outcome.medianTokensPerSecond())
            .put("pairs", outcome.pairs());
    outcome.medianRatio().ifPresent(ratio -> result.put("medianRatio", ratio));
    common.emit(result, () -> Report.of(result).section("Pairs").table(outcome.table()));
    return ExitCode.DONE;
  }

  private void print(TrainSpeed.Outcome outcome) {
    for (TrainSpeed.Pair pair : outcome.pairs()) {
      common
          .out()
          .printf(
              "%s Banyan %.0f tokens/s%s%n",
              outcome.precision(),
              pair.tokensPerSecond(),
              pair.peerTokensPerSecond()
                  .map(
                      peers ->
                          ", PyTorch %.0f, ratio %.2f"
                              .formatted(peers, pair.tokensPerSecond() / peers))
                  .orElse(""));
    }
    common.out().println(outcome.table().captionText());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    }
  }
}

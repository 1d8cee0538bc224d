package dev.banyan.cli.bench;

import dev.banyan.bench.ClusterSpeed;
import dev.banyan.bench.DamagedDumps;
import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench cluster}. */
@Command(
    name = "cluster",
    description = {
      "Event lines a second from files to a diagnosis; a pass over very many ranks; what is lost",
      "when dumps are missing or broken."
    },
    footer = "  banyan bench cluster --events 4000000")
public final class BenchClusterCommand implements Callable<ExitCode> {
  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "4000000",
      description = "Events of each form (default: ${DEFAULT-VALUE}; 170 bytes each as JSON).")
  private long events = 4_000_000;

  @Option(
      names = "--ranks",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Ranks of the large pass (default: ${DEFAULT-VALUE}).")
  private int ranks = 100_000;

  @Option(
      names = "--damage",
      paramLabel = "DIR",
      description = "Dumps of a job, damaged at random; may be given again, and nothing else runs.")
  private List<Path> dumps = List.of();

  @Option(
      names = "--share",
      paramLabel = "P",
      defaultValue = "0.1",
      description = "With --damage: of the dumps (default: ${DEFAULT-VALUE}).")
  private double share = 0.1;

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "300",
      description = "With --damage: how many for each folder (default: ${DEFAULT-VALUE}).")
  private int trials = 300;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (events < 1000 || ranks < 3) {
      throw new UserInputException("expected --events of 1,000 or more and --ranks of 3 or more");
    }
    if (!dumps.isEmpty()) {
      return damage();
    }
    List<ClusterSpeed.Ingest> ingests = new ArrayList<>();
    for (boolean binary : new boolean[] {false, true}) {
      Path folder = Files.createTempDirectory("banyan-events");
      try {
        ClusterSpeed.Ingest ingest = ClusterSpeed.ingest(folder, binary, events);
        ingests.add(ingest);
        common
            .out()
            .printf(
                "%-7s %,d events in %.2f s: %,.0f events/s%s%n",
                ingest.form(),
                ingest.events(),
                ingest.seconds(),
                ingest.eventsPerSecond(),
                ingest.healthy() ? "" : "  NOT HEALTHY");
        common.out().flush();
      } finally {
        try (Stream<Path> below = Files.list(folder)) {
          for (Path file : below.toList()) {
            Files.delete(file);
          }
        }
        Files.delete(folder);
      }
    }
    ClusterSpeed.Pass pass = ClusterSpeed.pass(ranks, 6);
    common
        .out()
        .printf(
            "%,d ranks: the longest of six passes %.3f s, %s of heap in use%n",
            pass.ranks(), pass.seconds(), Format.bytes(pass.usedBytes()));
    common.emit(common.result().put("ingest", ingests).put("pass", pass));
    boolean healthy = ingests.stream().allMatch(ClusterSpeed.Ingest::healthy);
    return healthy ? ExitCode.DONE : ExitCode.NO;
  }

  private ExitCode damage() throws IOException, InterruptedException {
    if (!(share >= 0 && share <= 1) || trials < 1) {
      throw new UserInputException("expected --share of 0 to 1 and --trials of 1 or more");
    }
    Path scratch = Files.createTempDirectory("banyan-dumps");
    List<DamagedDumps.Result> results = new ArrayList<>();
    try (Progress progress = common.progress("damage", dumps.size(), "jobs")) {
      for (Path folder : dumps) {
        results.add(DamagedDumps.measure(folder, share, trials, common.seed(), scratch));
        progress.step(results.size(), folder.toString());
      }
    } finally {
      Files.delete(scratch);
    }
    for (DamagedDumps.Result each : results) {
      common
          .out()
          .printf(
              "%s: names %s; of %d trials right %d (%.1f %%), all named %d, the same %d, silent %d, an innocent"
                  + " named %d; %d dumps damaged%n",
              each.folder(),
              each.named(),
              each.trials(),
              each.right(),
              100.0 * each.right() / each.trials(),
              each.all(),
              each.same(),
              each.silent(),
              each.innocent(),
              each.damaged());
    }
    common.emit(common.result().put("damage", results));
    return ExitCode.DONE;
  }
}

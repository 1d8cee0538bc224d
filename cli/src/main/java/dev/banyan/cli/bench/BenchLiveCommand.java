package dev.banyan.cli.bench;

import dev.banyan.bench.LiveModel;
import dev.banyan.bench.Pairs;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.IoConsumer;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.serve.EngineSpeed;
import dev.banyan.serve.LiveFaults;
import dev.banyan.serve.PacedCluster;
import dev.banyan.serve.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench live}. */
@Command(
    name = "live",
    description = "Engine processes that serve, move, drain and die, measured against their bars.",
    footer = "  banyan bench live --only moves,downtime --moves 10000")
public final class BenchLiveCommand implements Callable<ExitCode> {

  /** What can be measured. */
  enum Part {
    MOVES,
    DOWNTIME,
    DRAIN,
    CANCEL,
    FAULTS,
    SPEED,
    PACED,
    GATEWAY,
    STREAMS
  }

  @Mixin private final Common common = new Common();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "A Hugging Face folder with a tokenizer (default: fresh small Llamas).")
  private @Nullable Path model;

  @Option(
      names = "--only",
      paramLabel = "PARTS",
      split = ",",
      description =
          "Some of moves, downtime, drain, cancel, faults, speed, paced, gateway, streams (default:"
              + " all).")
  private List<Part> only = List.of();

  @Option(
      names = "--moves",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Forced moves (default: ${DEFAULT-VALUE}).")
  private long moves = 10_000;

  @Option(
      names = "--faults",
      paramLabel = "N",
      defaultValue = "100",
      description = "Runs in which something dies, stalls or lies (default: ${DEFAULT-VALUE}).")
  private int faults = 100;

  @Option(
      names = "--timed",
      paramLabel = "N",
      defaultValue = "40",
      description = "Moves whose downtime is taken, per length (default: ${DEFAULT-VALUE}).")
  private int timed = 40;

  @Option(
      names = "--cancels",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Clients that go away (default: ${DEFAULT-VALUE}).")
  private int cancels = 1000;

  @Option(
      names = "--draws",
      paramLabel = "N",
      defaultValue = "3",
      description = "Paced: workloads that are served and simulated (default: ${DEFAULT-VALUE}).")
  private int draws = 3;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "400",
      description = "Paced: requests of each of them (default: ${DEFAULT-VALUE}).")
  private int requests = 400;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "7",
      description = "Paced: requests per second on four instances (default: ${DEFAULT-VALUE}).")
  private double rate = 7;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      defaultValue = "banyan",
      description = "Paced: of both clusters (default: ${DEFAULT-VALUE}).")
  private String policy = "banyan";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Gateway: rounds of latency, the best of which counts (default: ${DEFAULT-VALUE}).")
  private int rounds = 5;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "60",
      description = "Gateway: of each round, and of one before them (default: ${DEFAULT-VALUE}).")
  private double seconds = 60;

  private final Bars bars = new Bars();

  @Override
  public ExitCode call() throws IOException {
    Result result = common.result();
    var move = new MoveBench(common, bars);
    var gateway = new GatewayBench(common, bars);
    if (wanted(Part.MOVES)) {
      with(true, folder -> result.put("moves", move.forced(folder, moves)));
    }
    if (wanted(Part.DOWNTIME)) {
      with(false, folder -> result.put("downtime", move.downtime(folder, timed)));
    }
    if (wanted(Part.DRAIN)) {
      with(false, folder -> result.put("drain", move.drain(folder)));
    }
    if (wanted(Part.CANCEL)) {
      with(false, folder -> result.put("cancel", move.cancel(folder, cancels)));
    }
    if (wanted(Part.FAULTS)) {
      with(true, folder -> result.put("faults", faults(folder)));
    }
    if (wanted(Part.SPEED)) {
      with(false, folder -> result.put("speed", speed(folder)));
    }
    if (wanted(Part.PACED)) {
      with(true, folder -> result.put("paced", paced(folder)));
    }
    if (wanted(Part.GATEWAY)) {
      with(true, folder -> result.put("gateway", gateway.added(folder, rounds, seconds)));
    }
    if (wanted(Part.STREAMS)) {
      with(true, folder -> gateway.streams(folder, result));
    }
    Table table = bars.table();
    common.out().print(TextTable.of(table));
    common.emit(result, () -> Report.titled("banyan bench live").section("Figures").table(table));
    return bars.missed() ? ExitCode.NO : ExitCode.DONE;
  }

  private boolean wanted(Part part) {
    return only.isEmpty() || only.contains(part);
  }

  private void with(boolean tiny, IoConsumer<Path> measure) throws IOException {
    if (model != null) {
      measure.accept(model);
      return;
    }
    try (LiveModel fresh = tiny ? LiveModel.tiny(common.seed()) : LiveModel.small(common.seed())) {
      measure.accept(fresh.folder());
    }
  }

  private LiveFaults.Tally faults(Path folder) throws IOException {
    LiveFaults.Tally tally;
    try (Progress progress = common.progress("faults", faults, "runs")) {
      tally = LiveFaults.run(folder, faults, common.seed(), progress);
    }
    bars.line(
        "faults",
        String.format(
            Locale.ROOT,
            "%d faults struck, %d runs did not reach theirs (%s), %,d answers, %,d computed again",
            tally.runs(),
            tally.notReached(),
            Arrays.stream(LiveFaults.Fault.values())
                .map(each -> counted(each, tally))
                .collect(Collectors.joining(", ")),
            tally.answers(),
            tally.replayed()),
        String.format(
            Locale.ROOT,
            "%d errors, %d wrong, %d leaks",
            tally.errors(),
            tally.wrong(),
            tally.leaks()),
        "0",
        tally.errors() + tally.wrong() + tally.leaks() == 0 && tally.runs() == faults);
    bars.line(
        "faults",
        "longest pause of each answer",
        String.format(
            Locale.ROOT,
            "median %.2f s, P99 %.2f s",
            tally.gapMedianSeconds(),
            tally.gapP99Seconds()),
        "≤ 2 s + prefill",
        tally.gapP99Seconds() <= 2.5);
    tally.violations().stream().limit(20).forEach(each -> common.out().println(each));
    return tally;
  }

  private static String counted(LiveFaults.Fault fault, LiveFaults.Tally tally) {
    String name = fault.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return tally.faults().getOrDefault(fault, 0) + " " + name;
  }

  private EngineSpeed.Speeds speed(Path folder) {
    EngineSpeed.Speeds speeds = EngineSpeed.measure(folder, 128, 5, common.seed());
    double generate = Pairs.median(speeds.generate());
    double alone = Pairs.median(speeds.alone());
    double eight = Pairs.median(speeds.eight());
    bars.line(
        "speed",
        String.format(
            Locale.ROOT, "one stream %.0f tokens/s, banyan generate %.0f", alone, generate),
        String.format(Locale.ROOT, "%.2f ×", alone / generate),
        "≥ 0.9 ×",
        alone >= 0.9 * generate);
    bars.line(
        "speed",
        String.format(Locale.ROOT, "eight streams together %.0f tokens/s", eight),
        String.format(Locale.ROOT, "%.2f × one", eight / alone),
        "≥ 3 ×",
        eight >= 3 * alone);
    return speeds;
  }

  /** Four instances, live and simulated. */
  private List<PacedCluster.Run> paced(Path folder) throws IOException {
    Workload workload = Workload.generated("burstgpt-like", requests, rate, 2).capped(2048, 256);
    List<PacedCluster.Run> runs;
    try (Progress progress = common.progress("paced", (long) draws * requests, "answers")) {
      runs =
          PacedCluster.compare(
              folder, PacedCluster.PROFILE, policy, 4, workload, draws, common.seed(), progress);
    }
    for (PacedCluster.Run each : runs) {
      common
          .out()
          .printf(
              Locale.ROOT,
              "draw: first token mean %.3f s live, %.3f s simulated (%.3f ×); P99 %.2f, %.2f s"
                  + " (%.3f ×); %d open at once, late %.0f ms, moves %d and %d, requeued %d and %d%n",
              PacedCluster.mean(each.first().live()),
              PacedCluster.mean(each.first().simulated()),
              each.first().meanRatio(),
              each.first().liveP99(),
              each.first().simulatedP99(),
              each.first().p99Ratio(),
              each.mostOpen(),
              1e3 * each.late(),
              each.moves(),
              each.simulatedMoves(),
              each.requeues(),
              each.simulatedRequeues());
    }
    PacedCluster.FirstTokens all = PacedCluster.pooled(runs);
    long failed = runs.stream().mapToLong(PacedCluster.Run::failed).sum();
    bars.line(
        "paced",
        String.format(
            Locale.ROOT,
            "mean seconds to the first token, %d draws of %d: %.3f live, %.3f simulated",
            draws,
            requests,
            PacedCluster.mean(all.live()),
            PacedCluster.mean(all.simulated())),
        String.format(Locale.ROOT, "%+.1f %%", 100 * (all.meanRatio() - 1)),
        "± 10 %",
        failed == 0 && Math.abs(all.meanRatio() - 1) <= 0.1);
    bars.line(
        "paced",
        String.format(
            Locale.ROOT, "P99: %.2f live, %.2f simulated", all.liveP99(), all.simulatedP99()),
        String.format(Locale.ROOT, "%+.1f %%", 100 * (all.p99Ratio() - 1)),
        "± 20 %",
        failed == 0 && Math.abs(all.p99Ratio() - 1) <= 0.2);
    long decisions =
        runs.stream().mapToLong(r -> r.replay().dispatches() + r.replay().rounds()).sum();
    long differing = runs.stream().mapToLong(PacedCluster.Run::differing).sum();
    bars.line(
        "paced",
        String.format(
            Locale.ROOT, "%,d decisions taken again, %d requests failed", decisions, failed),
        String.format(Locale.ROOT, "%d differ", differing),
        "0",
        differing == 0 && failed == 0);
    return runs;
  }
}

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
import dev.banyan.core.UserInputException;
import dev.banyan.serve.EngineSpeed;
import dev.banyan.serve.ForcedMoves;
import dev.banyan.serve.GatewayCost;
import dev.banyan.serve.LiveFaults;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.MoveTimes;
import dev.banyan.serve.PacedCluster;
import dev.banyan.serve.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
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
  private static final int STREAMS = 1000;
  private static final int STREAM_TOKENS = 60;
  private static final int SPLITS = 20;

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

  private final Table table = Table.of("part", "what", "figure", "bar", "holds");
  private boolean missed;

  @Override
  public ExitCode call() throws IOException {
    Result result = common.result();
    if (wanted(Part.MOVES)) {
      with(true, folder -> result.put("moves", moves(folder)));
    }
    if (wanted(Part.DOWNTIME)) {
      with(false, folder -> result.put("downtime", downtime(folder)));
    }
    if (wanted(Part.DRAIN)) {
      with(false, folder -> result.put("drain", drain(folder)));
    }
    if (wanted(Part.CANCEL)) {
      with(false, folder -> result.put("cancel", cancel(folder)));
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
      with(true, folder -> result.put("gateway", gateway(folder)));
    }
    if (wanted(Part.STREAMS)) {
      with(true, folder -> streams(folder, result));
    }
    common.out().print(TextTable.of(table));
    common.emit(result, () -> Report.titled("banyan bench live").section("Figures").table(table));
    return missed ? ExitCode.NO : ExitCode.DONE;
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

  private void line(String part, String what, String figure, String bar, boolean holds) {
    table.row(part, what, figure, bar, holds ? "yes" : "NO");
    missed |= !holds;
  }

  private ForcedMoves.Tally moves(Path folder) throws IOException {
    ForcedMoves.Tally tally;
    try (Progress progress = common.progress("forced moves", moves, "moves")) {
      tally = ForcedMoves.run(folder, moves, common.seed(), progress);
    }
    line(
        "moves",
        String.format(
            Locale.ROOT,
            "%,d committed, %,d given up, %,d answers, %,d tokens",
            tally.moves(),
            tally.givenUp(),
            tally.answers(),
            tally.tokens()),
        String.format(
            Locale.ROOT,
            "%d differing, %d lost, %d duplicated",
            tally.differing(),
            tally.lost(),
            tally.duplicated()),
        "0",
        tally.wrong() == 0);
    return tally;
  }

  private List<MoveTimes.Downtime> downtime(Path folder) throws IOException {
    MoveTimes.Downtime brief;
    MoveTimes.Downtime lengthy;
    try (Progress progress = common.progress("downtime", timed, "moves")) {
      brief = MoveTimes.downtime(folder, 256, timed, common.seed(), progress);
    }
    try (Progress progress = common.progress("downtime", timed, "moves")) {
      lengthy = MoveTimes.downtime(folder, 2048, timed, common.seed(), progress);
    }
    MoveTimes.Downtime pacedBrief;
    MoveTimes.Downtime pacedLengthy;
    try (Progress progress = common.progress("downtime, paced", timed, "moves")) {
      pacedBrief = MoveTimes.pacedDowntime(folder, 256, timed, common.seed(), progress);
    }
    try (Progress progress = common.progress("downtime, paced", timed, "moves")) {
      pacedLengthy = MoveTimes.pacedDowntime(folder, 2048, timed, common.seed(), progress);
    }
    pauses("a model", List.of(brief, lengthy));
    pauses("paced engines", List.of(pacedBrief, pacedLengthy));
    double longer = lengthy.stoppedMedianSeconds() / brief.stoppedMedianSeconds();
    line(
        "downtime",
        String.format(
            Locale.ROOT,
            "in no batch: median %.2f ms (256 tokens), %.2f ms (2,048)",
            1e3 * brief.stoppedMedianSeconds(),
            1e3 * lengthy.stoppedMedianSeconds()),
        String.format(Locale.ROOT, "%.2f ×", longer),
        "≤ 1.2 ×",
        longer <= 1.2);
    double anew = lengthy.recomputeSeconds() / lengthy.stoppedMedianSeconds();
    line(
        "downtime",
        String.format(
            Locale.ROOT,
            "recomputing 2,048 tokens takes %.0f ms",
            1e3 * lengthy.recomputeSeconds()),
        String.format(Locale.ROOT, "%.0f × longer", anew),
        "≥ 20 ×",
        anew >= 20);
    return List.of(brief, lengthy, pacedBrief, pacedLengthy);
  }

  private void pauses(String engines, List<MoveTimes.Downtime> found) {
    for (MoveTimes.Downtime each : found) {
      String of = engines + ", " + each.contextTokens() + " tokens";
      line(
          "downtime",
          String.format(
              Locale.ROOT,
              "from the last token of the source to the first of the destination, %s, steps of"
                  + " %.2f ms",
              of,
              1e3 * each.stepSeconds()),
          String.format(
              Locale.ROOT,
              "median %.2f, P99 %.2f steps",
              each.gapMedianSteps(),
              each.gapP99Steps()),
          "≤ 2, ≤ 5",
          each.gapMedianSteps() <= 2 && each.gapP99Steps() <= 5);
      table.row(
          "downtime",
          "longest pause of twelve from the move on, and of twelve before it",
          String.format(
              Locale.ROOT,
              "medians %.2f, %.2f steps",
              each.longestMedianSteps(),
              each.longestQuietMedianSteps()),
          "–",
          "–");
      line(
          "downtime",
          String.format(
              Locale.ROOT,
              "a neighbour's step while one moves, %s, against %.2f ms",
              of,
              1e3 * each.neighbourQuietStepSeconds()),
          String.format(
              Locale.ROOT,
              "%+.1f %%",
              100 * (each.neighbourStepSeconds() / each.neighbourQuietStepSeconds() - 1)),
          "≤ +3 %",
          each.neighbourStepSeconds() <= 1.03 * each.neighbourQuietStepSeconds());
    }
  }

  private MoveTimes.Drains drain(Path folder) throws IOException {
    MoveTimes.Drains drains;
    try (Progress progress = common.progress("drain", 10, "drains")) {
      drains = MoveTimes.drains(folder, 16, 10, common.seed(), progress);
    }
    double longest = drains.seconds().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    line(
        "drain",
        String.format(
            Locale.ROOT,
            "%d streams, %d times: longest",
            drains.streams(),
            drains.seconds().size()),
        String.format(Locale.ROOT, "%.2f s, %d failures", longest, drains.failed()),
        "≤ 2 s, 0",
        longest <= 2 && drains.failed() == 0);
    return drains;
  }

  private MoveTimes.Cancels cancel(Path folder) throws IOException {
    MoveTimes.Cancels found;
    try (Progress progress = common.progress("cancel", cancels, "clients")) {
      found = MoveTimes.cancels(folder, cancels, common.seed(), progress);
    }
    line(
        "cancel",
        String.format(
            Locale.ROOT,
            "blocks free after, half of them while moving: median %.1f, P99 %.1f, longest %.1f ms",
            1e3 * found.median(),
            1e3 * found.p99(),
            1e3 * found.longest()),
        String.format(Locale.ROOT, "%,d of %,d in 50 ms", found.inTime(), found.count()),
        "all",
        found.inTime() == found.count());
    return found;
  }

  private LiveFaults.Tally faults(Path folder) throws IOException {
    LiveFaults.Tally tally;
    try (Progress progress = common.progress("faults", faults, "runs")) {
      tally = LiveFaults.run(folder, faults, common.seed(), progress);
    }
    line(
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
    line(
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
    line(
        "speed",
        String.format(
            Locale.ROOT, "one stream %.0f tokens/s, banyan generate %.0f", alone, generate),
        String.format(Locale.ROOT, "%.2f ×", alone / generate),
        "≥ 0.9 ×",
        alone >= 0.9 * generate);
    line(
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
    line(
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
    line(
        "paced",
        String.format(
            Locale.ROOT, "P99: %.2f live, %.2f simulated", all.liveP99(), all.simulatedP99()),
        String.format(Locale.ROOT, "%+.1f %%", 100 * (all.p99Ratio() - 1)),
        "± 20 %",
        failed == 0 && Math.abs(all.p99Ratio() - 1) <= 0.2);
    long decisions =
        runs.stream().mapToLong(r -> r.replay().dispatches() + r.replay().rounds()).sum();
    long differing = runs.stream().mapToLong(PacedCluster.Run::differing).sum();
    line(
        "paced",
        String.format(
            Locale.ROOT, "%,d decisions taken again, %d requests failed", decisions, failed),
        String.format(Locale.ROOT, "%d differ", differing),
        "0",
        differing == 0 && failed == 0);
    return runs;
  }

  private List<GatewayCost.Round> gateway(Path folder) throws IOException {
    if (rounds < 1 || !(seconds >= 2)) {
      throw new UserInputException(
          "--rounds %d of --seconds %s: at least one round of 2 s was expected"
              .formatted(rounds, seconds));
    }
    try (GatewayProcess gateway = GatewayProcess.start(folder, GatewayCost.QUICK, 1)) {
      List<GatewayCost.Round> all = added(gateway);
      resident("gateway", gateway, "after %.0f requests".formatted((rounds + 1) * seconds * 150));
      return all;
    }
  }

  /** Many at once: streams that stay open, and arrivals that are spread. */
  private void streams(Path folder, Result result) throws IOException {
    try (GatewayProcess gateway = GatewayProcess.start(folder, GatewayCost.SLOW, 4)) {
      result.put("streams", streams(gateway));
      resident("streams", gateway, "after %,d streams".formatted(STREAMS));
    }
    result.put("splits", splits(folder));
  }

  private List<GatewayCost.Round> added(GatewayProcess gateway) throws IOException {
    List<GatewayCost.Round> all;
    try (Progress progress = common.progress("gateway", rounds + 1, "rounds")) {
      all =
          GatewayCost.rounds(
              gateway.port(), gateway.profile(), 300, rounds, seconds, common.seed(), progress);
    }
    int failed = 0;
    for (GatewayCost.Round each : all) {
      failed += each.failed();
      common
          .out()
          .printf(
              Locale.ROOT,
              "round: first token P50 %.2f ms direct, %.2f ms gateway, %.2f added; P99 %.2f, %.2f,"
                  + " %.2f added; whole answer P50 %.2f, %.2f; P99 %.2f, %.2f; %d failed%n",
              1e3 * each.directFirst().p50(),
              1e3 * each.gatewayFirst().p50(),
              1e3 * each.addedP50(),
              1e3 * each.directFirst().p99(),
              1e3 * each.gatewayFirst().p99(),
              1e3 * each.addedP99(),
              1e3 * each.directWhole().p50(),
              1e3 * each.gatewayWhole().p50(),
              1e3 * each.directWhole().p99(),
              1e3 * each.gatewayWhole().p99(),
              each.failed());
    }
    GatewayCost.Round best =
        all.stream().min(Comparator.comparingDouble(GatewayCost.Round::addedP50)).orElseThrow();
    double p50 = best.addedP50();
    double p99 = best.addedP99();
    line(
        "gateway",
        String.format(
            Locale.ROOT,
            "added to the first token at 300 requests/s, round with the least P50 of %d of %.0f s,"
                + " %d failed",
            rounds,
            seconds,
            failed),
        String.format(Locale.ROOT, "P50 %.2f ms, P99 %.2f ms", 1e3 * p50, 1e3 * p99),
        "≤ 0.3, ≤ 2 ms",
        p50 <= 0.3e-3 && p99 <= 2e-3 && failed == 0);
    return all;
  }

  private void resident(String part, GatewayProcess gateway, String when) throws IOException {
    GatewayCost.Resident memory = GatewayCost.resident(gateway.pid());
    line(
        part,
        String.format(
            Locale.ROOT, "resident %s: %.0f MB now, the most there was", when, memory.now()),
        String.format(Locale.ROOT, "%.0f MB", memory.most()),
        "≤ 300 MB",
        memory.most() <= 300);
  }

  private LoadOutcome streams(GatewayProcess gateway) throws IOException {
    LoadOutcome found;
    try (Progress progress = common.progress("streams", STREAMS, "answers")) {
      found = GatewayCost.streams(gateway.port(), STREAMS, STREAM_TOKENS, progress);
    }
    long full =
        found.answers().stream()
            .filter(each -> each.answered() && each.outputTokens() == STREAM_TOKENS)
            .count();
    line(
        "streams",
        String.format(
            Locale.ROOT,
            "%,d streams open at once, %,d failed, %,.0f tokens/s",
            found.mostOpen(),
            found.failed(),
            found.tokensPerSecond()),
        String.format(Locale.ROOT, "%,d answered in full", full),
        String.format(Locale.ROOT, "%,d", STREAMS),
        full == STREAMS && found.mostOpen() == STREAMS);
    return found;
  }

  private List<int[]> splits(Path folder) throws IOException {
    List<int[]> found;
    try (Progress progress = common.progress("splits", SPLITS, "times")) {
      found = GatewayCost.splits(folder, 4, 64, SPLITS, common.seed(), progress);
    }
    int least = found.stream().flatMapToInt(Arrays::stream).min().orElse(0);
    int most = found.stream().flatMapToInt(Arrays::stream).max().orElse(0);
    line(
        "streams",
        "64 arrivals at once on 4 instances that report every 500 ms, %d times".formatted(SPLITS),
        "%d to %d each".formatted(least, most),
        "16 ± 1",
        least >= 15 && most <= 17 && found.size() == SPLITS);
    return found;
  }
}

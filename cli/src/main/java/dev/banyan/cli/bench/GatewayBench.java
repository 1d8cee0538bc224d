package dev.banyan.cli.bench;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.GatewayCost;
import dev.banyan.serve.LoadOutcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What of {@code banyan bench live} is about the gateway itself. */
record GatewayBench(Common common, Bars bars) {
  private static final int STREAMS = 1000;
  private static final int STREAM_TOKENS = 60;
  private static final int SPLITS = 20;

  /** What it adds to the first token, and its memory. */
  List<GatewayCost.Round> added(Path folder, int rounds, double seconds) throws IOException {
    if (rounds < 1 || !(seconds >= 2)) {
      throw new UserInputException(
          "--rounds %d of --seconds %s: at least one round of 2 s was expected"
              .formatted(rounds, seconds));
    }
    try (GatewayProcess gateway = GatewayProcess.start(folder, GatewayCost.QUICK, 1)) {
      List<GatewayCost.Round> all = added(gateway, rounds, seconds);
      resident("gateway", gateway, "after %.0f requests".formatted((rounds + 1) * seconds * 150));
      return all;
    }
  }

  /** Many at once: streams that stay open, and arrivals that are spread. */
  void streams(Path folder, Result result) throws IOException {
    try (GatewayProcess gateway = GatewayProcess.start(folder, GatewayCost.SLOW, 4)) {
      result.put("streams", streams(gateway));
      resident("streams", gateway, "after %,d streams".formatted(STREAMS));
    }
    result.put("splits", splits(folder));
  }

  private List<GatewayCost.Round> added(GatewayProcess gateway, int rounds, double seconds)
      throws IOException {
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
    bars.line(
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
    bars.line(
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
    bars.line(
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
    bars.line(
        "streams",
        "64 arrivals at once on 4 instances that report every 500 ms, %d times".formatted(SPLITS),
        "%d to %d each".formatted(least, most),
        "16 ± 1",
        least >= 15 && most <= 17 && found.size() == SPLITS);
    return found;
  }
}

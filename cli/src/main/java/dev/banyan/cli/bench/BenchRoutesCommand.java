package dev.banyan.cli.bench;

import dev.banyan.bench.ProbeSpeed;
import dev.banyan.bench.RouteRivals;
import dev.banyan.bench.SocketRings;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench routes}. */
@Command(
    name = "routes",
    description = {
      "Ways of routing beside each other: on C4's testbed, at 16,384 NICs, on random fabrics, and",
      "with real sockets on a fabric of network namespaces (parts probe and sockets, take root)."
    },
    footer = "  banyan bench routes --parts testbed,speed,random,probe,sockets")
public final class BenchRoutesCommand implements Callable<ExitCode> {
  private static final Set<String> PARTS = Set.of("testbed", "speed", "random", "probe", "sockets");

  @Mixin private final Common common = new Common();

  @Option(
      names = "--parts",
      paramLabel = "NAMES",
      split = ",",
      defaultValue = "testbed,speed,random",
      description = "testbed, speed, random, probe, sockets (default: ${DEFAULT-VALUE}).")
  private List<String> parts = List.of();

  @Option(
      names = "--fabrics",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Random fabrics (default: ${DEFAULT-VALUE}).")
  private int fabrics = 1000;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "20",
      description = "Hash seeds of the testbed, runs with sockets (default: ${DEFAULT-VALUE}).")
  private int seeds = 20;

  @Option(
      names = "--uplink",
      paramLabel = "MBIT",
      defaultValue = "50",
      description = "Rate of the uplinks in the fabric of namespaces (default: ${DEFAULT-VALUE}).")
  private double uplink = 50;

  @Option(
      names = "--megabytes",
      paramLabel = "N",
      defaultValue = "10",
      description = "Each connection sends there (default: ${DEFAULT-VALUE}).")
  private int megabytes = 10;

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    for (String part : parts) {
      if (!PARTS.contains(part)) {
        throw new UserInputException(
            "--parts: there is no part '"
                + part
                + "'; there are testbed, speed, random, probe, sockets");
      }
    }
    if (seeds < 1 || fabrics < 1 || megabytes < 1 || !(uplink > 0)) {
      throw new UserInputException("--seeds, --fabrics, --megabytes and --uplink are above 0");
    }
    Result result = common.result();
    if (parts.contains("speed")) {
      speed(result); // first, so that the first plan meets a JVM that has planned nothing
    }
    if (parts.contains("testbed")) {
      testbed(result);
    }
    if (parts.contains("random")) {
      random(result);
    }
    if (parts.contains("probe")) {
      probe(result);
    }
    if (parts.contains("sockets")) {
      sockets(result);
    }
    common.emit(result);
    return ExitCode.DONE;
  }

  private void speed(Result result) {
    Table table =
        Table.of(
            "spines",
            "queue pairs",
            "spread",
            "first s",
            "plan s",
            "re-plan s",
            "plan cpu s",
            "re-plan cpu s",
            "of bound %",
            "after failure %",
            "equal weights %");
    List<RouteRivals.Speed> all = new ArrayList<>();
    for (int spines : new int[] {64, 63, 24, 7}) {
      RouteRivals.Speed speed = RouteRivals.speed(spines, 7, common.seed());
      all.add(speed);
      table.row(
          spines,
          speed.queuePairs(),
          speed.spread(),
          three(speed.firstSeconds()),
          three(speed.seconds()),
          three(speed.replanSeconds()),
          three(speed.processorSeconds()),
          three(speed.replanProcessorSeconds()),
          two(100 * speed.ofBound()),
          two(100 * speed.ofBoundAfter()),
          two(100 * speed.evenAfter()));
    }
    common
        .out()
        .print(
            TextTable.of(
                table.caption(
                    "16,384 NICs, 2 planes of 256 leaves; spread: most minus least queue pairs on two links of a leaf.")));
    result.put("speed", all);
  }

  private void testbed(Result result) {
    Table table =
        Table.of(
            "setting",
            "queue pairs",
            "ECMP",
            "ECMP fixed",
            "C4P",
            "Crux",
            "equal weights",
            "ours",
            "bound",
            "ours : ECMP",
            "of bound %");
    List<RouteRivals.Setting> all = new ArrayList<>();
    List<String> one = List.of("p0/leaf0-spine3");
    List<String> both = List.of("p0/leaf0-spine3", "p1/leaf0-spine3");
    for (int queuePairs : new int[] {1, 2, 4}) {
      add(table, all, "1:1", 1, queuePairs, List.of());
    }
    for (int queuePairs : new int[] {1, 2, 4}) {
      add(table, all, "2:1", 2, queuePairs, List.of());
    }
    for (int queuePairs : new int[] {1, 2, 4}) {
      add(table, all, "1 link down", 1, queuePairs, one);
    }
    for (int queuePairs : new int[] {1, 2, 4}) {
      add(table, all, "1 link down in both planes", 1, queuePairs, both);
    }
    common
        .out()
        .print(
            TextTable.of(
                table.caption(
                    "Mean bus bandwidth of 8 jobs of 2 nodes, Gb/s of a NIC, %d hash seeds; queue pairs per port."
                        .formatted(seeds))));
    result.put("testbed", all);
  }

  private void add(
      Table table,
      List<RouteRivals.Setting> all,
      String name,
      double over,
      int queuePairs,
      List<String> failed) {
    RouteRivals.Setting each = RouteRivals.setting(over, queuePairs, failed, seeds, common.seed());
    all.add(each);
    table.row(
        name,
        queuePairs,
        two(each.ecmp()),
        two(each.ecmpFixed()),
        two(each.c4p()),
        two(each.crux()),
        two(each.equalWeights()),
        two(each.ours()),
        two(each.bound()),
        two(each.ours() / each.ecmp()),
        two(100 * each.ours() / each.bound()));
  }

  private void random(Result result) {
    RouteRivals.Random random;
    try (Progress progress = common.progress("random fabrics", fabrics, "fabrics")) {
      random = RouteRivals.random(fabrics, common.seed(), progress);
    }
    common
        .out()
        .printf(
            "%,d random fabrics: a rival's slowest job is faster in %d, a rival's mean higher in %d; certificate holds in %,d; ours has %.1f %% of the bound (median, least %.1f %%), %.2f × ECMP%n",
            random.fabrics(),
            random.worse(),
            random.meanWorse(),
            random.certified(),
            100 * random.ofBound(),
            100 * random.leastOfBound(),
            random.overEcmp());
    result.put("random", random);
  }

  private void probe(Result result) throws InterruptedException {
    Table table =
        Table.of(
            "spines",
            "ports",
            "answered",
            "spines found",
            "first s",
            "again s",
            "same",
            "on the dead link",
            "moved");
    List<ProbeSpeed.Outcome> all = new ArrayList<>();
    for (int spines : new int[] {64, 4}) {
      ProbeSpeed.Outcome each = ProbeSpeed.measure(spines);
      all.add(each);
      table.row(
          spines,
          each.ports(),
          each.answered(),
          each.found(),
          three(each.firstSeconds()),
          three(each.seconds()),
          each.same() ? "yes" : "NO",
          each.usedDead(),
          each.moved());
    }
    common
        .out()
        .print(
            TextTable.of(
                table.caption(
                    "UDP over one leaf pair; moved: ports with another path after one link went down.")));
    result.put("probe", all);
  }

  private void sockets(Result result) throws IOException, InterruptedException {
    SocketRings.Outcome outcome;
    try (Progress progress = common.progress("rings of sockets", seeds, "seeds")) {
      outcome = SocketRings.measure(seeds, uplink, megabytes, common.seed(), progress);
    }
    double[] ecmp = sorted(outcome.runs().stream().mapToDouble(SocketRings.Run::ecmpMbit));
    double[] planned = sorted(outcome.runs().stream().mapToDouble(SocketRings.Run::plannedMbit));
    double[] ratio =
        sorted(outcome.runs().stream().mapToDouble(run -> run.plannedMbit() / run.ecmpMbit()));
    double[] probe = sorted(outcome.runs().stream().mapToDouble(SocketRings.Run::probeSeconds));
    double payload = outcome.boundMbit() * SocketRings.PAYLOAD_SHARE;
    Table table = Table.of("rings over sockets", "worst", "median", "best");
    table.row("kernel's ECMP, Mbit/s", two(ecmp[0]), two(median(ecmp)), two(last(ecmp)));
    table.row("planned, Mbit/s", two(planned[0]), two(median(planned)), two(last(planned)));
    table.row("planned : ECMP", two(ratio[0]), two(median(ratio)), two(last(ratio)));
    table.row(
        "planned of the bound, %",
        two(100 * planned[0] / payload),
        two(100 * median(planned) / payload),
        two(100 * last(planned) / payload));
    table.row("probing, s", three(last(probe)), three(median(probe)), three(probe[0]));
    common
        .out()
        .print(
            TextTable.of(
                table.caption(
                    "%d seeds; bound %.1f Mbit/s a host on the wire, %.1f of payload, as the others are."
                        .formatted(seeds, outcome.boundMbit(), payload))));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("boundMbit", outcome.boundMbit());
    figures.put("medianEcmpMbit", median(ecmp));
    figures.put("medianPlannedMbit", median(planned));
    figures.put("medianRatio", median(ratio));
    figures.put("worstRatio", ratio[0]);
    figures.put("bestRatio", last(ratio));
    figures.put("boundPayloadMbit", payload);
    figures.put("ofBound", median(planned) / payload);
    figures.put("ofWireBound", median(planned) / outcome.boundMbit());
    figures.put("runs", outcome.runs());
    result.put("sockets", figures);
  }

  private static double[] sorted(java.util.stream.DoubleStream values) {
    return values.sorted().toArray();
  }

  private static double median(double[] sorted) {
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  private static double last(double[] sorted) {
    return sorted[sorted.length - 1];
  }

  private static double two(double value) {
    return Math.round(value * 100) / 100.0;
  }

  private static double three(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}

package dev.banyan.cli.serve;

import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.serve.Comparison;
import dev.banyan.serve.Figures;
import dev.banyan.serve.PolicyOutcome;
import dev.banyan.serve.Workload;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A comparison as a page: table, latency curves, load of instances, moves, cost against P99. */
final class SimulationReport {
  private SimulationReport() {}

  static Report of(Workload workload, Comparison comparison) {
    Report report =
        Report.titled("Serving " + workload.name())
            .subtitle(
                Format.count(comparison.requests())
                    + " requests per seed, "
                    + comparison.seeds()
                    + " seeds, the same for every policy");
    PolicyOutcome best = comparison.policies().getFirst();
    for (PolicyOutcome each : comparison.policies()) {
      if (each.pooled().prefillP99Seconds() < best.pooled().prefillP99Seconds()) {
        best = each;
      }
    }
    report.figure(
        "shortest P99 to the first token",
        Format.number(best.pooled().prefillP99Seconds()) + " s",
        best.policy());
    return report
        .section("Policies")
        .table(table(comparison))
        .section("Latency")
        .chart(curves(comparison, "Time to the first token", true))
        .chart(curves(comparison, "Time of a whole request", false))
        .section("Every seed")
        .chart(seeds(comparison))
        .section("Instances over time")
        .chart(load(comparison))
        .chart(spread(comparison))
        .section("Moves")
        .chart(moves(comparison))
        .section("Cost against P99")
        .chart(cost(comparison));
  }

  private static Table table(Comparison comparison) {
    Table table =
        Table.of(
                "policy",
                "request mean s",
                "request P99 s",
                "prefill mean s",
                "prefill P99 s",
                "decode P99 ms",
                "preemption loss s",
                "fragmentation %",
                "moves",
                "refused",
                "instance-seconds")
            .caption("Pooled over seeds; counts per seed.");
    for (PolicyOutcome each : comparison.policies()) {
      Figures f = each.pooled();
      table.row(
          each.policy(),
          f.requestMeanSeconds(),
          f.requestP99Seconds(),
          f.prefillMeanSeconds(),
          f.prefillP99Seconds(),
          f.decodeP99Seconds() * 1e3,
          f.preemptionLossSeconds(),
          f.fragmentationFraction() * 100,
          f.moves() + f.requeues() + f.replays(),
          f.refusedMoves(),
          f.instanceSeconds());
    }
    return table
        .best("request mean s", Table.Best.LOWEST)
        .best("request P99 s", Table.Best.LOWEST)
        .best("prefill mean s", Table.Best.LOWEST)
        .best("prefill P99 s", Table.Best.LOWEST)
        .best("preemption loss s", Table.Best.LOWEST)
        .best("fragmentation %", Table.Best.LOWEST);
  }

  private static Chart curves(Comparison comparison, String title, boolean prefill) {
    Chart chart = Chart.lines(title).x("seconds").y("share of requests").logX();
    double[] shares = Comparison.SHARES.stream().mapToDouble(share -> share).toArray();
    for (PolicyOutcome each : comparison.policies()) {
      double[] times = prefill ? each.prefillSeconds() : each.requestSeconds();
      chart.series(
          each.policy(), Arrays.stream(times).map(t -> Math.max(t, 1e-3)).toArray(), shares);
    }
    return chart;
  }

  private static Chart seeds(Comparison comparison) {
    Chart chart = Chart.scatter("P99 to the first token").x("seed").y("seconds").logY();
    double[] x = IntStream.rangeClosed(1, comparison.seeds()).asDoubleStream().toArray();
    for (PolicyOutcome each : comparison.policies()) {
      chart.series(
          each.policy(),
          x,
          each.perSeed().stream().mapToDouble(Figures::prefillP99Seconds).toArray());
    }
    return chart;
  }

  private static Chart load(Comparison comparison) {
    Chart chart =
        Chart.lines("Memory in use, mean over instances")
            .x("seconds")
            .y("share")
            .fromZero()
            .caption("First seed.");
    for (PolicyOutcome each : comparison.policies()) {
      chart.series(
          each.policy(),
          times(each),
          each.load().stream().mapToDouble(u -> Arrays.stream(u).average().orElse(0)).toArray());
    }
    return chart;
  }

  private static Chart spread(Comparison comparison) {
    PolicyOutcome last = comparison.policies().getLast();
    Chart chart =
        Chart.lines("Memory in use per instance under " + last.policy())
            .x("seconds")
            .y("share")
            .fromZero()
            .caption("First seed; fullest, middle and emptiest instance of each moment.");
    for (String name : List.of("fullest", "middle", "emptiest")) {
      chart.series(
          name, times(last), last.load().stream().mapToDouble(used -> pick(used, name)).toArray());
    }
    return chart;
  }

  private static double pick(double[] used, String name) {
    double[] sorted = used.clone();
    Arrays.sort(sorted);
    if (sorted.length == 0) {
      return 0;
    }
    return switch (name) {
      case "fullest" -> sorted[sorted.length - 1];
      case "middle" -> sorted[sorted.length / 2];
      default -> sorted[0];
    };
  }

  private static double[] times(PolicyOutcome outcome) {
    return IntStream.range(0, outcome.load().size())
        .mapToDouble(i -> i * outcome.loadStepSeconds())
        .toArray();
  }

  private static Chart moves(Comparison comparison) {
    List<PolicyOutcome> all = comparison.policies();
    return Chart.bars("Moves per seed", all.stream().map(PolicyOutcome::policy).toList())
        .y("requests")
        .series("copied while running", values(all, 0))
        .series("sent to another queue", values(all, 1))
        .series("computed again", values(all, 2))
        .series("refused or given up", values(all, 3));
  }

  private static double[] values(List<PolicyOutcome> all, int which) {
    return all.stream()
        .map(PolicyOutcome::pooled)
        .mapToDouble(
            f ->
                switch (which) {
                  case 0 -> f.moves();
                  case 1 -> f.requeues();
                  case 2 -> f.replays();
                  default -> f.refusedMoves();
                })
        .toArray();
  }

  private static Chart cost(Comparison comparison) {
    Chart chart =
        Chart.scatter("Cost against P99")
            .x("instance-seconds per seed")
            .y("P99 to the first token, seconds")
            .logY();
    for (PolicyOutcome each : comparison.policies()) {
      chart.series(
          each.policy(),
          each.perSeed().stream().mapToDouble(Figures::instanceSeconds).toArray(),
          each.perSeed().stream().mapToDouble(Figures::prefillP99Seconds).toArray());
    }
    return chart;
  }
}

package dev.banyan.cli.grow;

import dev.banyan.core.Chart;
import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Report;
import dev.banyan.core.Seed;
import dev.banyan.grow.Proof;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** A proof as a page. */
final class ProofReport {
  private ProofReport() {}

  static Report of(Proof proof, Seed seed, String command) {
    Report report =
        Report.titled("Does growing save training?")
            .subtitle(
                proof.seeds()
                    + " seeds; bands are 95 % intervals over them. Losing arms are shown.");
    report.section("All arms").table(GrowProveCommand.table(proof, seed));
    for (boolean sparse : List.of(false, true)) {
      List<Proof.Arm> arms = proof.arms().stream().filter(arm -> arm.sparse() == sparse).toList();
      if (!arms.isEmpty()) {
        report
            .section(sparse ? "Experts" : "Dense")
            .chart(chart(arms, "all FLOPs, the small model's included", Proof.Point::flops, seed))
            .chart(chart(arms, "tokens, the small model's included", Proof.Point::tokens, seed));
      }
    }
    return report.command(command);
  }

  private static Chart chart(
      List<Proof.Arm> arms, String x, ToDoubleFunction<Proof.Point> where, Seed seed) {
    Chart chart = Chart.lines("Held-out loss over " + x).x(x).y("nats per token").logY();
    for (Proof.Arm arm : arms) {
      int points = arm.runs().stream().mapToInt(run -> run.points().size()).min().orElse(0);
      double[] at = new double[points];
      double[] mean = new double[points];
      double[] low = new double[points];
      double[] high = new double[points];
      for (int i = 0; i < points; i++) {
        int point = i;
        at[i] = where.applyAsDouble(arm.runs().getFirst().points().get(i));
        double[] losses =
            arm.runs().stream().mapToDouble(run -> run.points().get(point).loss()).toArray();
        Interval interval = Intervals.bootstrapMean(losses, 0.95, seed.of(arm.name(), i));
        mean[i] = interval.mean();
        low[i] = interval.low();
        high[i] = interval.high();
      }
      chart.series(arm.name(), at, mean, low, high);
    }
    return chart;
  }
}

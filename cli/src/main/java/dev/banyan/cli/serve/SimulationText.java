package dev.banyan.cli.serve;

import dev.banyan.core.Format;
import dev.banyan.core.Interval;
import dev.banyan.core.Seed;
import dev.banyan.serve.Comparison;
import dev.banyan.serve.Figures;
import dev.banyan.serve.PolicyOutcome;
import dev.banyan.serve.Workload;
import java.io.PrintWriter;
import java.util.Optional;

/** A comparison as lines. */
final class SimulationText {
  private SimulationText() {}

  static void print(Workload workload, Comparison comparison, Seed seed, PrintWriter out) {
    workload
        .trace()
        .filter(trace -> trace.failed() > 0)
        .ifPresent(
            trace ->
                out.printf(
                    "%s: %d rows without prompt or output were left out%n",
                    trace.name(), trace.failed()));
    out.printf(
        "%s: %,d requests%s, %d seed%s%n",
        workload.name(),
        comparison.requests(),
        workload.rate() > 0 ? " at " + Format.number(workload.rate()) + "/s" : "",
        comparison.seeds(),
        comparison.seeds() == 1 ? "" : "s, pooled");
    out.printf(
        "%-13s %9s %9s %9s %9s %9s %8s %7s %7s %8s %12s%n",
        "policy",
        "request s",
        "P99 s",
        "prefill s",
        "P99 s",
        "decode ms",
        "lost s",
        "fragm.",
        "moves",
        "refused",
        "instance·s");
    for (PolicyOutcome each : comparison.policies()) {
      Figures f = each.pooled();
      out.printf(
          "%-13s %9.3f %9.2f %9.3f %9.2f %9.2f %8.3f %6.2f%% %7s %8s %12s%n",
          each.policy(),
          f.requestMeanSeconds(),
          f.requestP99Seconds(),
          f.prefillMeanSeconds(),
          f.prefillP99Seconds(),
          f.decodeMeanSeconds() * 1e3,
          f.preemptionLossSeconds(),
          f.fragmentationFraction() * 100,
          Format.number(f.moves() + f.requeues() + f.replays()),
          Format.number(f.refusedMoves()),
          Format.number(Math.rint(f.instanceSeconds())));
      if (f.aborted() > 0) {
        out.printf(
            "%-13s %s requests per seed ended with their instance%n",
            "", Format.number(f.aborted()));
      }
    }
    Optional<PolicyOutcome> base = comparison.policy("infaas");
    if (base.isPresent() && comparison.seeds() > 1) {
      out.println("times shorter P99 prefill than infaas, geometric mean over seeds:");
      for (PolicyOutcome each : comparison.policies()) {
        if (!each.policy().equals("infaas")) {
          Interval ratio =
              Comparison.geometricRatio(
                  base.get(), each, Figures::prefillP99Seconds, seed.of("interval"));
          out.printf(
              "%-13s %s, worse on %d of %d seeds%n",
              each.policy(),
              ratio,
              Comparison.worseSeeds(base.get(), each, Figures::prefillP99Seconds),
              comparison.seeds());
        }
      }
    }
    classes(comparison, out);
  }

  private static void classes(Comparison comparison, PrintWriter out) {
    for (PolicyOutcome each : comparison.policies()) {
      Figures f = each.pooled();
      if (f.high().requests() + f.low().requests() > 0) {
        line(each.policy(), "high", f.high(), out);
        line(each.policy(), "normal", f.normal(), out);
        line(each.policy(), "low", f.low(), out);
      }
    }
  }

  private static void line(String policy, String name, Figures.ClassFigures f, PrintWriter out) {
    if (f.requests() > 0) {
      out.printf(
          "%-13s %-6s request %.3f s, prefill %.3f s, decode %.2f ms, %.1f %% of tokens%n",
          policy,
          name,
          f.requestMeanSeconds(),
          f.prefillMeanSeconds(),
          f.decodeMeanSeconds() * 1e3,
          f.tokenShare() * 100);
    }
  }
}

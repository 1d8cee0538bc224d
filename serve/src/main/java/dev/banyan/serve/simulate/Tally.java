package dev.banyan.serve.simulate;

import dev.banyan.serve.Comparison;
import dev.banyan.serve.Figures;
import dev.banyan.serve.PolicyOutcome;
import dev.banyan.serve.policy.PriorityClass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Gathers the runs of one policy over seeds. */
public final class Tally {
  private final String policy;
  private final List<Figures> perSeed = new ArrayList<>();
  private final List<Outcome.Served> all = new ArrayList<>();
  private final List<PolicyOutcome.Stay> stays = new ArrayList<>();
  private List<double[]> load = List.of();
  private double loadStep;
  private double[] completed = {};

  public Tally(String policy) {
    this.policy = policy;
  }

  /** Adds the run of the next seed. */
  public void add(Outcome outcome) {
    if (perSeed.isEmpty()) {
      int every = Math.max(1, outcome.load().size() / 300);
      List<double[]> thinned = new ArrayList<>();
      for (int i = 0; i < outcome.load().size(); i += every) {
        thinned.add(outcome.load().get(i));
      }
      load = thinned;
      loadStep = outcome.sampleSeconds() * every;
      completed =
          outcome.requests().stream()
              .mapToDouble(each -> each.arrivalSeconds() + each.requestSeconds())
              .toArray();
      for (Span each : outcome.spans()) {
        stays.add(
            new PolicyOutcome.Stay(
                each.request(),
                each.instance(),
                each.fromSeconds(),
                each.toSeconds(),
                each.generatedTokens()));
      }
    }
    perSeed.add(figures(outcome));
    all.addAll(outcome.requests());
  }

  /** Everything so far. */
  public PolicyOutcome outcome() {
    return new PolicyOutcome(
        policy,
        pooled(),
        List.copyOf(perSeed),
        curve(Outcome.Served::firstTokenSeconds),
        curve(Outcome.Served::requestSeconds),
        load,
        loadStep,
        completed,
        List.copyOf(stays));
  }

  private double[] curve(ToDoubleFunction<Outcome.Served> time) {
    double[] sorted = all.stream().mapToDouble(time).sorted().toArray();
    double[] curve = new double[Comparison.SHARES.size()];
    for (int i = 0; i < curve.length; i++) {
      int rank = (int) Math.ceil(Comparison.SHARES.get(i) * sorted.length) - 1;
      curve[i] = sorted[Math.max(0, rank)];
    }
    return curve;
  }

  private static Figures figures(Outcome outcome) {
    Outcome.Counts counts = outcome.counts();
    return figures(
        outcome.requests(),
        new double[] {
          outcome.fragmentationFraction(),
          counts.moves(),
          counts.refused(),
          counts.requeues(),
          counts.replays(),
          counts.preemptions(),
          outcome.aborted(),
          outcome.instanceSeconds()
        });
  }

  private Figures pooled() {
    double[] means = new double[8];
    for (Figures each : perSeed) {
      double[] own = {
        each.fragmentationFraction(),
        each.moves(),
        each.refusedMoves(),
        each.requeues(),
        each.replays(),
        each.preemptions(),
        each.aborted(),
        each.instanceSeconds()
      };
      for (int i = 0; i < means.length; i++) {
        means[i] += own[i] / perSeed.size();
      }
    }
    return figures(all, means);
  }

  private static Figures figures(List<Outcome.Served> served, double[] rest) {
    double[] request = served.stream().mapToDouble(Outcome.Served::requestSeconds).toArray();
    double[] prefill = served.stream().mapToDouble(Outcome.Served::firstTokenSeconds).toArray();
    double[] decode =
        served.stream()
            .filter(each -> each.tokens() > 1)
            .mapToDouble(Outcome.Served::decodeSeconds)
            .toArray();
    return new Figures(
        mean(request),
        Outcome.quantile(request, 0.99),
        mean(prefill),
        Outcome.quantile(prefill, 0.99),
        mean(decode),
        Outcome.quantile(decode, 0.99),
        served.stream().mapToDouble(Outcome.Served::lostSeconds).average().orElse(0),
        rest[0],
        rest[1],
        rest[2],
        rest[3],
        rest[4],
        rest[5],
        rest[6],
        rest[7],
        served.stream()
            .filter(each -> each.moves() > 0)
            .mapToDouble(Outcome.Served::stoppedSeconds)
            .average()
            .orElse(0),
        ofClass(served, PriorityClass.HIGH),
        ofClass(served, PriorityClass.NORMAL),
        ofClass(served, PriorityClass.LOW));
  }

  private static Figures.ClassFigures ofClass(List<Outcome.Served> served, PriorityClass priority) {
    List<Outcome.Served> own = served.stream().filter(each -> each.priority() == priority).toList();
    double[] prefill = own.stream().mapToDouble(Outcome.Served::firstTokenSeconds).toArray();
    double last = served.stream().mapToDouble(Outcome.Served::arrivalSeconds).max().orElse(0);
    double all = served.stream().mapToDouble(each -> tokensBy(each, last)).sum();
    return new Figures.ClassFigures(
        own.size(),
        own.stream().mapToDouble(Outcome.Served::requestSeconds).average().orElse(Double.NaN),
        mean(prefill),
        Outcome.quantile(prefill, 0.99),
        own.stream()
            .filter(each -> each.tokens() > 1)
            .mapToDouble(Outcome.Served::decodeSeconds)
            .average()
            .orElse(Double.NaN),
        own.stream().mapToDouble(each -> tokensBy(each, last)).sum() / Math.max(1, all));
  }

  /** Tokens a request had generated by a time, as if its decoding were even. */
  private static double tokensBy(Outcome.Served each, double time) {
    double first = each.arrivalSeconds() + each.firstTokenSeconds();
    if (first > time) {
      return 0;
    }
    double per = Math.max(1e-9, each.decodeSeconds());
    return Math.min(each.tokens(), 1 + (time - first) / per);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }
}

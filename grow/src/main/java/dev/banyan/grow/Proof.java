package dev.banyan.grow;

import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.List;

/**
 * What arms trained from the same data and seeds came to.
 *
 * @param arms dense arms, then sparse ones; the first of each is the one others are held against
 * @param seeds how many times each was trained
 */
public record Proof(List<Arm> arms, int seeds) {
  /**
   * One arm.
   *
   * @param sparse whether its target is a mixture of experts
   * @param parameters of its target
   * @param runs one per seed
   */
  public record Arm(String name, boolean sparse, String how, long parameters, List<Run> runs) {
    public Arm {
      runs = List.copyOf(runs);
    }

    /** Held-out nats per token at the end. */
    public Interval finalLoss(Seed seed) {
      double[] losses = runs.stream().mapToDouble(Run::finalLoss).toArray();
      return Intervals.bootstrapMean(losses, 0.95, seed.of(name, "loss"));
    }

    /** Held-out nats per token before the first step of the target. */
    public double firstLoss() {
      return runs.stream().mapToDouble(run -> run.points().getFirst().loss()).average().orElse(0);
    }
  }

  /**
   * One training of one arm.
   *
   * @param points what was measured on the way, from the target's first step on
   * @param expertEntropy of the last steps' load over its highest; 1 for a dense model
   */
  public record Run(List<Point> points, double expertEntropy) {
    public Run {
      points = List.copyOf(points);
    }

    double finalLoss() {
      return points.getLast().loss();
    }

    /** Where the curve first comes down to {@code loss}; NaN when it never does. */
    public double flopsTo(double loss) {
      for (int i = 0; i < points.size(); i++) {
        Point here = points.get(i);
        if (here.loss() <= loss) {
          if (i == 0) {
            return here.flops();
          }
          Point before = points.get(i - 1);
          double part = (before.loss() - loss) / (before.loss() - here.loss());
          return before.flops() + part * (here.flops() - before.flops());
        }
      }
      return Double.NaN;
    }
  }

  /**
   * A measurement.
   *
   * @param tokens trained on, the small model's included
   * @param flops spent, the small model's included
   * @param loss held-out nats per token
   */
  public record Point(double tokens, double flops, double loss) {}

  /**
   * An arm against scratch of its kind.
   *
   * @param reached seeds in which it came to scratch's final loss
   * @param share FLOPs to there over scratch's, over the seeds that reached it; null for none
   */
  public record Against(
      String arm, int reached, @org.jspecify.annotations.Nullable Interval share) {}

  public Proof {
    arms = List.copyOf(arms);
  }

  /** The arm others of its kind are held against. */
  public Arm scratch(boolean sparse) {
    return arms.stream()
        .filter(arm -> arm.sparse() == sparse && arm.name().startsWith("scratch"))
        .findFirst()
        .orElseThrow();
  }

  /** Every arm against scratch of its kind, seed by seed. */
  public List<Against> against(Seed seed) {
    List<Against> list = new ArrayList<>();
    for (Arm arm : arms) {
      Arm scratch = scratch(arm.sparse());
      List<Double> shares = new ArrayList<>();
      for (int i = 0; i < arm.runs().size(); i++) {
        Run other = scratch.runs().get(i);
        double flops = arm.runs().get(i).flopsTo(other.finalLoss());
        if (!Double.isNaN(flops)) {
          shares.add(flops / other.points().getLast().flops());
        }
      }
      double[] values = shares.stream().mapToDouble(Double::doubleValue).toArray();
      Interval share =
          values.length == 0
              ? null
              : Intervals.bootstrapMean(values, 0.95, seed.of(arm.name(), "share"));
      list.add(new Against(arm.name(), values.length, share));
    }
    return list;
  }
}

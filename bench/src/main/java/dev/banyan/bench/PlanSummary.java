package dev.banyan.bench;

import dev.banyan.plan.PlanFigures;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * What a suite of steps comes to.
 *
 * @param steps how many
 * @param gapWithin share of them whose order is within 0.05 % of the bound
 * @param largestGap of the orders
 * @param medianFragmentation of the arenas
 * @param largestFragmentation of the arenas
 * @param savedBatch1 mean saved against the caching allocator over the seven rows that ROAM reports
 *     on, at batch 1; absent where one of them is not in the suite
 * @param savedBatch32 the same at batch 32
 * @param savedLescea mean saved against LESCEA with LLFB over all steps; ROAM states 13.3 % over
 *     its own
 * @param worseThanLescea steps whose arena is larger than that of LESCEA with LLFB
 */
public record PlanSummary(
    int steps,
    double gapWithin,
    double largestGap,
    double medianFragmentation,
    double largestFragmentation,
    OptionalDouble savedBatch1,
    OptionalDouble savedBatch32,
    double savedLescea,
    List<String> worseThanLescea) {
  private static final double WITHIN = 0.0005;

  /** ROAM (arXiv 2310.19295), table of memory reduction. */
  private static final List<String> ROWS =
      List.of("alexnet", "vgg16", "mobilenet_v2", "efficientnet_b0", "resnet50", "vit", "bert");

  public PlanSummary {
    worseThanLescea = List.copyOf(worseThanLescea);
  }

  /** Of at least one outcome that was compared with the rivals. */
  public static PlanSummary of(List<PlanSuite.Outcome> outcomes) {
    double[] gaps = sorted(outcomes, PlanFigures::orderGap);
    double[] fragmentations = sorted(outcomes, PlanFigures::fragmentation);
    return new PlanSummary(
        outcomes.size(),
        (double) Arrays.stream(gaps).filter(gap -> gap <= WITHIN).count() / gaps.length,
        gaps[gaps.length - 1],
        fragmentations[fragmentations.length / 2],
        fragmentations[fragmentations.length - 1],
        saved(outcomes, "-1"),
        saved(outcomes, "-32"),
        outcomes.stream()
            .mapToDouble(o -> 1 - (double) o.figures().arenaBytes() / o.lesceaBytes())
            .average()
            .orElse(0),
        outcomes.stream()
            .filter(o -> o.figures().arenaBytes() > o.lesceaBytes())
            .map(PlanSuite.Outcome::graph)
            .toList());
  }

  private static double[] sorted(
      List<PlanSuite.Outcome> outcomes, ToDoubleFunction<PlanFigures> figure) {
    return outcomes.stream().map(PlanSuite.Outcome::figures).mapToDouble(figure).sorted().toArray();
  }

  private static OptionalDouble saved(List<PlanSuite.Outcome> outcomes, String batch) {
    List<PlanFigures> rows =
        outcomes.stream()
            .filter(outcome -> ROWS.stream().anyMatch(row -> outcome.graph().equals(row + batch)))
            .map(PlanSuite.Outcome::figures)
            .toList();
    return rows.size() == ROWS.size()
        ? rows.stream().mapToDouble(PlanFigures::savedVersusCaching).average()
        : OptionalDouble.empty();
  }
}

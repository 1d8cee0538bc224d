package dev.banyan.cli.life;

import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.grow.Transitions;
import dev.banyan.grow.Transitions.Point;
import java.util.List;

/** What growing did to the loss. */
final class GrownReport {
  private GrownReport() {}

  /** In one line. */
  static String line(Transitions grown) {
    return "%s to %s parameters to %s (%s active): loss %.3f small, %.3f grown up, %.3f trained, %.3f grown out, %.3f trained; from scratch %.3f"
        .formatted(
            Format.count(grown.smallParameters()),
            Format.count(grown.upParameters()),
            Format.count(grown.outParameters()),
            Format.count(grown.activeParameters()),
            first(grown, "small"),
            first(grown, "up"),
            last(grown, "up"),
            first(grown, "out"),
            last(grown, "out"),
            grown.scratch().getLast().loss());
  }

  private static double first(Transitions grown, String phase) {
    return grown.points().stream()
        .filter(point -> point.phase().equals(phase))
        .findFirst()
        .orElseThrow()
        .loss();
  }

  private static double last(Transitions grown, String phase) {
    return grown.points().stream()
        .filter(point -> point.phase().equals(phase))
        .reduce((a, b) -> b)
        .orElseThrow()
        .loss();
  }

  static void add(Report report, Transitions grown, String command) {
    report
        .section("How it grew up and out")
        .paragraph(
            "The pretrained model became half as wide again and deeper, learned on, became a mixture of experts, and learned on. Neither change alters what it computes, so the loss does not jump; a fresh model of the larger size takes the same steps.")
        .chart(
            Chart.lines("Held-out loss while growing")
                .x("steps after pretraining")
                .y("nats per token")
                .series("grown up", at(grown.points(), "up"), loss(grown.points(), "up"))
                .series("grown out", at(grown.points(), "out"), loss(grown.points(), "out"))
                .series("scratch", at(grown.scratch(), "scratch"), loss(grown.scratch(), "scratch"))
                .mark(first(grown, "small"), "the small model"))
        .table(
            Table.of("transition", "parameters", "loss before", "loss after")
                .row("up", grown.upParameters(), first(grown, "small"), first(grown, "up"))
                .row("out", grown.outParameters(), last(grown, "up"), first(grown, "out")))
        .command(command);
  }

  private static double[] at(List<Point> points, String phase) {
    return points.stream()
        .filter(point -> point.phase().equals(phase))
        .mapToDouble(Point::step)
        .toArray();
  }

  private static double[] loss(List<Point> points, String phase) {
    return points.stream()
        .filter(point -> point.phase().equals(phase))
        .mapToDouble(Point::loss)
        .toArray();
  }
}

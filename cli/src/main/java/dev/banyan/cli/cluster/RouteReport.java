package dev.banyan.cli.cluster;

import dev.banyan.cluster.RouteComparison;
import dev.banyan.cluster.RoutePlan;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.RouteRow;
import dev.banyan.core.Chart;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The page of {@code banyan cluster route --report}. */
final class RouteReport {
  private RouteReport() {}

  static Report of(
      Path topology,
      Path jobs,
      List<String> failed,
      RouteComparison all,
      Table table,
      double shownGbps) {
    double bound = all.certificate().slowestGbps();
    Report report =
        Report.titled("Routes on " + topology.getFileName())
            .subtitle(
                "%,d queue pairs of %d jobs%s"
                    .formatted(
                        all.plan().queuePairs(),
                        all.plan().jobs().jobs().size(),
                        failed.isEmpty() ? "" : "; down: " + String.join(", ", failed)))
            .figure("ECMP", "%.1f Gb/s".formatted(all.ecmp().meanGbps()), "mean of the jobs")
            .figure(
                "planned",
                "%.1f Gb/s".formatted(all.ours().meanGbps()),
                "%.2f × ECMP".formatted(all.ours().meanGbps() / all.ecmp().meanGbps()))
            .figure(
                "of the bound",
                "%.1f %%".formatted(100 * all.ours().slowestGbps() / bound),
                "no routing gives every job more than %.1f Gb/s".formatted(bound))
            .figure(
                "planned in", "%.0f ms".formatted(1e3 * all.ours().seconds()), all.plan().method())
            .section("Every way of routing")
            .table(table)
            .chart(chart(all));
    pictures(report, all, shownGbps);
    return report.command(
        "banyan cluster route "
            + topology
            + " "
            + jobs
            + (failed.isEmpty() ? "" : " --fail " + String.join(",", failed))
            + " --report routes.html");
  }

  private static Chart chart(RouteComparison all) {
    List<String> names = new ArrayList<>();
    List<RouteRow> rows = new ArrayList<>(all.rivals());
    rows.add(all.oursEqualWeights());
    rows.add(all.ours());
    rows.forEach(row -> names.add(row.method()));
    return Chart.bars("Bus bandwidth", names)
        .y("Gb/s of a NIC")
        .series("slowest job", rows.stream().mapToDouble(RouteRow::slowestGbps).toArray())
        .series("mean", rows.stream().mapToDouble(RouteRow::meanGbps).toArray())
        .mark(all.certificate().slowestGbps(), "bound")
        .caption("No routing brings every job above the dashed line.");
  }

  private static void pictures(Report report, RouteComparison all, double gbps) {
    RoutePlan ecmp = RoutePlanner.rivals(all.plan()).getFirst();
    report
        .section("Load of every link")
        .paragraph(
            "What is asked of each link when every job runs at %.1f Gb/s. Yellow to red is more than the link has; dark is down."
                .formatted(gbps))
        .image(
            LoadPicture.svg(ecmp, gbps),
            "image/svg+xml",
            "link loads under ECMP",
            "Before: ECMP. Columns are paths, rows are leaves.")
        .image(
            LoadPicture.svg(all.plan(), gbps),
            "image/svg+xml",
            "link loads as planned",
            "After: as planned.");
  }
}

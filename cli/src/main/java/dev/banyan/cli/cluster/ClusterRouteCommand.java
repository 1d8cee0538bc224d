package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.PathCatalogue;
import dev.banyan.cluster.RouteCertificate;
import dev.banyan.cluster.RouteComparison;
import dev.banyan.cluster.RoutePlan;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.RouteRow;
import dev.banyan.cluster.Topology;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster route TOPOLOGY.yaml JOBS.yaml}. */
@Command(
    name = "route",
    description = {
      "Plan the paths of collective traffic so that flows do not collide, beside ECMP and published",
      "ways, with a certificate of how far from the best possible the plan is."
    },
    footer =
        "  banyan cluster route topology.yaml jobs.yaml --fail p0/leaf0-spine3 --out plan.json")
public final class ClusterRouteCommand implements Callable<ExitCode> {
  @Parameters(index = "0", paramLabel = "TOPOLOGY.yaml", description = "The fabric.")
  private Path topologyFile = Path.of("topology.yaml");

  @Parameters(index = "1", paramLabel = "JOBS.yaml", description = "The jobs on it.")
  private Path jobsFile = Path.of("jobs.yaml");

  @Option(
      names = "--fail",
      paramLabel = "LINKS",
      split = ",",
      description = "Links that go down after planning; the plan is then repaired.")
  private List<String> failed = List.of();

  @Option(
      names = "--catalogue",
      paramLabel = "FILE",
      split = ",",
      description = "Source ports from banyan cluster probe, for udpSourcePort in the plan.")
  private List<Path> catalogues = List.of();

  @Option(names = "--out", paramLabel = "FILE", description = "Where the plan goes.")
  private @Nullable Path out;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Topology topology = RoutePlanner.readTopology(topologyFile);
    JobTable jobs = RoutePlanner.readJobs(jobsFile);
    long start = System.nanoTime();
    RoutePlan plan = RoutePlanner.plan(topology, jobs);
    double planSeconds = (System.nanoTime() - start) / 1e9;
    double replanSeconds = 0;
    if (!failed.isEmpty()) {
      Topology broken = topology.withFailed(failed);
      start = System.nanoTime();
      plan = RoutePlanner.replan(broken, plan);
      replanSeconds = (System.nanoTime() - start) / 1e9;
    }
    if (!catalogues.isEmpty()) {
      List<PathCatalogue> read = catalogues.stream().map(PathCatalogue::read).toList();
      plan = RoutePlanner.withPorts(plan, PathCatalogue.joined(read));
    }
    RouteComparison all =
        RoutePlanner.compare(plan, failed.isEmpty() ? planSeconds : replanSeconds);
    double[] checked = RoutePlanner.verify(plan.topology(), jobs, all.certificate());
    boolean holds = holds(all, checked);
    if (out != null) {
      RoutePlanner.write(plan, out);
    }
    print(all, planSeconds, replanSeconds, checked, holds);
    Result result = result(all, planSeconds, replanSeconds, checked, holds);
    double shown = all.ours().slowestGbps();
    common.emit(
        result, () -> RouteReport.of(topologyFile, jobsFile, failed, all, table(all), shown));
    return holds ? ExitCode.DONE : ExitCode.NO;
  }

  /** Whether the checker finds what the certificate says, and nobody passes it. */
  private static boolean holds(RouteComparison all, double[] checked) {
    RouteCertificate certificate = all.certificate();
    return checked[0] <= certificate.slowestGbps() * (1 + 1e-6)
        && checked[1] <= certificate.meanGbps() * (1 + 1e-6)
        && all.ours().slowestGbps() <= checked[0] * (1 + 1e-6)
        && all.ours().meanGbps() <= checked[1] * (1 + 1e-6);
  }

  static Table table(RouteComparison all) {
    Table table = Table.of("way", "mean Gb/s", "slowest job", "fastest job", "of the bound %");
    for (RouteRow row : all.rivals()) {
      add(table, row, all.certificate());
    }
    add(table, all.oursEqualWeights(), all.certificate());
    add(table, all.ours(), all.certificate());
    return table.row(
        "bound", two(all.certificate().meanGbps()), two(all.certificate().slowestGbps()), "", "");
  }

  private static void add(Table table, RouteRow row, RouteCertificate certificate) {
    table.row(
        row.method(),
        two(row.meanGbps()),
        two(row.slowestGbps()),
        two(row.fastestGbps()),
        two(100 * row.slowestGbps() / certificate.slowestGbps()));
  }

  private static double two(double value) {
    return Math.round(value * 100) / 100.0;
  }

  private void print(
      RouteComparison all,
      double planSeconds,
      double replanSeconds,
      double[] checked,
      boolean holds) {
    var to = common.out();
    to.printf(
        "%,d jobs, %,d queue pairs, %d planes, %d leaves and %d spines each%n",
        all.plan().jobs().jobs().size(),
        all.plan().queuePairs(),
        all.plan().topology().planes(),
        all.plan().topology().leaves(),
        all.plan().topology().shape().spines());
    to.print(TextTable.of(table(all)));
    to.printf(
        "certificate (%s): no routing gives every job more than %.2f Gb/s, or a mean above %.2f; checked: %.2f and %.2f%s%n",
        all.certificate().method(),
        all.certificate().slowestGbps(),
        all.certificate().meanGbps(),
        checked[0],
        checked[1],
        holds ? "" : " – DOES NOT HOLD");
    to.printf("planned in %.3f s", planSeconds);
    if (!failed.isEmpty()) {
      to.printf(", re-planned after %d failures in %.3f s", failed.size(), replanSeconds);
    }
    to.println();
    if (!all.plan().hasPorts()) {
      to.println(
          "A plan is advice: stock NCCL takes no path per queue pair (docs/cluster.md, Routes).");
    }
  }

  private Result result(
      RouteComparison all,
      double planSeconds,
      double replanSeconds,
      double[] checked,
      boolean holds) {
    RouteCertificate certificate = all.certificate();
    Map<String, Object> proof = new LinkedHashMap<>();
    proof.put("slowestGbps", certificate.slowestGbps());
    proof.put("meanGbps", certificate.meanGbps());
    proof.put("checkedSlowestGbps", checked[0]);
    proof.put("checkedMeanGbps", checked[1]);
    proof.put("holds", holds);
    proof.put("method", certificate.method());
    proof.put("slowestPrices", certificate.slowestPrices());
    proof.put("meanPrices", certificate.meanPrices());
    Result result =
        common
            .result()
            .put("queuePairs", all.plan().queuePairs())
            .put("method", all.plan().method())
            .put("busbwGbps", figures(all, true))
            .put("slowestGbps", figures(all, false))
            .put("certificate", proof)
            .put("planSeconds", planSeconds);
    if (!failed.isEmpty()) {
      result.put("failed", failed).put("replanSeconds", replanSeconds);
    }
    return result;
  }

  private static Map<String, Double> figures(RouteComparison all, boolean mean) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("ecmp", value(all.ecmp(), mean));
    figures.put("ecmpFixedReceive", value(all.ecmpFixedReceive(), mean));
    figures.put("c4p", value(all.c4p(), mean));
    figures.put("crux", value(all.crux(), mean));
    figures.put("oursEqualWeights", value(all.oursEqualWeights(), mean));
    figures.put("ours", value(all.ours(), mean));
    figures.put("bound", mean ? all.certificate().meanGbps() : all.certificate().slowestGbps());
    return figures;
  }

  private static double value(RouteRow row, boolean mean) {
    return mean ? row.meanGbps() : row.slowestGbps();
  }
}

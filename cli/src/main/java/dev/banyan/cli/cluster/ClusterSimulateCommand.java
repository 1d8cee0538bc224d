package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.RouteSimulation;
import dev.banyan.cluster.RouteSimulation.Moment;
import dev.banyan.cluster.RouteSimulation.Run;
import dev.banyan.cluster.RouteSimulation.Scenario;
import dev.banyan.cluster.Topology;
import dev.banyan.core.Chart;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster simulate TOPOLOGY.yaml JOBS.yaml}. */
@Command(
    name = "simulate",
    description = {
      "Run jobs through a simulated fabric by each way of routing: max-min fair rates, placements,",
      "links that fail on the way and what it costs until they are routed around."
    },
    footer =
        "  banyan cluster simulate topology.yaml jobs.yaml --seeds 20 --fail p0/leaf0-spine3 --report sim.html")
public final class ClusterSimulateCommand implements Callable<ExitCode> {
  /** Where the jobs' nodes are. */
  enum Placement {
    GIVEN,
    PACKED,
    RANDOM
  }

  @Parameters(index = "0", paramLabel = "TOPOLOGY.yaml", description = "The fabric.")
  private Path topologyFile = Path.of("topology.yaml");

  @Parameters(index = "1", paramLabel = "JOBS.yaml", description = "The jobs on it.")
  private Path jobsFile = Path.of("jobs.yaml");

  @Option(
      names = "--placement",
      paramLabel = "HOW",
      defaultValue = "given",
      description = "given, packed or random (default: ${DEFAULT-VALUE}).")
  private Placement placement = Placement.GIVEN;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Draws of hashes and random placements (default: ${DEFAULT-VALUE}).")
  private int seeds = 10;

  @Option(
      names = "--collectives",
      paramLabel = "N",
      defaultValue = "20",
      description = "That each job does (default: ${DEFAULT-VALUE}).")
  private int collectives = 20;

  @Option(
      names = "--fail",
      paramLabel = "LINKS",
      split = ",",
      description = "Links that go down on the way.")
  private List<String> failed = List.of();

  @Option(
      names = "--fail-at",
      paramLabel = "S",
      defaultValue = "0.2",
      description = "When they do (default: ${DEFAULT-VALUE}).")
  private double failAt = 0.2;

  @Option(
      names = "--noticed",
      paramLabel = "S",
      defaultValue = "0.05",
      description =
          "Seconds until they are routed around; jobs on them stand still (default: ${DEFAULT-VALUE}).")
  private double noticed = 0.05;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (seeds < 1 || collectives < 1 || !(failAt >= 0) || !(noticed >= 0)) {
      throw new UserInputException(
          "--seeds and --collectives must be at least 1, --fail-at and --noticed at least 0");
    }
    Topology topology = RoutePlanner.readTopology(topologyFile);
    JobTable jobs = RoutePlanner.readJobs(jobsFile);
    topology.withFailed(failed);
    var scenario = new Scenario(collectives, failed, failAt, noticed);
    Map<String, List<Run>> runs = new LinkedHashMap<>();
    try (Progress progress = common.progress("cluster simulate", seeds, "draws")) {
      for (int seed = 0; seed < seeds; seed++) {
        // The first draw of each is the file's own hash seed.
        Topology drawn =
            seed == 0
                ? topology
                : topology.withEcmp(
                    new Topology.Ecmp(
                        common.seed().of("hash", seed).value(), topology.ecmp().sameSeed()));
        JobTable placed =
            switch (placement) {
              case GIVEN -> jobs;
              case PACKED -> jobs.packed();
              case RANDOM -> jobs.shuffled(topology, common.seed().stream("placement", seed));
            };
        for (Run run : RouteSimulation.run(drawn, placed, scenario)) {
          runs.computeIfAbsent(run.method(), x -> new ArrayList<>()).add(run);
        }
        progress.step(seed + 1);
      }
    }
    Table table = table(runs);
    common.out().print(TextTable.of(table));
    common.emit(common.result().put("draws", seeds).put("ways", json(runs)), () -> report(runs));
    return ExitCode.DONE;
  }

  private Table table(Map<String, List<Run>> runs) {
    boolean fails = !failed.isEmpty();
    Table table =
        fails
            ? Table.of(
                "way",
                "mean Gb/s before",
                "slowest before",
                "mean Gb/s after",
                "slowest after",
                "all done s")
            : Table.of("way", "mean Gb/s", "slowest job", "all done s");
    runs.forEach(
        (name, each) -> {
          Object before = interval(each, run -> run.before().meanGbps());
          Object slow = interval(each, run -> run.before().slowestGbps());
          Object end = interval(each, Run::lastEndSeconds);
          if (fails) {
            table.row(
                name,
                before,
                slow,
                interval(each, run -> run.after().meanGbps()),
                interval(each, run -> run.after().slowestGbps()),
                end);
          } else {
            table.row(name, before, slow, end);
          }
        });
    return table.caption(
        "Bus bandwidth of a NIC; mean of %d draws with 95 %% interval.".formatted(seeds));
  }

  private String interval(List<Run> runs, ToDoubleFunction<Run> figure) {
    Interval of = bootstrap(runs, figure);
    return of.high() - of.low() < 0.005
        ? "%.2f".formatted(of.mean())
        : "%.2f [%.2f, %.2f]".formatted(of.mean(), of.low(), of.high());
  }

  private Interval bootstrap(List<Run> runs, ToDoubleFunction<Run> figure) {
    double[] values = runs.stream().mapToDouble(figure).toArray();
    return Intervals.bootstrapMean(values, 0.95, common.seed());
  }

  private Map<String, Object> json(Map<String, List<Run>> runs) {
    Map<String, Object> ways = new LinkedHashMap<>();
    runs.forEach(
        (name, each) -> {
          Map<String, Object> figures = new LinkedHashMap<>();
          figures.put("meanGbpsBefore", bootstrap(each, run -> run.before().meanGbps()));
          figures.put("slowestGbpsBefore", bootstrap(each, run -> run.before().slowestGbps()));
          figures.put("meanGbpsAfter", bootstrap(each, run -> run.after().meanGbps()));
          figures.put("slowestGbpsAfter", bootstrap(each, run -> run.after().slowestGbps()));
          figures.put("lastEndSeconds", bootstrap(each, Run::lastEndSeconds));
          ways.put(name, figures);
        });
    return ways;
  }

  private Report report(Map<String, List<Run>> runs) {
    Run ecmp = runs.values().iterator().next().getFirst();
    Run ours = java.util.Objects.requireNonNull(runs.get("Banyan")).getFirst();
    double gbps = ours.after().slowestGbps();
    Report report =
        Report.titled("Jobs on " + topologyFile.getFileName())
            .subtitle(
                "%d collectives of each job, %d draws%s"
                    .formatted(
                        collectives,
                        seeds,
                        failed.isEmpty()
                            ? ""
                            : "; down from %.2f s: ".formatted(failAt) + String.join(", ", failed)))
            .section("Every way of routing")
            .table(table(runs))
            .chart(timeline(runs))
            .section("Load of every link")
            .paragraph(
                "What is asked of each link when every job runs at %.1f Gb/s. Yellow to red is more than the link has; dark is down."
                    .formatted(gbps));
    picture(report, ecmp, gbps);
    picture(report, ours, gbps);
    return report.command(
        "banyan cluster simulate "
            + topologyFile
            + " "
            + jobsFile
            + (failed.isEmpty() ? "" : " --fail " + String.join(",", failed))
            + " --seeds "
            + seeds
            + " --report sim.html");
  }

  private void picture(Report report, Run run, double gbps) {
    report.image(
        LoadPicture.svg(run.planBefore(), gbps),
        "image/svg+xml",
        "link loads, " + run.method(),
        run.method() + (failed.isEmpty() ? "." : ", before the failure."));
    if (!failed.isEmpty()) {
      report.image(
          LoadPicture.svg(run.planAfter(), gbps),
          "image/svg+xml",
          "link loads after the failure, " + run.method(),
          run.method() + ", after the failure.");
    }
  }

  /** Slowest job over time, of the first draw. */
  private static Chart timeline(Map<String, List<Run>> runs) {
    Chart chart =
        Chart.lines("Bus bandwidth over time, mean of the jobs that run, first draw")
            .x("seconds")
            .y("Gb/s of a NIC")
            .fromZero();
    runs.forEach(
        (name, all) -> {
          Run run = all.getFirst();
          List<Moment> moments = run.moments();
          double[] x = new double[2 * moments.size()];
          double[] y = new double[2 * moments.size()];
          for (int i = 0; i < moments.size(); i++) {
            boolean last = i == moments.size() - 1;
            x[2 * i] = moments.get(i).seconds();
            x[2 * i + 1] = last ? run.lastEndSeconds() : moments.get(i + 1).seconds();
            y[2 * i] = running(run, moments.get(i));
            y[2 * i + 1] = y[2 * i];
          }
          chart.series(name, x, y);
        });
    return chart.caption("At 0 Gb/s a job waits for the failed link to be noticed.");
  }

  private static double running(Run run, Moment moment) {
    double sum = 0;
    int count = 0;
    for (int j = 0; j < moment.jobGbps().size(); j++) {
      if (run.endSeconds().get(j) > moment.seconds()) {
        sum += moment.jobGbps().get(j);
        count++;
      }
    }
    return count == 0 ? 0 : sum / count;
  }
}

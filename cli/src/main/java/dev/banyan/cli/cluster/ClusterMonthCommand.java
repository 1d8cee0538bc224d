package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.DetectorTimes;
import dev.banyan.cluster.Downtime;
import dev.banyan.cluster.Downtime.Operation;
import dev.banyan.cluster.Downtime.Share;
import dev.banyan.core.Chart;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan cluster month}. */
@Command(
    name = "month",
    description = {
      "How much of a month a job of 2,400 GPUs loses to failures: the published table of June and",
      "December 2023 from its constants, and ours from measured times of detection and diagnosis."
    },
    footer = "  banyan cluster month --times detector.json --report month.html")
public final class ClusterMonthCommand implements Callable<ExitCode> {
  @Option(
      names = "--times",
      paramLabel = "FILE",
      description = "What the fault lab measured; without it the bars the detector is to reach.")
  private @Nullable Path timesFile;

  @Option(
      names = "--months",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Simulated, each with its own seed (default: ${DEFAULT-VALUE}).")
  private int months = 1000;

  @Option(
      names = "--failures",
      paramLabel = "N",
      defaultValue = "43",
      description = "In ours, per month; December's are the default (${DEFAULT-VALUE}).")
  private double failures = 43;

  @Option(
      names = "--checkpoint",
      paramLabel = "S",
      defaultValue = "277",
      description = "Seconds between checkpoints in ours (default: ${DEFAULT-VALUE}, December's).")
  private double checkpoint = 277;

  @Option(
      names = "--restart",
      paramLabel = "S",
      defaultValue = "90",
      description = "Seconds to start again in ours (default: ${DEFAULT-VALUE}, December's).")
  private double restart = 90;

  @Option(
      names = "--isolate",
      paramLabel = "S",
      defaultValue = "60",
      description = "Seconds to drain a node and bring in a spare (default: ${DEFAULT-VALUE}).")
  private double isolate = 60;

  @Option(
      names = "--unconfined",
      paramLabel = "S",
      defaultValue = "1800",
      description =
          "Seconds of people's work on failures no node is to blame for (default: ${DEFAULT-VALUE}).")
  private double unconfined = 1800;

  @Option(
      names = "--spares",
      paramLabel = "N",
      defaultValue = "8",
      description = "Nodes waiting (default: ${DEFAULT-VALUE}).")
  private int spares = 8;

  @Option(
      names = "--repair",
      paramLabel = "H",
      defaultValue = "24",
      description = "Hours until an isolated node is a spare again (default: ${DEFAULT-VALUE}).")
  private double repair = 24;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (months < 1 || !(failures > 0) || failures > 100_000 || spares < 0) {
      throw new UserInputException(
          "--months must be at least 1, --failures more than 0, --spares 0 or more");
    }
    for (double each : new double[] {checkpoint, restart, isolate, unconfined, repair}) {
      if (!(each >= 0) || Double.isInfinite(each)) {
        throw new UserInputException("times must be 0 or more, one is " + each);
      }
    }
    DetectorTimes times =
        timesFile == null ? DetectorTimes.standard() : DetectorTimes.read(timesFile);
    var operation =
        new Operation(failures, checkpoint, restart, isolate, unconfined, spares, repair);
    Downtime.Table all = Downtime.simulate(times, operation, months, common.seed());
    Table table = table(all);
    common.out().print(TextTable.of(table));
    common.out().println("ours: " + times.source());
    common
        .out()
        .printf(
            "ours: %d spares on top of 300 nodes are %.1f %% more machine, not counted above%n",
            spares, 100.0 * spares / 300);
    common.emit(
        common
            .result()
            .put("june", json(all.june()))
            .put("december", json(all.december()))
            .put("ours", json(all.ours()))
            .put("months", months)
            .put("times", times)
            .put("operation", operation)
            .put("spareShare", spares / 300.0),
        () -> report(all, table, times));
    return ExitCode.DONE;
  }

  private Table table(Downtime.Table all) {
    Table table =
        Table.of(
            "lost, % of the month",
            "June, published",
            "June, simulated",
            "December, published",
            "December, simulated",
            "ours");
    row(table, "post-checkpoint", all, Share::postCheckpoint);
    row(table, "detection", all, Share::detection);
    row(table, "diagnosis and isolation", all, Share::diagnosisIsolation);
    row(table, "re-initialisation", all, Share::reinitialisation);
    row(table, "total", all, Share::total);
    table.row("95 % of months", "", span(all.june()), "", span(all.december()), span(all.ours()));
    return table.caption(
        "Means of %,d simulated months. June's and December's constants come out of the published table."
            .formatted(months));
  }

  private static void row(
      Table table, String name, Downtime.Table all, ToDoubleFunction<Share> part) {
    table.row(
        name,
        two(part.applyAsDouble(all.publishedJune())),
        two(part.applyAsDouble(all.june())),
        two(part.applyAsDouble(all.publishedDecember())),
        two(part.applyAsDouble(all.december())),
        two(part.applyAsDouble(all.ours())));
  }

  private static String span(Share share) {
    return "%.2f to %.2f".formatted(share.low95(), share.high95());
  }

  private static String two(double value) {
    return "%.2f".formatted(value);
  }

  private static Map<String, Double> json(Share share) {
    Map<String, Double> json = new LinkedHashMap<>();
    json.put("postCheckpoint", share.postCheckpoint());
    json.put("detection", share.detection());
    json.put("diagnosisIsolation", share.diagnosisIsolation());
    json.put("reinitialisation", share.reinitialisation());
    json.put("total", share.total());
    json.put("low95", share.low95());
    json.put("high95", share.high95());
    return json;
  }

  private Report report(Downtime.Table all, Table table, DetectorTimes times) {
    return Report.titled("A month of 2,400 GPUs")
        .figure("June 2023", "%.1f %%".formatted(all.june().total()), "lost, simulated")
        .figure("December 2023", "%.2f %%".formatted(all.december().total()), "lost, simulated")
        .figure("ours", "%.2f %%".formatted(all.ours().total()), span(all.ours()) + " %")
        .table(table)
        .chart(
            Chart.bars(
                    "Lost, by component",
                    List.of("post-checkpoint", "detection", "diagnosis", "re-initialisation"))
                .y("% of the month")
                .series("December", bars(all.december()))
                .series("ours", bars(all.ours())))
        .paragraph("Detector: " + times.source())
        .command("banyan cluster month --months " + months + " --report month.html");
  }

  private static double[] bars(Share share) {
    return new double[] {
      share.postCheckpoint(),
      share.detection(),
      share.diagnosisIsolation(),
      share.reinitialisation()
    };
  }
}

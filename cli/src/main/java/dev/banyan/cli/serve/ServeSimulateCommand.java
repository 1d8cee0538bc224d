package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.serve.ChromeTrace;
import dev.banyan.serve.Comparison;
import dev.banyan.serve.Figures;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.PolicyOutcome;
import dev.banyan.serve.Simulation;
import dev.banyan.serve.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan serve simulate TRACE|--workload NAME}. */
@Command(
    name = "simulate",
    description = "Runs a trace through policies that dispatch and move requests.",
    footer = {
      "  banyan serve simulate --workload M-M --rate 9.5 --policy infaas,llumnix,banyan --seeds 10",
      "  banyan serve simulate trace.csv --rate 8 --report serve.html"
    })
public final class ServeSimulateCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();
  @Mixin private WorkloadFlags workloadFlags = new WorkloadFlags();
  @Mixin private FleetFlags fleetFlags = new FleetFlags();

  @Option(
      names = "--policy",
      paramLabel = "A,B",
      split = ",",
      description = "Policies to compare; all ten without it.")
  private List<String> policies = List.of();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws of the workload (default: ${DEFAULT-VALUE}).")
  private int seeds = 1;

  @Option(
      names = "--llumnix-threshold",
      paramLabel = "F",
      description = "Freeness below which llumnix moves; 10 for M-M and S-L, else 3.")
  private @Nullable Double threshold;

  @Option(
      names = "--chrome-trace",
      paramLabel = "FILE.json",
      description = "Stays of requests under the last policy, first seed, for Perfetto.")
  private @Nullable Path chromeTrace;

  @Option(
      names = "--completions",
      paramLabel = "FILE.csv",
      description = "When each request ended under the last policy, first seed.")
  private @Nullable Path completions;

  @Override
  public ExitCode call() throws IOException {
    Workload workload = workloadFlags.workload();
    List<String> names = policies.isEmpty() ? PolicyNames.all() : policies;
    Simulation simulation = Simulation.of(workload, fleetFlags.plan());
    if (threshold != null) {
      simulation =
          new Simulation(workload, simulation.fleet(), threshold, simulation.priorities(), false);
    }
    if (chromeTrace != null) {
      simulation = simulation.recording();
    }
    Comparison comparison;
    try (Progress progress = common.progress("simulate", (long) names.size() * seeds, "runs")) {
      comparison = simulation.run(names, seeds, common.seed(), progress);
    }
    if (chromeTrace != null) {
      ChromeTrace.write(chromeTrace, comparison.policies().getLast());
    }
    if (completions != null) {
      writeCompletions(completions, comparison.policies().getLast());
    }
    SimulationText.print(workload, comparison, common.seed(), common.out());
    common.emit(result(workload, comparison), () -> SimulationReport.of(workload, comparison));
    return ExitCode.DONE;
  }

  private static void writeCompletions(Path file, PolicyOutcome outcome) throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < outcome.completedSeconds().length; i++) {
      text.append(String.format(Locale.ROOT, "%d,%.9f%n", i, outcome.completedSeconds()[i]));
    }
    AtomicFile.writeString(file, text.toString());
  }

  private Result result(Workload workload, Comparison comparison) {
    Map<String, Object> byName = new LinkedHashMap<>();
    for (PolicyOutcome each : comparison.policies()) {
      Map<String, Object> figures = figures(each.pooled());
      figures.put("perSeed", each.perSeed().stream().map(ServeSimulateCommand::figures).toList());
      byName.put(each.policy(), figures);
    }
    return common
        .result()
        .put("workload", workload.name())
        .put("requests", comparison.requests())
        .put("requestsPerSecond", workload.rate())
        .put("seeds", comparison.seeds())
        .put("policies", byName);
  }

  private static Map<String, Object> figures(Figures of) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("requestMeanSeconds", of.requestMeanSeconds());
    map.put("requestP99Seconds", of.requestP99Seconds());
    map.put("prefillMeanSeconds", of.prefillMeanSeconds());
    map.put("prefillP99Seconds", of.prefillP99Seconds());
    map.put("decodeMeanSeconds", of.decodeMeanSeconds());
    map.put("decodeP99Seconds", of.decodeP99Seconds());
    map.put("preemptionLossSeconds", of.preemptionLossSeconds());
    map.put("fragmentationFraction", of.fragmentationFraction());
    map.put("moves", of.moves());
    map.put("refusedMoves", of.refusedMoves());
    map.put("requeues", of.requeues());
    map.put("replays", of.replays());
    map.put("preemptions", of.preemptions());
    map.put("abortedRequests", of.aborted());
    map.put("instanceSeconds", of.instanceSeconds());
    map.put("stoppedMeanSeconds", of.stoppedMeanSeconds());
    Map<String, Object> classes = new LinkedHashMap<>();
    Map<String, Figures.ClassFigures> named = new LinkedHashMap<>();
    named.put("high", of.high());
    named.put("normal", of.normal());
    named.put("low", of.low());
    named.forEach(
        (name, each) -> {
          if (each.requests() > 0) {
            Map<String, Object> own = new LinkedHashMap<>();
            own.put("requests", each.requests());
            own.put("requestMeanSeconds", each.requestMeanSeconds());
            own.put("prefillMeanSeconds", each.prefillMeanSeconds());
            own.put("prefillP99Seconds", each.prefillP99Seconds());
            own.put("decodeMeanSeconds", each.decodeMeanSeconds());
            own.put("tokenShare", each.tokenShare());
            classes.put(name, own);
          }
        });
    map.put("classes", classes);
    return map;
  }
}

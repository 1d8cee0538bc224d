package dev.banyan.cli.train;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.Drill;
import dev.banyan.cluster.Placement;
import dev.banyan.cluster.SteeringDecision;
import dev.banyan.cluster.SupervisedRun;
import dev.banyan.cluster.Supervisor;
import dev.banyan.cluster.SupervisorPlan;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.train.SupervisedTraining;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.TrainResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code banyan train --supervise}: what the command does when ranks are watched. */
record SupervisedTrain(
    Common common, Settings settings, int spares, List<String> hosts, Optional<Drill> drill) {
  ExitCode run() throws IOException, InterruptedException {
    int ranks = settings.count("ranks", 1);
    if (ranks < 2) {
      throw new UserInputException(
          "--supervise needs --ranks 2 or more: one rank has nobody to be compared with");
    }
    if (spares < 0) {
      throw new UserInputException("--spares must be at least 0");
    }
    TrainConfig train = TrainConfig.of(settings);
    SupervisedTraining job = SupervisedTraining.of(settings, ranks);
    var plan =
        SupervisorPlan.usual(Placement.of(ranks, spares, hosts), train.out().resolve("supervisor"));
    if (drill.isPresent() && drill.get().rank() >= ranks) {
      throw new UserInputException(
          "--drill: there is no rank %d, there are %d".formatted(drill.get().rank(), ranks));
    }
    SupervisedRun run =
        Supervisor.run(
            drill.map(plan::withDrill).orElse(plan),
            job,
            line -> {
              common.err().println(line);
              common.err().flush();
            });
    Optional<TrainResult> result =
        run.logs().isEmpty() ? Optional.empty() : SupervisedTraining.result(run.logs().getFirst());
    print(run, result);
    Result figures =
        common
            .result(new Seed(train.seed()))
            .put("finished", run.finished())
            .put("ended", run.ended())
            .put("restarts", run.restarts())
            .put("seconds", run.seconds())
            .put("steps", result.map(TrainResult::steps).orElse(0L))
            .put("loss", result.map(TrainResult::loss).orElse(0.0))
            .put("model", result.map(each -> each.model().toString()).orElse(""));
    common.emit(figures, () -> page(run));
    return run.finished() ? ExitCode.DONE : ExitCode.NO;
  }

  private void print(SupervisedRun run, Optional<TrainResult> result) {
    if (!run.restarts().isEmpty()) {
      common.out().print(TextTable.of(table(run)));
    }
    for (SupervisedRun.Restart restart : run.restarts()) {
      for (Verdict verdict : restart.decision().because()) {
        verdict.evidence().forEach(line -> common.out().printf("  %s%n", line));
      }
    }
    if (run.finished() && result.isPresent()) {
      TrainResult end = result.get();
      common
          .out()
          .printf(
              "%s: %d steps, loss %.4f, %d restarts, %.1f s%n",
              end.model(), end.steps(), end.loss(), run.restarts().size(), run.seconds());
    } else if (!run.finished()) {
      common.err().printf("banyan: %s%n", run.ended());
    }
  }

  /** What each restart cost, by component. */
  static Table table(SupervisedRun run) {
    Table table =
        Table.of(
            "generation",
            "decision",
            "detection s",
            "diagnosis s",
            "stop s",
            "start s",
            "lost steps",
            "lost work s",
            "down s");
    for (SupervisedRun.Restart restart : run.restarts()) {
      SteeringDecision decision = restart.decision();
      table.row(
          restart.generation(),
          decision.reason(),
          tenth(restart.silentSeconds()),
          thousandth(restart.diagnosisSeconds()),
          tenth(restart.stopSeconds()),
          tenth(restart.startSeconds()),
          restart.lostSteps(),
          tenth(restart.lostSeconds()),
          tenth(restart.downSeconds()));
    }
    return table.caption(
        "detection: since the harm of a drill, else the last collective anybody left; start: to the first");
  }

  private static double tenth(double seconds) {
    return Math.round(seconds * 10) / 10.0;
  }

  private static double thousandth(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }

  private Report page(SupervisedRun run) {
    Report page = Report.titled("Supervised training");
    page.section("Restarts").table(table(run));
    for (SupervisedRun.Restart restart : run.restarts()) {
      page.heading("Generation " + restart.generation());
      page.paragraph(restart.decision().reason());
      page.list(
          restart.decision().because().stream().flatMap(each -> each.evidence().stream()).toList());
    }
    return page;
  }
}

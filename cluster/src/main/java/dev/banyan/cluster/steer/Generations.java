package dev.banyan.cluster.steer;

import dev.banyan.cluster.Placement;
import dev.banyan.cluster.SteeringDecision;
import dev.banyan.cluster.SteeringState;
import dev.banyan.cluster.SupervisedJob;
import dev.banyan.cluster.SupervisedRun;
import dev.banyan.cluster.SupervisedRun.Restart;
import dev.banyan.cluster.SupervisorPlan;
import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/** One generation after the other, until the job ends or may not be restarted. */
public final class Generations {
  private final SupervisorPlan plan;
  private final SupervisedJob job;
  private final Consumer<String> said;

  public Generations(SupervisorPlan plan, SupervisedJob job, Consumer<String> said) {
    this.plan = plan;
    this.job = job;
    this.said = said;
  }

  /** Runs the job. */
  public SupervisedRun run() throws IOException, InterruptedException {
    Files.createDirectories(plan.folder());
    long begun = System.nanoTime();
    SteeringState state = SteeringState.first(plan.placement());
    List<Restart> restarts = new ArrayList<>();
    long gone = begun;
    try (Pool pool = new Pool(job, plan.folder())) {
      while (true) {
        standReady(pool, state.placement());
        Generation.Outcome outcome;
        try (Generation generation = Generation.start(plan, job, state, pool)) {
          said.accept(
              "generation %d: ranks on %s"
                  .formatted(state.generation(), String.join(", ", state.placement().slots())));
          outcome = generation.watch();
          if (!restarts.isEmpty()) {
            long origin = gone;
            OptionalDouble first = generation.firstCollective(origin);
            setStart(restarts, first.orElse(0));
          }
          if (outcome.decision().isEmpty()) {
            return new SupervisedRun(
                outcome.ended().isEmpty(),
                restarts,
                outcome.ended(),
                generation.logs(),
                seconds(begun));
          }
          said.accept(outcome.decision().get().reason());
          record(state.generation(), outcome.decision().get());
          long stopping = System.nanoTime();
          generation.stop();
          gone = System.nanoTime();
          restarts.add(
              outcome.restart(state.generation(), (gone - stopping) / 1e9, job.checkpointStep()));
        }
        SteeringDecision decision = outcome.decision().get();
        if (decision.kind() == SteeringDecision.Kind.STOP) {
          return new SupervisedRun(
              false, restarts, decision.reason(), outcome.logs(), seconds(begun));
        }
        for (String host : decision.isolate()) {
          pool.drop(host);
        }
        state = decision.next();
      }
    }
  }

  /** Starts what is missing: ranks, and spares that wait beside them. */
  private static void standReady(Pool pool, Placement placement) throws IOException {
    Map<String, Integer> wanted = new HashMap<>();
    placement.slots().forEach(label -> wanted.merge(label, 1, Integer::sum));
    placement.spares().forEach(label -> wanted.merge(label, 1, Integer::sum));
    List<String> missing = new ArrayList<>();
    wanted.forEach(
        (label, count) -> {
          for (int i = pool.ready(label); i < count; i++) {
            missing.add(label);
          }
        });
    pool.prepare(missing);
  }

  private static void setStart(List<Restart> restarts, double seconds) {
    Restart last = restarts.removeLast();
    restarts.add(
        new Restart(
            last.generation(),
            last.decision(),
            last.silentSeconds(),
            last.diagnosisSeconds(),
            last.stopSeconds(),
            seconds,
            last.reachedStep(),
            last.checkpointStep(),
            last.lostSeconds()));
  }

  /** One line a decision, with its evidence, on disk before anything is done. */
  private void record(int generation, SteeringDecision decision) throws IOException {
    String line =
        Json.mapper()
            .writeValueAsString(
                Map.of(
                    "generation", generation,
                    "wallMillis", System.currentTimeMillis(),
                    "decision", decision));
    Path file = plan.folder().resolve("decisions.jsonl");
    Files.writeString(
        file,
        line + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND,
        StandardOpenOption.SYNC);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}

package dev.banyan.cli.life;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Drill;
import dev.banyan.cluster.Placement;
import dev.banyan.cluster.SupervisedRun;
import dev.banyan.cluster.Supervisor;
import dev.banyan.cluster.SupervisorPlan;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.train.SupervisedTraining;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.TrainResult;
import dev.banyan.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A short run on two ranks under supervision, one of which is stopped by a signal in the middle,
 * held against the same run that nothing happens to.
 */
record Drilled(LifeConfig config, Common common, LifeFiles files) {
  private static final Duration GRACE = Duration.ofSeconds(1);

  /** On a busy machine a run can end before anybody saw it come to the drill's step. */
  private static final int TRIES = 5;

  private int steps() {
    return config.tiny() ? 45 : 150;
  }

  Lived.Supervised of(StepBook book) throws Exception {
    Path folder = files.of("supervised");
    Drill drill = new Drill(config.tiny() ? "KILL" : "STOP", 1, steps() / 3);
    Map<String, Object> keys = keys(folder);
    Path yaml = files.of("supervised.yaml");
    String text = YAMLMapper.shared().writeValueAsString(keys);
    AtomicFile.writeString(yaml, text);
    return book.step(
        "supervised",
        "banyan train %s --supervise --drill %s:%d@%d"
            .formatted(yaml, drill.signal(), drill.rank(), drill.step()),
        text + drill,
        folder.resolve("model"),
        Lived.Supervised.class,
        () -> run(keys, folder, drill));
  }

  private Map<String, Object> keys(Path folder) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("data", files.training().toString());
    keys.put("tokenizer", files.of("tokenizer").toString());
    keys.put("out", folder.toString());
    keys.put("hidden", 64);
    keys.put("layers", 2);
    keys.put("heads", 4);
    keys.put("kv-heads", 2);
    keys.put("ffn", 176);
    keys.put("length", 128);
    keys.put("rows", 4);
    keys.put("steps", steps());
    keys.put("checkpoint-every", config.tiny() ? 10 : 20);
    keys.put("ranks", 2);
    keys.put("seed", config.seed());
    return keys;
  }

  private Lived.Supervised run(Map<String, Object> keys, Path folder, Drill drill)
      throws IOException, InterruptedException {
    SupervisedRun run = drilled(keys, folder, drill);
    for (int more = 1; more < TRIES && run.finished() && run.restarts().isEmpty(); more++) {
      say("supervised: the drill came too late; once more");
      run = drilled(keys, folder, drill);
    }
    if (!run.finished() || run.restarts().isEmpty()) {
      throw new UserInputException(
          "supervised: %s; the logs are in %s"
              .formatted(
                  run.finished() ? "the drill came too late" : run.ended(),
                  folder.resolve("supervisor")));
    }
    Path calm = files.of("undisturbed");
    remove(calm);
    Map<String, Object> alone = new LinkedHashMap<>(keys);
    alone.put("out", calm.toString());
    alone.put("ranks", 1);
    TrainResult undisturbed =
        Trainer.run(
            TrainConfig.of(Settings.of(TrainConfig.SETTINGS).with(alone, "life")), Progress.none());
    boolean same =
        Files.mismatch(
                folder.resolve("model").resolve("model.safetensors"),
                undisturbed.model().resolve("model.safetensors"))
            < 0;
    SupervisedRun.Restart restart = run.restarts().getFirst();
    return new Lived.Supervised(
        steps(),
        "SIG" + drill.signal(),
        restart.decision().reason(),
        restart.decision().because().stream().flatMap(each -> each.evidence().stream()).toList(),
        restart.silentSeconds(),
        restart.diagnosisSeconds(),
        restart.stopSeconds(),
        restart.startSeconds(),
        restart.lostSteps(),
        restart.lostSeconds(),
        same);
  }

  private SupervisedRun drilled(Map<String, Object> keys, Path folder, Drill drill)
      throws IOException, InterruptedException {
    remove(folder); // a step that runs again runs from its beginning
    Settings settings = Settings.of(TrainConfig.SETTINGS).with(keys, "life");
    var plan =
        SupervisorPlan.usual(Placement.of(2, 1, List.of()), folder.resolve("supervisor"))
            .withDrill(drill)
            .withGrace(GRACE);
    return Supervisor.run(plan, SupervisedTraining.of(settings, 2), this::say);
  }

  private void say(String line) {
    common.err().println(line);
    common.err().flush();
  }

  private static void remove(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be removed", e);
    }
  }
}

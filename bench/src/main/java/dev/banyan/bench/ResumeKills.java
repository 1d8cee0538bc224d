package dev.banyan.bench;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;

/**
 * A training run killed with SIGKILL at random steps and started again each time, beside the same
 * run left alone.
 *
 * @param killedAt the steps after which it was killed, as far as was seen from outside
 * @param steps of the whole run
 * @param differentLosses steps whose loss, gradient norm or learning rate differ in any bit
 * @param sameWeights whether the final weights are the same bytes
 */
public record ResumeKills(
    List<Integer> killedAt, int steps, int differentLosses, boolean sameWeights) {
  private static final int CHECKPOINT_EVERY = 7;
  private static final List<String> COMPARED =
      List.of("step", "loss", "gradientNorm", "learningRate", "learnedTokens");

  public ResumeKills {
    killedAt = List.copyOf(killedAt);
  }

  /** Whether nothing tells the two runs apart. */
  public boolean same() {
    return differentLosses == 0 && sameWeights;
  }

  /** Runs both. */
  public static ResumeKills run(int kills, int steps, Seed seed, Progress progress) {
    return run(SmallRun.USUAL, kills, steps, seed, progress);
  }

  static ResumeKills run(SmallRun.Shape shape, int kills, int steps, Seed seed, Progress progress) {
    try (WorkFolder work = WorkFolder.open()) {
      SmallRun run = new SmallRun(work, shape, steps, CHECKPOINT_EVERY, seed);
      run.go("alone", List.of(), (step, bytes) -> false);
      List<Integer> killed = new ArrayList<>();
      for (int target : targets(kills, steps, seed.stream("kills"))) {
        boolean ended =
            run.go(
                "killed",
                List.of(),
                (step, bytes) -> {
                  if (step >= target) {
                    killed.add(step);
                  }
                  return step >= target;
                });
        progress.step(killed.size(), "killed after step " + target);
        if (ended) {
          break;
        }
      }
      run.go("killed", List.of(), (step, bytes) -> false);
      return compare(run.out("alone"), run.out("killed"), killed, steps);
    }
  }

  /**
   * Different steps in rising order, so that every start gets further; the last few steps are left
   * out, since a killed process may run on for one or two.
   */
  static List<Integer> targets(int kills, int steps, RandomGenerator random) {
    int last = steps - 5;
    if (kills > last) {
      throw new IllegalArgumentException(kills + " kills do not fit into " + steps + " steps");
    }
    TreeSet<Integer> targets = new TreeSet<>();
    while (targets.size() < kills) {
      targets.add(1 + random.nextInt(last));
    }
    return List.copyOf(targets);
  }

  private static ResumeKills compare(Path alone, Path killed, List<Integer> at, int steps) {
    try {
      List<String> expected = Files.readAllLines(alone.resolve("metrics.jsonl"));
      List<String> found = Files.readAllLines(killed.resolve("metrics.jsonl"));
      Path weights = Path.of("model", "model.safetensors");
      long mismatch = Files.mismatch(alone.resolve(weights), killed.resolve(weights));
      return new ResumeKills(at, steps, differences(expected, found, steps), mismatch == -1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Steps that are not on both sides with the same figures, of {@code steps} expected. */
  static int differences(List<String> expected, List<String> found, int steps) {
    int same = 0;
    Iterator<String> others = found.iterator();
    for (String line : expected) {
      if (others.hasNext() && figures(line).equals(figures(others.next()))) {
        same++;
      }
    }
    return Math.max(steps, Math.max(expected.size(), found.size())) - same;
  }

  /** The figures that do not depend on a clock. A double's shortest decimal form is its bits. */
  static List<String> figures(String line) {
    JsonNode node = Json.mapper().readTree(line);
    return COMPARED.stream().map(name -> node.path(name).toString()).toList();
  }
}

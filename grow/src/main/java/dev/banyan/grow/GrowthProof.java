package dev.banyan.grow;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.grow.prove.Arms;
import dev.banyan.grow.prove.Flops;
import dev.banyan.grow.prove.Material;
import dev.banyan.grow.prove.Training;
import dev.banyan.train.ModelShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether growing saves training: a small model is trained, grown in every way and trained on, and
 * each arm is held against the large model from scratch, on the same data in the same order with
 * the same schedule, counting the small model's FLOPs too. The same for experts: upcycled, from
 * scratch, and the dense model trained on.
 */
public final class GrowthProof {
  /** The small model and the large one: half as wide again, twice as deep. */
  static final ModelShape SMALL = new ModelShape(64, 2, 2, 1, 176, true);

  static final ModelShape LARGE = new ModelShape(96, 4, 3, 1, 264, true);

  private GrowthProof() {}

  /** Text, held-out text and a tokenizer for a proof, out of the built-in world. */
  public static ProofMaterial material(Path folder, Seed seed, int threads) throws IOException {
    return Material.make(folder, seed, threads);
  }

  /** Trains all arms; arms an earlier call finished in the same folder are read. */
  public static Proof run(ProofPlan plan, Progress progress) throws IOException {
    Map<String, List<Proof.Run>> runs = new LinkedHashMap<>();
    Map<String, Long> parameters = new LinkedHashMap<>();
    int done = 0;
    for (int seed = 0; seed < plan.seeds(); seed++) {
      var training = new Training(plan, seed, SMALL, LARGE);
      for (Arms.Arm arm : Arms.all(SMALL, LARGE)) {
        if (plan.wants(arm.name()) || arm.name().startsWith("scratch")) {
          progress.step(done, "seed " + (seed + 1) + " " + arm.name());
          Training.Trained trained = training.train(arm);
          runs.computeIfAbsent(arm.name(), name -> new ArrayList<>()).add(trained.run());
          parameters.put(arm.name(), trained.parameters());
        }
        done++;
      }
    }
    progress.step(done);
    List<Proof.Arm> arms = new ArrayList<>();
    for (Arms.Arm arm : Arms.all(SMALL, LARGE)) {
      List<Proof.Run> ran = runs.get(arm.name());
      if (ran != null) {
        long size = parameters.getOrDefault(arm.name(), 0L);
        arms.add(new Proof.Arm(arm.name(), arm.sparse(), arm.how(), size, ran));
      }
    }
    return new Proof(arms, plan.seeds());
  }

  /** Arms times seeds: what {@link #run} counts. */
  public static long work(ProofPlan plan) {
    return (long) Arms.all(SMALL, LARGE).size() * plan.seeds();
  }

  /** FLOPs of training on one token of a row of {@code length}. */
  public static double flopsPerToken(Path model, int length) {
    return Flops.perToken(Growth.config(model), length);
  }
}

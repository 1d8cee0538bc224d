package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Batch;
import dev.banyan.model.Invariance;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.train.ModelShape;
import dev.banyan.weights.StoredType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Whether models in exact mode give the same bits in random batches, chunks, orders, on reused and
 * recomputed keys, in packed rows and on 1, 2 and 3 threads.
 *
 * @param weights how the model's weights were held
 * @param found what was compared and what differed
 */
public record InvarianceCheck(String weights, Invariance found) {
  // heads of 12 and widths that fill no vector
  private static final ModelShape SHAPE = new ModelShape(72, 3, 6, 2, 200, false);
  private static final int VOCABULARY = 500;
  private static final int TOKENS = 60;
  private static final int MOST_THREADS = 3;

  /** Runs {@code trials} random schedules, divided among weights of F32, BF16, F16 and int8. */
  public static List<InvarianceCheck> all(int trials, Seed seed, Progress progress) {
    int before = Libtorch.threads();
    try (WorkFolder work = WorkFolder.open()) {
      List<InvarianceCheck> checks = new ArrayList<>();
      for (StoredType type : List.of(StoredType.F32, StoredType.BF16, StoredType.F16)) {
        var config = SHAPE.llama(VOCABULARY, 4 * TOKENS, 0, 1, 2);
        try (var model = LanguageModel.create(config, seed.of("model"), Precision.F32)) {
          model.save(work.file(type.name()), type, companions -> {});
        }
        Path folder = work.file(type.name());
        checks.add(check(type.name(), folder, Opening.exact(), (trials + 3) / 4, seed));
        progress.step(checks.size(), type.name());
      }
      Path folder = work.file(StoredType.BF16.name());
      checks.add(check("int8", folder, Opening.exact().rounded(), (trials + 3) / 4, seed));
      progress.step(checks.size(), "int8");
      return checks;
    } finally {
      Libtorch.start(Libtorch.Use.INFERENCE, before);
    }
  }

  private static InvarianceCheck check(
      String weights, Path folder, Opening opening, int trials, Seed seed) {
    List<LanguageModel> models = new ArrayList<>();
    try {
      for (int threads = 1; threads <= MOST_THREADS; threads++) {
        Libtorch.start(Libtorch.Use.INFERENCE, threads);
        LanguageModel model = LanguageModel.open(folder, opening);
        models.add(model);
        // its threads are those of its first pass
        try (Guard guard = Guard.noGrad();
            Scope scope = Scope.open()) {
          double unused = model.forward(Batch.of(1), KvStore.none()).sum().item();
        }
      }
      var freedoms = Arrays.asList(Invariance.Freedom.values());
      return new InvarianceCheck(
          weights, Invariance.of(models, trials, TOKENS, freedoms, seed.of(weights)));
    } finally {
      models.forEach(LanguageModel::close);
    }
  }
}

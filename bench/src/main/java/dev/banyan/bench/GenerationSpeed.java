package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.train.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Tokens a second that a fresh model of 6.5 M parameters generates greedily, prompts included in
 * the time.
 *
 * @param batch answers that grow at once
 * @param tokens of each answer
 * @param tokensPerSecond of all answers together, one figure per run
 */
public record GenerationSpeed(int batch, int tokens, List<Double> tokensPerSecond) {
  private static final ModelShape SHAPE = new ModelShape(256, 6, 8, 4, 704, false);
  private static final int VOCABULARY = 4096;
  private static final int PROMPT = 16;

  public GenerationSpeed {
    tokensPerSecond = List.copyOf(tokensPerSecond);
  }

  public double median() {
    return Pairs.median(tokensPerSecond);
  }

  /**
   * Measures each batch size {@code runs} times, after one run to warm up.
   *
   * @param tokens of each answer
   */
  public static List<GenerationSpeed> measure(
      List<Integer> batches, int tokens, int runs, Seed seed, Progress progress) {
    var config = SHAPE.llama(VOCABULARY, PROMPT + tokens, 0, 0, 0);
    try (WorkFolder work = WorkFolder.open()) {
      try (var fresh = LanguageModel.create(config, seed.of("model"), Precision.F32)) {
        fresh.save(work.file("model"));
      }
      List<GenerationSpeed> speeds = new ArrayList<>();
      try (var model = LanguageModel.open(work.file("model"))) {
        for (int batch : batches) {
          List<Generator.Request> requests = requests(batch, tokens, seed);
          List<Double> rates = new ArrayList<>();
          for (int run = -1; run < runs; run++) {
            long begun = System.nanoTime();
            new Generator(model, null).generateAll(requests, batch);
            if (run >= 0) {
              rates.add(batch * tokens / ((System.nanoTime() - begun) / 1e9));
            }
          }
          speeds.add(new GenerationSpeed(batch, tokens, rates));
          progress.step(speeds.size(), "batch " + batch);
        }
      }
      return speeds;
    }
  }

  private static List<Generator.Request> requests(int batch, int tokens, Seed seed) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int number = 0; number < batch; number++) {
      int[] prompt = seed.stream("prompt", number).ints(PROMPT, 0, VOCABULARY).toArray();
      requests.add(Generator.Request.greedy(prompt, tokens, Set.of()));
    }
    return requests;
  }
}

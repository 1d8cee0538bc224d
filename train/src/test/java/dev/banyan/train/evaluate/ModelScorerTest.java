package dev.banyan.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Batch;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.Tokenizer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.ModelShape;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelScorerTest {
  private static final int CONTEXT = 16;
  private static final List<String> TEXTS =
      List.of(
          "a",
          "one tree",
          "a tree grows up, then out; é counts two bytes",
          "exactly one window or nearly so",
          "the tree that grows is the tree that stays. ".repeat(6),
          "b",
          "x y z ".repeat(11));

  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void everyTokenCostsWhatItCostsBehindTheHalfContextOrMoreBeforeIt() {
    Tokenizer tokenizer = tokenizer(ChatFormat.SPECIAL_TOKENS, ChatFormat.ROLES);
    var format = new ChatFormat(tokenizer);
    try (LanguageModel model = model(tokenizer)) {
      var scores = ModelScorer.score(model, tokenizer, TEXTS, 1, Progress.none());
      for (int i = 0; i < TEXTS.size(); i++) {
        int[] ids = format.encode(TEXTS.get(i)).ids();
        int[] counted = Arrays.copyOf(ids, ids.length - 1); // the end tells no byte
        assertThat(scores.get(i).bytes())
            .isEqualTo(TEXTS.get(i).getBytes(StandardCharsets.UTF_8).length);
        double bits = bits(model, counted);
        assertThat(scores.get(i).bits()).isCloseTo(bits, within(1e-5 * bits));
      }
      assertThat(format.encode(TEXTS.get(4)).ids().length).isGreaterThan(4 * CONTEXT);
    }
  }

  @Test
  void threadsChangeNothing() {
    Tokenizer tokenizer = tokenizer(ChatFormat.SPECIAL_TOKENS, ChatFormat.ROLES);
    try (LanguageModel model = model(tokenizer)) {
      var one = ModelScorer.score(model, tokenizer, TEXTS, 1, Progress.none());
      var three = ModelScorer.score(model, tokenizer, TEXTS, 3, Progress.none());
      for (int i = 0; i < one.size(); i++) {
        assertThat(three.get(i).bits()).isCloseTo(one.get(i).bits(), within(1e-4));
      }
    }
  }

  @Test
  void withoutAnEndTokenTheLastTokenCountsToo() {
    Tokenizer tokenizer = tokenizer(List.of(), TrainedBpe.Roles.none());
    try (LanguageModel model = model(tokenizer)) {
      var scores = ModelScorer.score(model, tokenizer, TEXTS, 1, Progress.none());
      for (int i = 0; i < TEXTS.size(); i++) {
        // and the first, which nothing foretells, costs what one of equals does
        double first = Math.log(tokenizer.vocabSize()) / Math.log(2);
        double bits = first + bits(model, tokenizer.encode(TEXTS.get(i), false));
        assertThat(scores.get(i).bits()).isCloseTo(bits, within(1e-5 * bits));
      }
    }
  }

  /** One forward pass per token: the window that counts it is the first that reaches it. */
  private static double bits(LanguageModel model, int[] ids) {
    double nats = 0;
    for (int at = 1; at < ids.length; at++) {
      int beyond = at - CONTEXT; // tokens that the first window does not reach
      int start = beyond <= 0 ? 0 : (beyond + CONTEXT / 2 - 1) / (CONTEXT / 2) * (CONTEXT / 2);
      try (Scope scope = Scope.open();
          Guard guard = Guard.noGrad()) {
        float[] logits =
            model
                .forwardLast(Batch.of(Arrays.copyOfRange(ids, start, at)), KvStore.none())
                .toFloats();
        double sum = 0;
        for (float logit : logits) {
          sum += Math.exp(logit);
        }
        nats += Math.log(sum) - logits[ids[at]];
      }
    }
    return nats / Math.log(2);
  }

  private LanguageModel model(Tokenizer tokenizer) {
    return LanguageModel.create(
        new ModelShape(32, 2, 4, 2, 48, false).llama(tokenizer.vocabSize(), CONTEXT, 1, 2, 0),
        new Seed(6),
        Precision.F32);
  }

  private Tokenizer tokenizer(List<String> special, TrainedBpe.Roles roles) {
    BpeTrainer.train(TEXTS.iterator(), BpeTrainer.Options.of(290, special)).write(folder, roles);
    return Tokenizer.open(folder);
  }
}

package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RouterRecordTest {
  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void theLossesAreThoseOfTheirEquations() {
    try (Scope scope = Scope.open();
        RouterRecord even = new RouterRecord();
        RouterRecord skewed = new RouterRecord()) {
      even.add(Tensor.of(new float[8], 2, 4), new long[] {0, 1, 2, 3});
      assertThat(even.balance()).isCloseTo(1, within(1e-6));
      assertThat(even.z()).isCloseTo(Math.pow(Math.log(4), 2), within(1e-5));
      // softmax of (ln 3, 0) is (3/4, 1/4); all tokens go to expert 0: 2 * 1 * 3/4
      float score = (float) Math.log(3);
      skewed.add(Tensor.of(new float[] {score, 0, score, 0}, 2, 2), new long[] {0, 0});
      assertThat(skewed.balance()).isCloseTo(1.5, within(1e-6));
      assertThat(skewed.z()).isCloseTo(Math.pow(Math.log(4), 2), within(1e-5));
      assertThat(skewed.chosen()).containsExactly(2, 0);
      assertThat(skewed.loss(0.5, 2).orElseThrow().item())
          .isCloseTo(0.75 + 2 * Math.pow(Math.log(4), 2), within(1e-5));
    }
  }

  @Test
  void aWatchedMixtureNotesEveryLayer() {
    try (Scope scope = Scope.open();
        var model = LanguageModel.openTrainable(Oracle.folder("mixtral"), Precision.F32);
        RouterRecord record = new RouterRecord()) {
      model.watchRouters(record);
      model.hidden(Batch.of(5, 6, 7), KvStore.none());
      model.watchRouters(null);
      model.hidden(Batch.of(5, 6, 7), KvStore.none());
      var config = model.config();
      long choices = java.util.Arrays.stream(record.chosen()).sum();
      assertThat(choices)
          .isEqualTo(
              3L * config.layers() * java.util.Objects.requireNonNull(config.experts()).perToken());
      record.loss(1, 1).orElseThrow().backward();
      var router = model.parameters().get("model.layers.0.block_sparse_moe.gate.weight");
      assertThat(java.util.Objects.requireNonNull(router).grad()).isPresent();
    }
  }
}

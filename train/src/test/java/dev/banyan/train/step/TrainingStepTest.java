package dev.banyan.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.train.Example.Origin;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.TinyRun;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.pack.DataOrder;
import dev.banyan.train.pack.PackedRow;
import dev.banyan.train.pack.Packer;
import dev.banyan.train.pack.Tokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingStepTest {
  private static final int VOCABULARY = 61;
  private static final int LENGTH = 32;

  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  /** Loss and gradients by parameter. */
  private record Computed(TrainingStep.Outcome outcome, Map<String, float[]> gradients) {}

  @Test
  void microBatchesAndShardsGiveTheGradientsOfOneBigBatch() {
    List<PackedRow> rows = rows(8);
    Computed whole = compute(tiny(), List.of(rows));
    assertThat(whole.gradients()).hasSizeGreaterThan(15);

    requireClose(compute(tiny(), List.of(rows.subList(0, 4), rows.subList(4, 8))), whole);
    requireClose(compute(tiny().with("shards", 4).with("threads", 2), List.of(rows)), whole);
    requireClose(
        compute(
            tiny().with("shards", 2).with("threads", 2),
            List.of(rows.subList(0, 2), rows.subList(2, 6), rows.subList(6, 8))),
        whole);
  }

  @Test
  void oneThreadAndManyGiveTheSameBits() {
    List<List<PackedRow>> batches = List.of(rows(8), rows(8));
    Computed one = compute(tiny().with("shards", 4).with("threads", 1), batches);
    for (int threads = 2; threads <= 4; threads++) {
      Computed many = compute(tiny().with("shards", 4).with("threads", threads), batches);
      assertThat(many.outcome()).isEqualTo(one.outcome());
      one.gradients()
          .forEach((name, values) -> assertThat(many.gradients().get(name)).isEqualTo(values));
    }
  }

  @Test
  void packedDocumentsCostWhatEachPieceCostsAlone() {
    List<PackedRow> rows = rows(6);
    Computed packed = compute(tiny(), List.of(rows));

    double nats = 0;
    int learned = 0;
    int pieces = 0;
    try (LanguageModel model = model(tiny())) {
      for (PackedRow row : rows) {
        for (int from = 0; from < LENGTH; ) {
          int to = from;
          while (to < LENGTH && row.segments()[to] == row.segments()[from]) {
            to++;
          }
          nats += alone(model, row, from, to);
          pieces++;
          from = to;
        }
        learned += row.learned();
      }
    }
    assertThat(pieces).isGreaterThan(2 * rows.size());
    assertThat(packed.outcome().learned()).isEqualTo(learned);
    assertThat(packed.outcome().loss()).isCloseTo(nats / learned, within(1e-5));
  }

  @Test
  void clippingLimitsTheNormThatAnUpdateSees() {
    List<List<PackedRow>> batches = List.of(rows(8));
    Computed free = compute(tiny().with("clip", 0), batches);
    Computed clipped = compute(tiny().with("clip", 0.01), batches);

    double norm = norm(free);
    assertThat(free.outcome().gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
    assertThat(norm).isGreaterThan(0.05);
    assertThat(clipped.outcome().gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
    assertThat(norm(clipped)).isCloseTo(0.01, within(1e-5));
  }

  @Test
  void matricesDecayAndNormsDoNot() {
    TinyRun run = tiny().with("weight-decay", 0.5);
    try (LanguageModel model = model(run);
        TrainingStep step = new TrainingStep(model, run.config(), Optional.empty())) {
      Map<String, float[]> before = values(model);
      step.gradients(List.of(rows(4)));
      // gradients of zero: what is left of an update is the decay
      try (Scope scope = Scope.open();
          Guard guard = Guard.noGrad()) {
        model.parameters().values().forEach(p -> p.grad().orElseThrow().zero_());
      }
      step.update(0.1);
      values(model)
          .forEach(
              (name, after) -> {
                float[] old = before.getOrDefault(name, new float[0]);
                float factor = name.endsWith("norm.weight") ? 1 : 0.95f; // 1 - 0.1 · 0.5
                for (int i = 0; i < after.length; i++) {
                  assertThat(after[i]).as(name).isCloseTo(old[i] * factor, within(1e-6f));
                }
              });
    }
  }

  private static double norm(Computed computed) {
    double squares = 0;
    for (float[] values : computed.gradients().values()) {
      for (float value : values) {
        squares += (double) value * value;
      }
    }
    return Math.sqrt(squares);
  }

  /** Nats of a piece's learned tokens when nothing stands around it. */
  private static double alone(LanguageModel model, PackedRow row, int from, int to) {
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      int[] ids = Arrays.copyOfRange(row.tokens(), from, to);
      float[] logits = model.forward(Batch.of(ids), KvStore.none()).toFloats();
      double nats = 0;
      for (int at = from; at < to; at++) {
        if (row.labels()[at] != PackedRow.IGNORED) {
          int start = (at - from) * VOCABULARY;
          double sum = 0;
          for (int token = 0; token < VOCABULARY; token++) {
            sum += Math.exp(logits[start + token]);
          }
          nats += Math.log(sum) - logits[start + row.labels()[at]];
        }
      }
      return nats;
    }
  }

  private static void requireClose(Computed computed, Computed whole) {
    assertThat(computed.outcome().learned()).isEqualTo(whole.outcome().learned());
    assertThat(computed.outcome().loss()).isCloseTo(whole.outcome().loss(), within(1e-5));
    assertThat(computed.outcome().gradientNorm())
        .isCloseTo(whole.outcome().gradientNorm(), within(1e-5));
    whole
        .gradients()
        .forEach(
            (name, values) ->
                assertThat(computed.gradients().get(name))
                    .as(name)
                    .containsExactly(values, within(1e-5f)));
  }

  private static Computed compute(TinyRun run, List<List<PackedRow>> batches) {
    try (LanguageModel model = model(run);
        TrainingStep step = new TrainingStep(model, run.config(), Optional.empty())) {
      var outcome = step.gradients(batches);
      Map<String, float[]> gradients = new LinkedHashMap<>();
      try (Scope scope = Scope.open()) {
        model
            .parameters()
            .forEach((name, p) -> gradients.put(name, p.grad().orElseThrow().toFloats()));
      }
      return new Computed(outcome, gradients);
    }
  }

  private static Map<String, float[]> values(LanguageModel model) {
    Map<String, float[]> values = new LinkedHashMap<>();
    try (Scope scope = Scope.open()) {
      model.parameters().forEach((name, p) -> values.put(name, p.detach().toFloats()));
    }
    return values;
  }

  private TinyRun tiny() {
    return new TinyRun(
        folder,
        Map.of(
            "data",
            "none",
            "out",
            "none",
            "hidden",
            32,
            "layers",
            2,
            "heads",
            4,
            "kv-heads",
            2,
            "ffn",
            48,
            "steps",
            1,
            "shards",
            1,
            "threads",
            1));
  }

  private static LanguageModel model(TinyRun run) {
    TrainConfig config = run.config();
    return LanguageModel.create(
        config.shape().llama(VOCABULARY, LENGTH, 1, 2, 0), new Seed(3), Precision.F32);
  }

  /** Rows of several short documents, some of whose tokens are not learned. */
  private static List<PackedRow> rows(int count) {
    RandomGenerator random = new Seed(4).stream("rows");
    List<Tokens> documents = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      var tokens = new Tokens.Builder();
      for (int size = 4 + random.nextInt(20); size > 0; size--) {
        tokens.add(1 + random.nextInt(VOCABULARY - 1), random.nextInt(4) > 0);
      }
      documents.add(tokens.add(2, true).build());
    }
    var packer =
        new Packer(
            number -> new TextExample(new Origin(Path.of("d"), number), ""),
            new DataOrder(new Seed(1), documents.size(), false),
            example -> documents.get((int) example.origin().line()),
            LENGTH,
            0,
            Packer.State.START);
    List<PackedRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(packer.next());
    }
    return rows;
  }
}

package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Seed;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoadedAdapterTest {
  private static final List<String> METHODS =
      List.of("lora", "rslora", "ia3", "prompt", "ptuning", "prefix", "projected");

  @TempDir Path temp;
  private Guard guard = Guard.noGrad();

  @BeforeEach
  void noGradients() {
    guard.close();
    guard = Guard.noGrad();
  }

  @AfterEach
  void oneThread() {
    guard.close();
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "llama-gqa, FAST", "llama-gqa, EXACT",
    "qwen3, FAST", "qwen3, EXACT"
  })
  void logitsAndAnswersAreThoseOfPeft(String base, Mode mode) {
    try (var model = LanguageModel.open(Oracle.folder(base), opening(mode))) {
      for (String method : METHODS) {
        Path folder = Oracle.resource("/adapter/" + base + "-" + method);
        var recorded = Verification.Recording.read(folder.resolve("logits.json"));
        int[] ids = recorded.input_ids()[0];
        float[] plain = scores(model, null, ids);
        try (LoadedAdapter adapter = model.load(Adapter.open(folder))) {
          float[] found = scores(model, adapter, ids);
          float[] expected = flat(recorded.logits()[0]);
          assertThat(difference(found, expected)).as(method).isLessThanOrEqualTo(1e-4);
          // 20 tokens at once are for libtorch in fast mode, 10 for vector kernels
          assertThat(difference(scoresOfTwo(model, adapter, ids), twice(expected)))
              .as("two of %s", method)
              .isLessThanOrEqualTo(1e-4);
          assertThat(difference(found, plain)).as(method).isGreaterThan(0.01);
          if (adapter.virtualTokens() > 0) {
            int[] greedy = recorded.greedy()[0];
            var request = Generator.Request.greedy(ids, greedy.length, Set.of()).with(adapter);
            Completion answer = new Generator(model, null).generate(request, text -> {});
            assertThat(answer.ids()).as(method).isEqualTo(Arrays.stream(greedy).boxed().toList());
          }
        }
        assertThat(scores(model, null, ids)).as("without %s again", method).isEqualTo(plain);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-gqa", "qwen3", "mixtral"})
  void mergedAndLoadedAreTheSameUpToRounding(String base) throws IOException {
    int[] ids = new Seed(5).stream("ids").ints(40, 0, 199).toArray();
    for (Path folder : folders(base)) {
      Adapter read = Adapter.open(folder);
      if (read.virtualTokens() > 0) {
        continue;
      }
      for (Mode mode : Mode.values()) {
        float[] merged;
        try (var model = LanguageModel.open(Oracle.folder(base), opening(mode), read)) {
          merged = scores(model, null, ids);
        }
        try (var model = LanguageModel.open(Oracle.folder(base), opening(mode));
            var adapter = model.load(read)) {
          float[] found = scores(model, adapter, ids);
          assertThat(difference(found, merged)).as("%s %s", folder, mode).isLessThan(1e-4);
          assertThat(difference(found, scores(model, null, ids))).isGreaterThan(0.01);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama-gqa, 1", "llama-gqa, 3", "qwen3, 2", "mixtral, 2"})
  void aMixedBatchHasTheBitsOfEachSequenceAloneInExactMode(String base, int threads)
      throws IOException {
    assertThat(largestDifferenceOfMixed(base, Opening.exact(), threads)).isZero();
  }

  @Test
  void soItHasWithRoundedWeights() throws IOException {
    assertThat(largestDifferenceOfMixed("llama-gqa", Opening.exact().rounded(), 2)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-gqa", "qwen3", "mixtral"})
  void inFastModeItHasThemUpToRounding(String base) throws IOException {
    assertThat(largestDifferenceOfMixed(base, Opening.fast(), 1)).isLessThan(1e-4);
  }

  /** Runs random batches and chunks of sequences with all adapters and none beside each alone. */
  private double largestDifferenceOfMixed(String base, Opening opening, int threads)
      throws IOException {
    Libtorch.start(Libtorch.Use.INFERENCE, threads);
    double largest = 0;
    try (var model = LanguageModel.open(Oracle.folder(base), opening)) {
      List<@Nullable LoadedAdapter> adapters = new ArrayList<>();
      adapters.add(null);
      for (Path folder : folders(base)) {
        adapters.add(model.load(Adapter.open(folder)));
      }
      RandomGenerator random = new Seed(9).stream("mixed", base);
      // a plain sequence and two of each adapter, whose tokens are the same
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < 2 * adapters.size() - 1; i++) {
        LoadedAdapter adapter = adapters.get((i + 1) / 2);
        int[] ids = random.ints(3 + random.nextInt(30), 0, 199).toArray();
        rows.add(new Row(adapter, ids, scores(model, adapter, ids)));
      }
      for (int trial = 0; trial < 5; trial++) {
        largest = Math.max(largest, mixed(model, rows, random));
      }
    }
    return largest;
  }

  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  private record Row(@Nullable LoadedAdapter adapter, int[] ids, float[] alone) {}

  private static double mixed(LanguageModel model, List<Row> rows, RandomGenerator random) {
    double largest = 0;
    int vocabulary = model.config().vocabSize();
    int[] seen = new int[rows.size()];
    try (var kv = new ContiguousKvStore(model.config(), rows.size(), DType.F32)) {
      for (int slot = 0; slot < rows.size(); slot++) {
        LoadedAdapter adapter = rows.get(slot).adapter;
        if (adapter != null) {
          assertThat(adapter.begin(kv, slot)).isEqualTo(kv.length(slot));
        }
      }
      while (true) {
        List<Batch.Piece> pieces = new ArrayList<>();
        boolean decoding = random.nextInt(3) == 0;
        for (int slot = 0; slot < rows.size(); slot++) {
          int left = rows.get(slot).ids.length - seen[slot];
          if (left > 0 && random.nextInt(4) > 0) {
            int length = decoding ? 1 : 1 + random.nextInt(left);
            pieces.add(
                new Batch.Piece(
                    slot,
                    kv.length(slot),
                    Arrays.copyOfRange(rows.get(slot).ids, seen[slot], seen[slot] + length),
                    rows.get(slot).adapter));
          }
        }
        if (pieces.isEmpty()) {
          if (finished(rows, seen)) {
            return largest;
          }
          continue;
        }
        float[] found;
        try (Scope scope = Scope.open()) {
          found = model.forward(Batch.ragged(pieces), kv).toFloats();
        }
        int at = 0;
        for (Batch.Piece piece : pieces) {
          float[] alone = rows.get(piece.kv()).alone;
          int expected = seen[piece.kv()] * vocabulary;
          for (int i = 0; i < piece.ids().length * vocabulary; i++) {
            largest = Math.max(largest, Math.abs(found[at++] - alone[expected + i]));
          }
          seen[piece.kv()] += piece.ids().length;
        }
      }
    }
  }

  private static boolean finished(List<Row> rows, int[] seen) {
    for (int slot = 0; slot < seen.length; slot++) {
      if (seen[slot] < rows.get(slot).ids.length) {
        return false;
      }
    }
    return true;
  }

  @Test
  void answersWithDifferentAdaptersGrowTogetherAsTheyDoAlone() {
    try (var model = LanguageModel.open(Oracle.folder("qwen3"), Opening.exact())) {
      var generator = new Generator(model, null);
      var random = new Seed(3).stream("prompts");
      List<Generator.Request> requests = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        int[] prompt = random.ints(1 + random.nextInt(20), 0, 199).toArray();
        var request =
            new Generator.Request(
                prompt, Sampling.atTemperature(1), 9, Set.of(7), List.of(), new Seed(i));
        String method = METHODS.get(i % METHODS.size());
        requests.add(
            i % 5 == 4
                ? request
                : request.with(
                    model.load(Adapter.open(Oracle.resource("/adapter/qwen3-" + method)))));
      }
      List<Completion> together = generator.generateAll(requests, 4);
      for (int i = 0; i < requests.size(); i++) {
        assertThat(generator.generate(requests.get(i), text -> {}))
            .as("request %d", i)
            .isEqualTo(together.get(i));
        if (requests.get(i).adapter() != null) {
          assertThat(generator.generate(requests.get(i).with(null), text -> {}))
              .as("request %d without", i)
              .isNotEqualTo(together.get(i));
        }
      }
    }
  }

  @Test
  void adaptersComeAndGoWhileOthersAreInUse() {
    int[] ids = {1, 2, 3, 4, 5};
    try (var model = LanguageModel.open(Oracle.folder("llama-gqa"));
        var other = LanguageModel.open(Oracle.folder("llama-gqa"))) {
      LoadedAdapter lora = loaded(model, "llama-gqa-lora");
      LoadedAdapter prefix = loaded(model, "llama-gqa-prefix");
      float[] byLora = scores(model, lora, ids);
      float[] byPrefix = scores(model, prefix, ids);
      LoadedAdapter ia3 = loaded(model, "llama-gqa-ia3");
      assertThat(scores(model, lora, ids)).isEqualTo(byLora);
      lora.close();
      lora.close();
      assertThat(scores(model, prefix, ids)).isEqualTo(byPrefix);
      assertThatThrownBy(() -> scores(model, lora, ids))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
      assertThat(scores(model, loaded(model, "llama-gqa-lora"), ids)).isEqualTo(byLora);
      assertThatThrownBy(() -> scores(other, ia3, ids)).hasMessageContaining("another model");
      assertThat(prefix.bytes()).isEqualTo(4L * 6 * 3 * 2 * 16);
      assertThat(prefix.method()).isEqualTo("PREFIX_TUNING");
    }
  }

  @Test
  void aSequenceWithoutItsVirtualTokensIsRefused() {
    try (var model = LanguageModel.open(Oracle.folder("llama-gqa"));
        var kv = new ContiguousKvStore(model.config(), 1, DType.F32)) {
      LoadedAdapter prompt = loaded(model, "llama-gqa-prompt");
      var batch = Batch.ragged(List.of(new Batch.Piece(0, 0, new int[] {1}, prompt)));
      assertThatThrownBy(() -> forward(model, batch, kv)).hasMessageContaining("begin it first");
      assertThatThrownBy(() -> prompt.begin(KvStore.none(), 0))
          .hasMessageContaining("store that keeps");
      assertThat(prompt.begin(kv, 0)).isEqualTo(5);
      assertThatThrownBy(() -> prompt.begin(kv, 0)).hasMessageContaining("come first");
    }
  }

  @Test
  void loadingAndClosingLeavesNoMemoryBehind() throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                JavaCommand.of(
                    // compiled in the foreground: a compiler that lags behind is resident too
                    List.of(
                        "-XX:+UseSerialGC",
                        "-Xms96m",
                        "-Xmx96m",
                        "-XX:+AlwaysPreTouch",
                        "-XX:TieredStopAtLevel=1",
                        "-Xbatch"),
                    AdapterRounds.class.getName(),
                    METHODS.stream()
                        .map(method -> Oracle.resource("/adapter/llama-gqa-" + method).toString())
                        .toList()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String grown = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isZero();
    // what these rounds load is 26 MB
    assertThat(Long.parseLong(grown.strip())).isLessThan(10L << 20);
  }

  private static Opening opening(Mode mode) {
    return mode == Mode.EXACT ? Opening.exact() : Opening.fast();
  }

  private static LoadedAdapter loaded(LanguageModel model, String folder) {
    return model.load(Adapter.open(Oracle.resource("/adapter/" + folder)));
  }

  private static void forward(LanguageModel model, Batch batch, KvStore kv) {
    try (Scope scope = Scope.open()) {
      var unused = model.forward(batch, kv);
    }
  }

  static float[] scores(LanguageModel model, @Nullable LoadedAdapter adapter, int[] ids) {
    try (Scope scope = Scope.open();
        var kv = new ContiguousKvStore(model.config(), 1, DType.F32)) {
      int position = adapter == null ? 0 : adapter.begin(kv, 0);
      var piece = new Batch.Piece(0, position, ids, adapter);
      return model.forward(Batch.ragged(List.of(piece)), kv).toFloats();
    }
  }

  private static float[] scoresOfTwo(LanguageModel model, LoadedAdapter adapter, int[] ids) {
    try (Scope scope = Scope.open();
        var kv = new ContiguousKvStore(model.config(), 2, DType.F32)) {
      var first = new Batch.Piece(0, adapter.begin(kv, 0), ids, adapter);
      var second = new Batch.Piece(1, adapter.begin(kv, 1), ids, adapter);
      return model.forward(Batch.ragged(List.of(first, second)), kv).toFloats();
    }
  }

  private static float[] twice(float[] values) {
    float[] both = Arrays.copyOf(values, 2 * values.length);
    System.arraycopy(values, 0, both, values.length, values.length);
    return both;
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    }
    return all;
  }

  private static double difference(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  /** PEFT's adapters for a model, and random ones on every kind of linear layer it has. */
  private List<Path> folders(String base) throws IOException {
    List<Path> folders = new ArrayList<>();
    if (!base.equals("mixtral")) {
      METHODS.forEach(method -> folders.add(Oracle.resource("/adapter/" + base + "-" + method)));
    }
    ModelConfig config = ModelConfig.read(Oracle.folder(base).resolve(ModelConfig.FILE));
    RandomGenerator random = new Seed(1).stream("adapters", base);
    var lora = new WrittenAdapter();
    var outputs = new WrittenAdapter();
    var inputs = new WrittenAdapter();
    for (Layer layer : layers(config)) {
      lora.lora(layer.name, random, 3, layer.inputs, layer.outputs);
      outputs.ia3(layer.name, random, layer.outputs, 1);
      inputs.ia3(layer.name, random, 1, layer.inputs);
    }
    folders.add(
        lora.write(
            temp.resolve(base + "-lora"),
            "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 2}"));
    folders.add(outputs.write(temp.resolve(base + "-outputs"), "{\"peft_type\": \"IA3\"}"));
    folders.add(inputs.write(temp.resolve(base + "-inputs"), "{\"peft_type\": \"IA3\"}"));
    return folders;
  }

  private record Layer(String name, int inputs, int outputs) {}

  private static List<Layer> layers(ModelConfig config) {
    List<Layer> layers = new ArrayList<>();
    var attention = config.attention();
    int hidden = config.hiddenSize();
    int queries = attention.heads() * attention.headDim();
    int keys = attention.keyValueHeads() * attention.headDim();
    int width = config.intermediateSize();
    for (int i = 0; i < config.layers(); i++) {
      String layer = "model.layers." + i + ".";
      layers.add(new Layer(layer + "self_attn.q_proj", hidden, queries));
      layers.add(new Layer(layer + "self_attn.k_proj", hidden, keys));
      layers.add(new Layer(layer + "self_attn.v_proj", hidden, keys));
      layers.add(new Layer(layer + "self_attn.o_proj", queries, hidden));
      if (config.experts() == null) {
        layers.add(new Layer(layer + "mlp.gate_proj", hidden, width));
        layers.add(new Layer(layer + "mlp.up_proj", hidden, width));
        layers.add(new Layer(layer + "mlp.down_proj", width, hidden));
        continue;
      }
      String block = layer + "block_sparse_moe.";
      layers.add(new Layer(block + "gate", hidden, config.experts().count()));
      for (int expert = 0; expert < config.experts().count(); expert++) {
        int inside = config.experts().intermediateSize();
        layers.add(new Layer(block + "experts." + expert + ".w1", hidden, inside));
        layers.add(new Layer(block + "experts." + expert + ".w3", hidden, inside));
        layers.add(new Layer(block + "experts." + expert + ".w2", inside, hidden));
      }
    }
    layers.add(new Layer("lm_head", hidden, config.vocabSize()));
    return layers;
  }
}

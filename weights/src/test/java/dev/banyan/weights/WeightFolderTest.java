package dev.banyan.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class WeightFolderTest {
  @TempDir Path temp;

  @ParameterizedTest
  @FieldSource("dev.banyan.weights.Fixtures#MODELS")
  void theTensorsOfAFolderAreThoseItsConfigAsksFor(String name) {
    try (var folder = WeightFolder.open(Fixtures.model(name))) {
      assertThat(folder.check()).isEmpty();
      var naming = name.endsWith("packed") ? ExpertNaming.PACKED : ExpertNaming.SEPARATE;
      assertThat(folder.expertNaming()).isEqualTo(naming);
    }
  }

  @ParameterizedTest
  @FieldSource("dev.banyan.weights.Fixtures#MODELS")
  void aCopyHasTheSameBytes(String name) throws IOException {
    Path copy = temp.resolve("copy");
    try (var folder = WeightFolder.open(Fixtures.model(name))) {
      WeightWriter.copy(folder, copy);
    }
    try (var files = Files.list(Fixtures.model(name))) {
      for (Path file : files.toList()) {
        if (!file.endsWith("oracle.json")) {
          assertThat(copy.resolve(file.getFileName())).hasSameBinaryContentAs(file);
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("dev.banyan.weights.Fixtures#MODELS")
  void aFreshPlanOfTheSameTensorsIsTheOneTransformersMade(String name) throws IOException {
    try (var folder = WeightFolder.open(Fixtures.model(name))) {
      StoredType type = folder.shards().getFirst().tensor("model.embed_tokens.weight").type();
      var specs = ParameterLayout.of(folder.config(), type, folder.expertNaming());
      var plan = ShardPlan.of(specs, folder.shards().size() > 1 ? 60_000 : 1_000_000_000);
      var like = ShardPlan.like(folder);
      assertThat(plan.indexJson()).isEqualTo(like.indexJson());
      assertThat(plan.shards()).hasSameSizeAs(like.shards());
      for (int i = 0; i < plan.shards().size(); i++) {
        var ours = plan.shards().get(i);
        var theirs = like.shards().get(i);
        assertThat(ours.file()).isEqualTo(theirs.file());
        assertThat(ours.header().encoded()).isEqualTo(theirs.header().encoded());
      }
    }
  }

  @Test
  void shardsAreNumberedInPlainDigitsWhateverTheUsersLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      var specs =
          List.of(TensorSpec.of("a", StoredType.F32, 4), TensorSpec.of("b", StoredType.F32, 4));
      assertThat(ShardPlan.of(specs, 16).shards())
          .extracting(ShardPlan.Shard::file)
          .containsExactly("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void blocksWrittenInAnyOrderByManyThreadsMakeTheSameFile() throws Exception {
    Path copy = temp.resolve("copy");
    try (var source = WeightFolder.open(Fixtures.model("llama-gqa"));
        var writer = WeightWriter.open(copy, ShardPlan.like(source))) {
      var blocks = new ArrayList<Runnable>();
      for (String name : source.names()) {
        MemorySegment data = source.tensor(name).data();
        for (long at = 0; at < data.byteSize(); at += 1000) {
          long from = at;
          long bytes = Math.min(1000, data.byteSize() - at);
          blocks.add(() -> writer.write(name, from, data.asSlice(from, bytes)));
        }
      }
      Collections.shuffle(blocks, new Random(5));
      blocks.parallelStream().forEach(Runnable::run);
      writer.config(source.config());
      assertThat(copy).doesNotExist();
      writer.commit();
    }
    try (var files = Files.list(Fixtures.model("llama-gqa"))) {
      for (Path file : files.filter(f -> f.toString().endsWith("tensors")).toList()) {
        assertThat(copy.resolve(file.getFileName())).hasSameBinaryContentAs(file);
      }
    }
    try (var reread = WeightFolder.open(copy)) {
      assertThat(reread.check()).isEmpty();
    }
  }

  @Test
  void reshardedWeightsHaveTheSameValues() {
    Path target = temp.resolve("small");
    try (var source = WeightFolder.open(Fixtures.model("qwen3-moe"))) {
      var specs = source.names().stream().map(name -> source.spec(name).orElseThrow()).toList();
      var plan = ShardPlan.of(specs, 20_000);
      assertThat(plan.shards().size()).isGreaterThan(5);
      try (var writer = WeightWriter.open(target, plan)) {
        source.names().forEach(name -> writer.write(name, source.tensor(name).data()));
        writer.config(source.config());
        writer.commit();
      }
      try (var sharded = WeightFolder.open(target)) {
        assertThat(sharded.names()).containsExactlyInAnyOrderElementsOf(source.names());
        for (String name : source.names()) {
          assertThat(sharded.tensor(name).toFloats()).isEqualTo(source.tensor(name).toFloats());
        }
      }
    }
  }

  @Test
  void anUnfinishedFolderIsRefusedAndLeavesNothing() throws IOException {
    Path target = temp.resolve("out");
    var plan = ShardPlan.of(List.of(TensorSpec.of("a", StoredType.F32, 4)), 100);
    try (var writer = WeightWriter.open(target, plan)) {
      writer.write("a", 0, MemorySegment.ofArray(new float[3]));
      assertThatThrownBy(writer::commit)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("12 of the 16 bytes of tensor 'a'");
      assertThatThrownBy(() -> writer.write("a", 12, MemorySegment.ofArray(new float[2])))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> writer.write("b", 0, MemorySegment.ofArray(new float[2])))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void weightsThatDoNotFitTheDiskAreRefusedBeforeTheFirstByte() {
    var plan = ShardPlan.of(List.of(TensorSpec.of("a", StoredType.F32, 1L << 58)), Long.MAX_VALUE);
    assertThatThrownBy(() -> WeightWriter.open(temp.resolve("out"), plan))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("free some or choose another place");
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void anotherModelsConfigIsNamedWithTheTensor() throws IOException {
    Path copy = copy("llama-headdim");
    replace(copy.resolve("config.json"), "\"intermediate_size\": 56", "\"intermediate_size\": 64");
    try (var folder = WeightFolder.open(copy)) {
      assertThatThrownBy(folder::check)
          .isInstanceOf(UserInputException.class)
          .hasMessage(
              "model.safetensors: tensor 'model.layers.0.mlp.gate_proj.weight' has shape [56, 32],"
                  + " config.json says [64, 32]. The config and the weights are from different"
                  + " models.");
    }
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    Path copy = copy("llama-headdim");
    replace(copy.resolve("config.json"), "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4");
    try (var folder = WeightFolder.open(copy)) {
      assertThatThrownBy(folder::check)
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("tensor 'model.layers.3.self_attn.q_proj.weight' is missing")
          .hasMessageContaining("llama with 4 layers");
    }
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Path copy = copy("llama-gqa");
    Files.delete(copy.resolve("model-00002-of-00003.safetensors"));
    assertRefused(copy, "file model-00002-of-00003.safetensors, which the index names, is missing");
  }

  @Test
  void aTensorTheIndexPromisesButItsShardLacksIsNamed() throws IOException {
    Path copy = copy("llama-gqa");
    replace(
        copy.resolve("model.safetensors.index.json"),
        "\"lm_head.weight\": \"model-00003",
        "\"lm_head.weight\": \"model-00001");
    assertRefused(
        copy, "tensor 'lm_head.weight' is in model-00001-of-00003.safetensors, which does not");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"weight_map\":{\"a\":\"../x.safetensors\"}} | tensor 'a' is in \"../x.safetensors\", expected",
        "{\"weight_map\":{\"a\":7}}  | tensor 'a' is in 7, expected the name of a file",
        "{\"weight_map\":{}}         | has no weight_map",
        "{\"metadata\":{}}           | has no weight_map",
        "[]                          | has no weight_map",
        "{\"weight_map\":            | line 1, column 15 is not valid JSON",
        "{\"weight_map\":{\"a\":\"b\",\"a\":\"c\"}} | Duplicate",
      })
  void aWrongIndexIsRefused(String index, String message) throws IOException {
    Path copy = copy("llama-gqa");
    Files.writeString(copy.resolve("model.safetensors.index.json"), index.strip());
    assertRefused(copy, message.strip());
  }

  @Test
  void aFolderWithoutWeightsSaysWhatIsExpected() throws IOException {
    assertRefused(temp.resolve("nowhere"), "there is no such folder");
    assertRefused(temp, "config.json: cannot be read; a model folder needs its config.json");
    Files.copy(Fixtures.model("qwen2").resolve("config.json"), temp.resolve("config.json"));
    assertRefused(temp, "has neither model.safetensors nor model.safetensors.index.json");
    Files.writeString(temp.resolve("pytorch_model.bin"), "");
    assertRefused(temp, "convert its pytorch_model.bin");
  }

  @Test
  void anyTruncationOfAFileIsRefused() throws IOException {
    Path copy = copy("mistral");
    Path file = copy.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(file);
    var random = new Seed(3).stream("truncation");
    for (int i = 0; i < 200; i++) {
      int length = i < 20 ? i : random.nextInt(whole.length);
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> WeightFolder.open(copy))
          .as("first %d bytes", length)
          .isInstanceOf(UserInputException.class)
          .hasMessageStartingWith("model.safetensors: ");
    }
  }

  @Test
  void aConfigWrittenByBanyanDescribesTheSameModel() {
    for (String name : Fixtures.MODELS) {
      ModelConfig read = ModelConfig.read(Fixtures.model(name).resolve("config.json"));
      ModelConfig again =
          ModelConfig.parse(
              "again", read.toJson().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      assertThat(again).isEqualTo(read);
    }
  }

  private void assertRefused(Path folder, String message) {
    assertThatThrownBy(() -> WeightFolder.open(folder))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(message);
  }

  private Path copy(String model) throws IOException {
    Path copy = temp.resolve(model);
    Files.createDirectory(copy);
    try (Stream<Path> files = Files.list(Fixtures.model(model))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  private static void replace(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }
}

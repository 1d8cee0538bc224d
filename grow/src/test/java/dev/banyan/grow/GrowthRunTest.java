package dev.banyan.grow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.WeightFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders in, folders out. */
class GrowthRunTest {
  private static final Path LLAMA = Fixtures.model("llama-gqa");

  @TempDir private Path folder;

  private static final GrowthOptions MIXED =
      GrowthOptions.to(new Size(40, 5, 8, 4, 100, null))
          .with(Mixture.of(Mixture.Method.DROP).withExperts(4, 2));

  private Grown run(Path source, String name, GrowthOptions options) {
    return Growth.run(source, folder.resolve(name), Growth.plan(source, options), Progress.none());
  }

  @Test
  void whatIsWrittenIsWhatTheRecipePromised() {
    var options = GrowthOptions.to(new Size(40, 5, 8, 4, 100, null));
    Grown grown = run(LLAMA, "big", options);
    assertThat(grown.targetParameters()).isGreaterThan(grown.sourceParameters());
    Verdict verdict = Growth.verify(LLAMA, folder.resolve("big"), Sample.few(), Progress.none());
    assertThat(verdict.good()).isTrue();
    assertThat(verdict.perStep()).hasSize(4).allMatch(Verdict.Step::kept);
    assertThat(verdict.measured().maxRelativeError()).isLessThan(1e-5);
    assertThat(verdict.perLayer()).hasSize(5).allMatch(layer -> layer.maxRelativeError() < 1e-5);
    try (var written = WeightFolder.open(folder.resolve("big"))) {
      assertThat(written.check()).isEmpty();
      assertThat(written.shards().getFirst().header().metadata())
          .containsEntry("format", "pt")
          .containsEntry("banyan.source", "llama-gqa");
    }
  }

  /** Shares of bfloat16 weights sum to them exactly: the function stays to the last bits of f64. */
  @Test
  void sixteenBitWeightsAreSharedWithoutRounding() {
    var options = GrowthOptions.to(new Size(null, null, null, null, 120, null)).as(StoredType.BF16);
    Path narrow = folder.resolve("narrow");
    Growth.run(
        LLAMA,
        narrow,
        Growth.plan(LLAMA, GrowthOptions.to(Size.SAME).as(StoredType.BF16)),
        Progress.none());
    run(narrow, "wide", options);
    Verdict verdict = Growth.verify(narrow, folder.resolve("wide"), Sample.few(), Progress.none());
    assertThat(verdict.rounds()).isFalse();
    assertThat(verdict.measured().exact()).isTrue();
  }

  /** Only gains are scaled, and they have 24 bits; isometric rounds every weight to 8. */
  @Test
  void dyadicWidthRoundsNoMatrixOfSixteenBits() {
    Path narrow = folder.resolve("narrow");
    run(LLAMA, "narrow", GrowthOptions.to(Size.SAME).as(StoredType.BF16));
    int hidden = Growth.config(LLAMA).hiddenSize();
    var wider = GrowthOptions.to(new Size(hidden + 17, null, null, null, null, null));
    run(narrow, "dyadic", wider.with(Width.DYADIC));
    run(narrow, "isometric", wider);
    Verdict dyadic = Growth.verify(narrow, folder.resolve("dyadic"), Sample.few(), Progress.none());
    Verdict other =
        Growth.verify(narrow, folder.resolve("isometric"), Sample.few(), Progress.none());
    assertThat(dyadic.good()).isTrue();
    assertThat(dyadic.measured().maxRelativeError()).isLessThan(1e-6);
    assertThat(other.measured().maxRelativeError()).isGreaterThan(1e-4);
  }

  /** A runtime that computes the sigmoid as silu(x)/x, as llama.cpp does, must not divide by 0. */
  @Test
  void theGateOfASharedExpertHasASigmoidOfAHalfAndIsNotZero() {
    Path source = Fixtures.model("qwen2");
    run(source, "moe", GrowthOptions.to(Size.SAME).with(Mixture.of(Mixture.Method.SHARED_CARRY)));
    int hidden = Growth.config(source).hiddenSize();
    ByteBuffer gate = ByteBuffer.allocate(hidden * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (var written = WeightFolder.open(folder.resolve("moe"))) {
      written.read("model.layers.0.mlp.shared_expert_gate.weight", 0, gate);
    }
    gate.flip();
    double sum = 0;
    while (gate.hasRemaining()) {
      float weight = gate.getFloat();
      assertThat(weight).isPositive();
      sum += 1000 * weight;
    }
    assertThat(1 / (1 + Math.exp(-sum))).isEqualTo(0.5);
    assertThat(sum / (1 + Math.exp(-sum)) / sum).isEqualTo(0.5);
  }

  @Test
  void aTornTensorIsNoticed() throws IOException {
    run(LLAMA, "big", GrowthOptions.to(new Size(null, null, null, null, 120, null)));
    Path file = folder.resolve("big").resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 0x40;
    Files.write(file, bytes);
    Verdict verdict = Growth.verify(LLAMA, folder.resolve("big"), Sample.few(), Progress.none());
    assertThat(verdict.differing()).isNotEmpty();
    assertThat(verdict.good()).isFalse();
  }

  @Test
  void theSameRunGivesTheSameBytesAndIsNotDoneTwice() {
    Grown first = run(LLAMA, "a", MIXED);
    Grown second = run(LLAMA, "b", MIXED);
    assertThat(second.sha256()).isEqualTo(first.sha256());
    Grown again = run(LLAMA, "a", MIXED);
    assertThat(again.sha256()).isEqualTo(first.sha256());
    assertThat(again.bytesWritten()).isZero();
    Grown other = run(LLAMA, "c", MIXED.withSeed(2));
    assertThat(other.sha256()).isNotEqualTo(first.sha256());
  }

  @Test
  void aRunGoesOnFromWhatItsJournalSays() throws IOException {
    Grown whole = run(LLAMA, "whole", MIXED);
    Path growing = folder.resolve(".part.growing");
    run(LLAMA, "part", MIXED);
    // as a killed run leaves it: no configuration, a journal that ends inside a line
    Files.move(folder.resolve("part"), growing);
    Files.delete(growing.resolve("config.json"));
    String guard = Files.readString(growing.resolve("growth-manifest.json"));
    guard = guard.replaceAll("(?s).*\"guard\" : \"([0-9a-f]+)\".*", "$1");
    String hash = "00".repeat(32);
    Files.writeString(
        growing.resolve("journal"), guard + "\n" + hash + " model.norm.weight\n" + hash + " lm_h");
    Grown resumed = run(LLAMA, "part", MIXED);
    assertThat(resumed.bytesResumed()).isEqualTo(40 * 4);
    assertThat(resumed.bytesWritten()).isEqualTo(whole.bytesWritten() - 40 * 4);
    // the journal is believed: its false hash is the one difference
    assertThat(resumed.sha256()).isNotEqualTo(whole.sha256());
    assertThat(growing).doesNotExist();
    assertThat(Files.mismatch(weights("part"), weights("whole"))).isEqualTo(-1);
  }

  private Path weights(String name) {
    return folder.resolve(name).resolve("model.safetensors");
  }

  @Test
  void whatStandsInTheWayIsRefused() throws IOException {
    Files.createDirectories(folder.resolve("there"));
    assertThatThrownBy(() -> run(LLAMA, "there", MIXED))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("is there already");
    Path quantised = folder.resolve("quantised");
    copy(LLAMA, quantised);
    String config = Files.readString(quantised.resolve("config.json"));
    Files.writeString(
        quantised.resolve("config.json"),
        config.replaceFirst("\\{", "{\"quantization_config\": {\"bits\": 4},"));
    assertThatThrownBy(() -> Growth.plan(quantised, MIXED))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("quantised");
    Files.writeString(
        quantised.resolve("config.json"),
        config.replaceFirst("\"intermediate_size\": \\d+", "\"intermediate_size\": 77"));
    assertThatThrownBy(() -> Growth.plan(quantised, MIXED))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("config.json says");
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama-gqa,  16, , , , , , smaller than the source's",
    "llama-gqa,  , 1, , , , , smaller than the source's",
    "llama-gqa,  , , 9, 2, , , is no multiple of 2",
    "llama-yarn, , , , , , 32, yarn",
    "llama-headdim, , , , , , 40, multiples",
  })
  void targetsThatCannotBeAreRefused(
      String model,
      Integer hidden,
      Integer layers,
      Integer heads,
      Integer groups,
      Integer ffn,
      Integer headDim,
      String message) {
    var options = GrowthOptions.to(new Size(hidden, layers, heads, groups, ffn, headDim));
    assertThatThrownBy(() -> Growth.plan(Fixtures.model(model), options))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(message)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2,      MIXTRAL,   qwen2_moe",
    "qwen3,      MIXTRAL,   qwen3_moe",
    "llama-gqa,  QWEN3_MOE, mixtral",
    "llama-bias, MIXTRAL,   without --moe",
    "mixtral,    MIXTRAL,   already is a mixture",
    "qwen3,      QWEN2,     qwen3_moe",
  })
  void pairsThatCannotBeNameWhatCan(
      String model, dev.banyan.weights.config.Family target, String message) {
    var options = GrowthOptions.to(Size.SAME).with(Mixture.of(Mixture.Method.COPY)).into(target);
    assertThatThrownBy(() -> Growth.plan(Fixtures.model(model), options))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aRecipeComesBackFromItsFile() throws IOException {
    Path file = folder.resolve("recipe.json");
    for (GrowthOptions options :
        List.of(
            MIXED,
            GrowthOptions.to(new Size(44, 6, 8, 4, 90, 32)).with(Width.ZERO_EXTEND),
            GrowthOptions.to(new Size(64, 6, null, null, 90, null)).with(Width.AKI))) {
      Recipe recipe = Growth.plan(LLAMA, options);
      Growth.write(recipe, file);
      Grown planned = Growth.run(LLAMA, folder.resolve("p"), recipe, Progress.none());
      Recipe back = Growth.readRecipe(file);
      assertThat(back.tensors()).isEqualTo(recipe.tensors());
      assertThat(back.steps()).isEqualTo(recipe.steps());
      Grown read = Growth.run(LLAMA, folder.resolve("r"), back, Progress.none());
      assertThat(read.sha256()).isEqualTo(planned.sha256());
      delete(folder.resolve("p"));
      delete(folder.resolve("r"));
    }
    Files.writeString(file, "{", StandardOpenOption.TRUNCATE_EXISTING);
    assertThatThrownBy(() -> Growth.readRecipe(file)).isInstanceOf(UserInputException.class);
  }

  private static void delete(Path path) throws IOException {
    try (var files = Files.list(path)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(path);
  }
}

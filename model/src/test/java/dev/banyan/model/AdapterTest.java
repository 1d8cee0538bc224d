package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdapterTest {
  private final Path temp;

  AdapterTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @ParameterizedTest
  @CsvSource({
    "llama-gqa, lora",
    "llama-gqa, rslora",
    "llama-gqa, ia3",
    "qwen3, lora",
    "qwen3, rslora",
    "qwen3, ia3"
  })
  void logitsAreThoseOfPeft(String base, String method) {
    Path folder = resource("/adapter/" + base + "-" + method);
    var recorded = Verification.Recording.read(folder.resolve("logits.json"));
    int[] ids = recorded.input_ids()[0];
    float[] plain;
    try (var model = LanguageModel.open(resource("/hf/" + base))) {
      plain = logits(model, ids);
    }
    try (var model =
        LanguageModel.open(resource("/hf/" + base), Precision.F32, Adapter.open(folder))) {
      float[] found = logits(model, ids);
      int width = model.config().vocabSize();
      double difference = 0;
      double effect = 0;
      for (int i = 0; i < found.length; i++) {
        float expected = recorded.logits()[0][i / width][i % width];
        difference = Math.max(difference, Math.abs(found[i] - expected));
        effect = Math.max(effect, Math.abs(found[i] - plain[i]));
      }
      assertThat(difference).isLessThanOrEqualTo(1e-4);
      assertThat(effect).isGreaterThan(0.01);
      model.save(temp.resolve("merged"));
      try (var merged = LanguageModel.open(temp.resolve("merged"))) {
        assertThat(logits(merged, ids)).isEqualTo(found);
      }
    }
  }

  private static float[] logits(LanguageModel model, int[] ids) {
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      return model.forward(Batch.of(ids), KvStore.none()).toFloats();
    }
  }

  @Test
  void anAdapterSaysWhatItIs() {
    Adapter adapter = Adapter.open(resource("/adapter/llama-gqa-lora"));
    assertThat(adapter.method()).isEqualTo("LORA");
    // three layers; q 32 to 32, v 32 to 16, down 56 to 32, rank 4
    assertThat(adapter.modules()).hasSize(9).contains("model.layers.2.mlp.down_proj");
    assertThat(adapter.parameters()).isEqualTo(3 * 4 * (32 + 32 + 32 + 16 + 56 + 32));
  }

  @Test
  void whatDoesNotFitIsOneLine() throws IOException {
    Adapter adapter = Adapter.open(resource("/adapter/llama-gqa-lora"));
    assertThatThrownBy(
            () -> LanguageModel.open(resource("/hf/llama-headdim"), Precision.F32, adapter))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("from different models");
    assertThatThrownBy(() -> Adapter.open(temp))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("adapter_config.json");
    Path config = temp.resolve(Adapter.CONFIG);
    Files.writeString(config, "{\"peft_type\": \"PREFIX_TUNING\"}");
    assertThatThrownBy(() -> Adapter.open(temp))
        .hasMessageContaining("peft_type is 'PREFIX_TUNING'; LORA and IA3 can be applied");
    Files.writeString(config, "{\"peft_type\": \"LORA\", \"use_dora\": true}");
    assertThatThrownBy(() -> Adapter.open(temp)).hasMessageContaining("use_dora is true");
    Files.writeString(config, "{\"peft_type\": \"IA3\"}");
    Files.copy(
        resource("/adapter/llama-gqa-lora").resolve(Adapter.WEIGHTS),
        temp.resolve(Adapter.WEIGHTS));
    assertThatThrownBy(() -> Adapter.open(temp))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("IA3 has [ia3_l]");
  }

  private static Path resource(String name) {
    try {
      return Path.of(Objects.requireNonNull(AdapterTest.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

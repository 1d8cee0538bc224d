package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.random.RandomGenerator;
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
    Files.writeString(config, "{\"peft_type\": \"LOHA\"}");
    assertThatThrownBy(() -> Adapter.open(temp))
        .hasMessageContaining("peft_type is 'LOHA'; LORA, IA3, PROMPT_TUNING,");
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

  @Test
  void aMismatchedOrHostileFolderIsOneLine() throws IOException {
    var random = new Seed(1).stream("hostile");
    String q = "model.layers.0.self_attn.q_proj";
    String lora = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4";
    refused(new WrittenAdapter().lora(q, random, 3, 32, 32), lora + "}", "says rank 2");
    refused(new WrittenAdapter().lora(q, random, 2, 31, 32), lora + "}", "lora_A [2, 31]");
    refused(new WrittenAdapter().lora("model.norm", random, 2, 32, 1), lora + "}", "no linear");
    refused(
        new WrittenAdapter().lora("model.embed_tokens", random, 2, 32, 199),
        lora + "}",
        "no linear");
    refused(new WrittenAdapter(), lora + "}", "has no tensors");
    refused(new WrittenAdapter().lora(q, random, 2, 32, 32), lora + ", \"r\": 1.5}", "r is 1.5");
    refused(
        new WrittenAdapter().lora("x".repeat(30), random, 2, 32, 32),
        lora + ", \"rank_pattern\": {\"[\": 2}}",
        "rank_pattern '[' is no regular expression");
    refused(
        new WrittenAdapter().lora(q, random, 2, 32, 32),
        lora + ", \"rank_pattern\": {\"(([a-z_.0-9])+)+\\\\2X\": 2}}",
        "takes too long to match");
    refused(
        new WrittenAdapter().ia3(q, random, 2, 16),
        "{\"peft_type\": \"IA3\"}",
        "ia3_l [2, 16] does not fit model.layers.0.self_attn.q_proj [32, 32]");
    refused(new WrittenAdapter().ia3(q, random, 32), "{\"peft_type\": \"IA3\"}", "a matrix");
    refused(new WrittenAdapter(), "[1]", "is not a JSON object");
  }

  @Test
  void soIsAMismatchedPrompt() throws IOException {
    var random = new Seed(2).stream("prompts");
    String prompt = "{\"peft_type\": \"PROMPT_TUNING\", \"num_virtual_tokens\": 4";
    String prefix = "{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 4";
    refused(prompts(random, 4, 33), prompt + "}", "[4, 33] do not fit embeddings of 32");
    refused(prompts(random, 5, 32), prompt + "}", "[5, 32], num_virtual_tokens is 4");
    refused(
        prompts(random, 300, 32),
        "{\"peft_type\": \"P_TUNING\", \"num_virtual_tokens\": 300}",
        "300 virtual tokens leave no room in 256 positions");
    refused(prompts(random, 4, 32), "{\"peft_type\": \"P_TUNING\"}", "num_virtual_tokens");
    refused(
        prompts(random, 4, 32), prompt + ", \"num_transformer_submodules\": 2}", "encoder-decoder");
    refused(prompts(random, 4, 96), prefix + ", \"num_layers\": 6}", "for 6 layers");
    refused(prompts(random, 4, 95), prefix + "}", "prompt_embeddings [4, 95]");
    refused(
        prompts(random, 4, 32).with("prefix_task_rows", random, 0, 1, 2, 2),
        prompt + "}",
        "tensor 'prefix_task_rows' does not belong to PROMPT_TUNING");
    refused(new WrittenAdapter(), prompt + "}", "has no tensor 'prompt_embeddings'");
    Adapter whole = Adapter.open(resource("/adapter/llama-gqa-prompt"));
    assertThatThrownBy(
            () -> LanguageModel.open(resource("/hf/llama-gqa"), Precision.F32, whole).close())
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("cannot be merged into weights");
  }

  private static WrittenAdapter prompts(RandomGenerator random, int tokens, int width) {
    return new WrittenAdapter().with("prompt_embeddings", random, 0, 1, tokens, width);
  }

  /** Opening the adapter, or loading it on Llama, is refused with one line. */
  private void refused(WrittenAdapter adapter, String config, String message) throws IOException {
    Path folder = adapter.write(temp.resolve("hostile"), config);
    try (var model = LanguageModel.open(resource("/hf/llama-gqa"))) {
      assertThatThrownBy(() -> model.load(Adapter.open(folder)).close())
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining(message)
          .hasMessageNotContaining("\n");
    }
  }

  private static Path resource(String name) {
    try {
      return Path.of(Objects.requireNonNull(AdapterTest.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.banyan.weights.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelConfigTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  static List<JsonNode> recorded() throws IOException {
    var list = new ArrayList<JsonNode>();
    JSON.readTree(Files.readAllBytes(Fixtures.resource("/golden/configs.json"))).forEach(list::add);
    return list;
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void aConfigMeansWhatTransformersTakesItFor(JsonNode record) {
    ModelConfig config = parse(record.get("config").toString());
    assertMeans(config, record.get("resolved"));
    assertMeans(parse(config.toJson()), record.get("resolved"));
  }

  private static void assertMeans(ModelConfig config, JsonNode resolved) {
    assertThat(config.vocabSize()).isEqualTo(resolved.get("vocab_size").intValue());
    assertThat(config.hiddenSize()).isEqualTo(resolved.get("hidden_size").intValue());
    assertThat(config.intermediateSize()).isEqualTo(resolved.get("intermediate_size").intValue());
    assertThat(config.layers()).isEqualTo(resolved.get("num_hidden_layers").intValue());
    assertThat(config.rmsNormEps()).isEqualTo(resolved.get("rms_norm_eps").doubleValue());
    assertThat(config.maxPositions()).isEqualTo(resolved.get("max_position_embeddings").intValue());
    assertThat(config.tiedEmbeddings())
        .isEqualTo(resolved.get("tie_word_embeddings").booleanValue());
    assertThat(config.initializerRange())
        .isEqualTo(resolved.get("initializer_range").doubleValue());
    assertThat(config.mlpBias()).isEqualTo(flag(resolved, "mlp_bias"));
    assertTokens(config.tokens(), resolved);
    assertAttention(config, resolved);
    assertRope(config.rope(), resolved.get("rope_parameters"));
    if (config.family().hasExperts()) {
      assertExperts(Objects.requireNonNull(config.experts()), config, resolved);
    }
    String dtype = resolved.get("dtype").isNull() ? null : resolved.get("dtype").stringValue();
    assertThat(config.type() == null ? null : config.type().name())
        .isEqualTo(dtype == null ? null : dtype.replace("bfloat", "BF").replace("float", "F"));
  }

  private static void assertTokens(SpecialTokens tokens, JsonNode resolved) {
    assertThat(Objects.toString(tokens.bos())).isEqualTo(resolved.get("bos_token_id").toString());
    var eos = new ArrayList<Integer>();
    JsonNode node = resolved.get("eos_token_id");
    if (node.isArray()) {
      node.forEach(id -> eos.add(id.intValue()));
    } else if (!node.isNull()) {
      eos.add(node.intValue());
    }
    assertThat(tokens.eos()).isEqualTo(eos);
  }

  private static void assertAttention(ModelConfig config, JsonNode resolved) {
    var attention = config.attention();
    assertThat(attention.heads()).isEqualTo(resolved.get("num_attention_heads").intValue());
    assertThat(attention.keyValueHeads()).isEqualTo(resolved.get("num_key_value_heads").intValue());
    JsonNode headDim = resolved.get("head_dim");
    assertThat(attention.headDim())
        .isEqualTo(
            headDim == null || headDim.isNull()
                ? config.hiddenSize() / attention.heads()
                : headDim.intValue());
    assertThat(attention.inputBias())
        .isEqualTo(
            switch (config.family()) {
              case QWEN2 -> true;
              case QWEN2_MOE -> flag(resolved, "qkv_bias");
              default -> flag(resolved, "attention_bias");
            });
    JsonNode window = resolved.get("sliding_window");
    JsonNode types = resolved.get("layer_types");
    for (int layer = 0; layer < config.layers(); layer++) {
      boolean slides =
          window != null
              && !window.isNull()
              && (types == null || types.get(layer).stringValue().equals("sliding_attention"));
      assertThat(attention.windows().get(layer))
          .as("window of layer %d", layer)
          .isEqualTo(slides ? Objects.requireNonNull(window).intValue() : 0);
    }
  }

  private static void assertRope(RopeConfig rope, JsonNode resolved) {
    assertThat(rope.theta()).isEqualTo(resolved.get("rope_theta").doubleValue());
    assertThat(rope.scaling().typeName()).isEqualTo(resolved.get("rope_type").stringValue());
    switch (rope.scaling()) {
      case RopeConfig.None none -> {}
      case RopeConfig.Linear linear ->
          assertThat(linear.factor()).isEqualTo(resolved.get("factor").doubleValue());
      case RopeConfig.Llama3 llama3 -> {
        assertThat(llama3.factor()).isEqualTo(resolved.get("factor").doubleValue());
        assertThat(llama3.lowFrequencyFactor())
            .isEqualTo(resolved.get("low_freq_factor").doubleValue());
        assertThat(llama3.highFrequencyFactor())
            .isEqualTo(resolved.get("high_freq_factor").doubleValue());
        assertThat(llama3.originalPositions())
            .isEqualTo(resolved.get("original_max_position_embeddings").intValue());
      }
      case RopeConfig.Yarn yarn -> {
        assertThat(yarn.factor()).isEqualTo(resolved.get("factor").doubleValue());
        assertThat(yarn.betaFast()).isEqualTo(resolved.get("beta_fast").doubleValue());
        assertThat(yarn.originalPositions())
            .isEqualTo(resolved.get("original_max_position_embeddings").intValue());
      }
    }
  }

  private static void assertExperts(ExpertsConfig experts, ModelConfig config, JsonNode resolved) {
    boolean mixtral = config.family() == Family.MIXTRAL;
    JsonNode count = resolved.get("num_local_experts");
    assertThat(experts.count())
        .isEqualTo((count == null ? resolved.get("num_experts") : count).intValue());
    assertThat(experts.perToken()).isEqualTo(resolved.get("num_experts_per_tok").intValue());
    assertThat(experts.intermediateSize())
        .isEqualTo(
            resolved.get(mixtral ? "intermediate_size" : "moe_intermediate_size").intValue());
    assertThat(experts.normalizesTopK()).isEqualTo(mixtral || flag(resolved, "norm_topk_prob"));
    if (!mixtral) {
      assertThat(experts.sparseStep()).isEqualTo(resolved.get("decoder_sparse_step").intValue());
      assertThat(experts.denseLayers().toString().replace(" ", ""))
          .isEqualTo(resolved.get("mlp_only_layers").toString());
    }
    assertThat(experts.sharedIntermediateSize())
        .isEqualTo(
            config.family() == Family.QWEN2_MOE
                ? resolved.get("shared_expert_intermediate_size").intValue()
                : 0);
  }

  private static boolean flag(JsonNode resolved, String key) {
    return resolved.has(key) && resolved.get(key).booleanValue();
  }

  @Test
  void keysNobodyKnowsAreWrittenBack() {
    String text = parse("{\"model_type\":\"llama\",\"my_lab\":{\"run\":[1,2]}}").toJson();
    JsonNode written = JSON.readTree(text);
    assertThat(written.get("my_lab").toString()).isEqualTo("{\"run\":[1,2]}");
    assertThat(written.get("architectures").toString()).isEqualTo("[\"LlamaForCausalLM\"]");
  }

  @Test
  void bothSpellingsAreWritten() {
    JsonNode written =
        JSON.readTree(
            parse("{\"model_type\":\"qwen3_moe\",\"dtype\":\"bfloat16\",\"rope_theta\":1e6}")
                .toJson());
    assertThat(written.get("torch_dtype")).isEqualTo(written.get("dtype"));
    assertThat(written.get("num_experts")).isEqualTo(written.get("num_local_experts"));
    assertThat(written.get("rope_theta").doubleValue()).isEqualTo(1e6);
    assertThat(written.get("rope_parameters").get("rope_theta").doubleValue()).isEqualTo(1e6);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"model_type\":\"gpt2\"} | model_type 'gpt2' is not a family Banyan knows; it knows llama, mistral, qwen2, qwen3, mixtral, qwen2_moe, qwen3_moe",
        "{}                        | model_type is not given",
        "[]                        | is no JSON object",
        "{\"model_type\":          | line 1, column",
        "{\"model_type\":\"llama\",\"hidden_size\":\"big\"} | hidden_size is \"big\", expected a whole number",
        "{\"model_type\":\"llama\",\"hidden_size\":0} | hidden_size is 0, expected a whole number of at least 1",
        "{\"model_type\":\"llama\",\"hidden_size\":1e400} | hidden_size is",
        "{\"model_type\":\"llama\",\"num_hidden_layers\":2000000000} | expected at most 100000",
        "{\"model_type\":\"llama\",\"num_attention_heads\":5,\"num_key_value_heads\":2} | num_attention_heads 5 is not a multiple of num_key_value_heads 2",
        "{\"model_type\":\"llama\",\"head_dim\":7} | head_dim 7 is odd",
        "{\"model_type\":\"llama\",\"hidden_act\":\"gelu\"} | hidden_act is \"gelu\", expected silu",
        "{\"model_type\":\"llama\",\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":2}} | rope_scaling.rope_type is \"dynamic\", expected one of default, linear, llama3, yarn",
        "{\"model_type\":\"llama\",\"rope_scaling\":{\"rope_type\":\"linear\"}} | rope_scaling.factor is null, expected a number",
        "{\"model_type\":\"llama\",\"rope_scaling\":7} | rope_scaling is 7, expected an object",
        "{\"model_type\":\"llama\",\"partial_rotary_factor\":0.5} | partial_rotary_factor",
        "{\"model_type\":\"qwen2\",\"num_hidden_layers\":2,\"layer_types\":[\"full_attention\"]} | layer_types has 1 entries, num_hidden_layers says 2",
        "{\"model_type\":\"qwen2\",\"num_hidden_layers\":1,\"layer_types\":[\"linear_attention\"]} | layer_types has 'linear_attention'",
        "{\"model_type\":\"mixtral\",\"num_experts_per_tok\":9} | num_experts_per_tok 9 is not between 1 and the 8 experts",
        "{\"model_type\":\"qwen3_moe\",\"num_experts\":4,\"num_local_experts\":8} | num_experts is 4, num_local_experts is 8",
        "{\"model_type\":\"llama\",\"dtype\":\"int3\"} | dtype is \"int3\"",
        "{\"model_type\":\"llama\",\"model_type\":\"qwen2\"} | Duplicate",
      })
  void aWrongConfigIsRefusedWithItsKey(String text, String message) {
    assertThatThrownBy(() -> parse(text.strip()))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("config.json: ")
        .hasMessageContaining(message.strip());
  }

  @Test
  void parametersAreCountedAsTheModelsAre() {
    // Mixtral 8x7B: 46.7 billion parameters, 12.9 billion active (arXiv 2401.04088, section 2)
    ModelConfig mixtral = parse("{\"model_type\":\"mixtral\"}");
    assertThat(ParameterLayout.parameters(mixtral)).isEqualTo(46_702_792_704L);
    assertThat(ParameterLayout.activeParameters(mixtral)).isEqualTo(12_879_925_248L);
    // Llama 2 7B
    assertThat(ParameterLayout.parameters(parse("{\"model_type\":\"llama\"}")))
        .isEqualTo(6_738_415_616L);
  }

  private static ModelConfig parse(String json) {
    return ModelConfig.parse("config.json", json.getBytes(UTF_8));
  }
}

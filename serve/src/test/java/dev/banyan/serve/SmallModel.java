package dev.banyan.serve;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.TrainedBpe;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A fresh model small enough for steps of a millisecond, with a tokenizer of single bytes. */
public final class SmallModel {
  private SmallModel() {}

  /** Writes it. */
  public static Path write(Path folder) {
    Map<String, Object> keys = new HashMap<>();
    keys.put("model_type", "llama");
    keys.put("architectures", List.of("LlamaForCausalLM"));
    keys.put("vocab_size", 258);
    keys.put("hidden_size", 32);
    keys.put("intermediate_size", 64);
    keys.put("num_hidden_layers", 2);
    keys.put("num_attention_heads", 4);
    keys.put("num_key_value_heads", 2);
    keys.put("max_position_embeddings", 512);
    keys.put("initializer_range", 0.3);
    keys.put("bos_token_id", 0);
    keys.put("eos_token_id", 1);
    byte[] json = Json.mapper().writeValueAsString(keys).getBytes(StandardCharsets.UTF_8);
    ModelConfig config = ModelConfig.parse("a fresh model", json);
    try (var model = LanguageModel.create(config, new Seed(1), Precision.F32)) {
      model.save(folder);
    }
    var options = BpeTrainer.Options.of(258, List.of("<s>", "</s>"));
    var roles =
        new TrainedBpe.Roles(
            Optional.of("<s>"), Optional.of("</s>"), Optional.empty(), Optional.empty());
    BpeTrainer.train(List.of("a b").iterator(), options).write(folder, roles);
    return folder;
  }
}

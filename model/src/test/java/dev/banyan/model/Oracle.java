package dev.banyan.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

/** The tiny model folders, and what transformers computes for them. */
record Oracle(
    List<List<Integer>> input_ids, List<List<Integer>> greedy, List<List<List<Double>>> logits) {
  static final List<String> MODELS =
      List.of(
          "llama-bias",
          "llama-gqa",
          "llama-headdim",
          "llama-linear",
          "llama-yarn",
          "llama3-rope",
          "mistral",
          "mixtral",
          "qwen2",
          "qwen2-moe",
          "qwen2-moe-step",
          "qwen2-window",
          "qwen3",
          "qwen3-moe",
          "qwen3-moe-packed");

  static Path folder(String model) {
    return resource("/hf/" + model);
  }

  static Path resource(String name) {
    try {
      return Path.of(Objects.requireNonNull(Oracle.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Oracle of(String model) {
    return golden("/hf/" + model + "/oracle.json");
  }

  static Oracle golden(String name) {
    try {
      byte[] json = Files.readAllBytes(resource(name));
      return JsonMapper.builder().build().readValue(json, Oracle.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Token ids, [rows][time]. */
  int[][] ids() {
    return input_ids.stream()
        .map(row -> row.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  /** The largest difference of {@code found} [time, vocabulary] to row {@code row}'s logits. */
  double difference(int row, float[] found) {
    double largest = 0;
    int at = 0;
    for (List<Double> scores : logits.get(row)) {
      for (double score : scores) {
        largest = Math.max(largest, Math.abs(score - found[at++]));
      }
    }
    return at == found.length ? largest : Double.NaN;
  }
}

package dev.banyan.grow;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The tiny model folders that transformers wrote. */
public final class Fixtures {
  private static final List<String> MODELS =
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

  private Fixtures() {}

  public static List<String> models() {
    return MODELS;
  }

  public static Path model(String name) {
    try {
      return Path.of(Objects.requireNonNull(Fixtures.class.getResource("/hf/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.banyan.model.adapter;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.StoredTensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code adapter_model.safetensors} as PEFT 0.21 writes it.
 *
 * @param modules linear layer → part, for example {@code lora_A.weight} → [rank, inputs]
 * @param prompt {@code prompt_embeddings}, one row per virtual token; null where layers are changed
 */
public record AdapterFile(
    SequencedMap<String, Map<String, StoredMatrix>> modules, @Nullable StoredMatrix prompt) {
  /** What PEFT puts before a model's own names. */
  private static final String PREFIX = "base_model.model.";

  private static final String PROMPT = "prompt_embeddings";

  /**
   * Reads the file.
   *
   * @throws UserInputException when it is damaged, or does not hold what {@code config} says
   */
  public static AdapterFile read(Path file, AdapterConfig config) {
    var modules = new TreeMap<String, Map<String, StoredMatrix>>();
    @Nullable StoredMatrix prompt = null;
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      for (String name : stored.header().tensors().keySet()) {
        if (config.method().isVirtual()) {
          requirePrompt(name, file, config);
          prompt = matrix(stored.tensor(name), name, file);
        } else {
          String module = module(name, file);
          String part = name.substring(PREFIX.length() + module.length() + 1);
          modules
              .computeIfAbsent(module, key -> new LinkedHashMap<>())
              .put(part, matrix(stored.tensor(name), name, file));
        }
      }
    }
    if (config.method().isVirtual()) {
      requireTokens(prompt, file, config);
    } else {
      requireWhole(modules, file, config);
    }
    return new AdapterFile(modules, prompt);
  }

  private static StoredMatrix matrix(StoredTensor tensor, String name, Path file) {
    List<Long> shape = tensor.shape();
    if (shape.size() != 2 || shape.contains(0L)) {
      throw new UserInputException(
          "%s: tensor '%s' has shape %s, a matrix is expected".formatted(file, name, shape));
    }
    return new StoredMatrix(
        tensor.toFloats(), Math.toIntExact(shape.get(0)), Math.toIntExact(shape.get(1)));
  }

  private static String module(String name, Path file) {
    for (String end : List.of(".lora_A.weight", ".lora_B.weight", ".ia3_l")) {
      if (name.startsWith(PREFIX) && name.length() > PREFIX.length() + end.length()) {
        if (name.endsWith(end)) {
          return name.substring(PREFIX.length(), name.length() - end.length());
        }
      }
    }
    throw new UserInputException(
        "%s: tensor '%s' is neither lora_A, lora_B nor ia3_l of a linear layer"
            .formatted(file, name));
  }

  private static void requirePrompt(String name, Path file, AdapterConfig config) {
    if (!name.equals(PROMPT)) {
      throw new UserInputException(
          "%s: tensor '%s' does not belong to %s, which has %s alone"
              .formatted(file, name, config.method(), PROMPT));
    }
  }

  private static void requireTokens(
      @Nullable StoredMatrix prompt, Path file, AdapterConfig config) {
    if (prompt == null) {
      throw new UserInputException("%s: has no tensor '%s'".formatted(file, PROMPT));
    }
    if (prompt.rows() != config.virtual().tokens()) {
      throw new UserInputException(
          "%s: tensor '%s' has shape %s, num_virtual_tokens is %d"
              .formatted(file, PROMPT, prompt.shape(), config.virtual().tokens()));
    }
  }

  private static void requireWhole(
      SequencedMap<String, Map<String, StoredMatrix>> modules, Path file, AdapterConfig config) {
    Set<String> needed =
        config.method() == AdapterConfig.Method.LORA
            ? Set.of("lora_A.weight", "lora_B.weight")
            : Set.of("ia3_l");
    if (modules.isEmpty()) {
      throw new UserInputException("%s: has no tensors".formatted(file));
    }
    modules.forEach(
        (module, parts) -> {
          if (!parts.keySet().equals(needed)) {
            throw new UserInputException(
                "%s: module %s has %s, %s has %s"
                    .formatted(
                        file,
                        module,
                        new TreeSet<>(parts.keySet()),
                        config.method(),
                        new TreeSet<>(needed)));
          }
        });
  }

  /** How many numbers it holds. */
  public long parameters() {
    long all = prompt == null ? 0 : prompt.values().length;
    for (Map<String, StoredMatrix> parts : modules.values()) {
      for (StoredMatrix part : parts.values()) {
        all += part.values().length;
      }
    }
    return all;
  }
}

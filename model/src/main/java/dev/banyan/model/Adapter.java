package dev.banyan.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.adapter.AdapterConfig;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A PEFT adapter: LoRA, with rank-stabilized scaling and patterns of rank and alpha, or IA3. Read
 * from a folder with {@code adapter_config.json} and {@code adapter_model.safetensors}; applied to
 * a model's weights when the model is opened, so that it costs nothing per token.
 *
 * <pre>{@code
 * var adapter = Adapter.open(Path.of("my-adapter"));
 * try (var model = LanguageModel.open(Path.of("Qwen3-0.6B"), Precision.F32, adapter)) { … }
 * }</pre>
 */
public final class Adapter {
  public static final String CONFIG = "adapter_config.json";
  public static final String WEIGHTS = "adapter_model.safetensors";

  /** What PEFT puts before a model's own names. */
  private static final String PREFIX = "base_model.model.";

  private final Path folder;
  private final AdapterConfig config;

  /** Module → part, for example {@code lora_A} → [rank, inputs]. */
  private final SequencedMap<String, Map<String, Part>> modules;

  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  private record Part(float[] values, List<Long> shape) {
    Tensor tensor() {
      return Tensor.of(values, shape.get(0), shape.get(1));
    }
  }

  private Adapter(
      Path folder, AdapterConfig config, SequencedMap<String, Map<String, Part>> modules) {
    this.folder = folder;
    this.config = config;
    this.modules = modules;
  }

  /**
   * Reads an adapter's folder.
   *
   * @throws UserInputException when a file is missing or damaged, or the adapter is of a kind that
   *     is not supported; the message names file and setting or tensor
   */
  public static Adapter open(Path folder) {
    AdapterConfig config = AdapterConfig.read(folder.resolve(CONFIG));
    Path file = folder.resolve(WEIGHTS);
    var modules = new TreeMap<String, Map<String, Part>>();
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      for (String name : stored.header().tensors().keySet()) {
        String module = module(name, file);
        String part = name.substring(PREFIX.length() + module.length() + 1);
        StoredTensor tensor = stored.tensor(name);
        if (tensor.shape().size() != 2) {
          throw new UserInputException(
              "%s: tensor '%s' has shape %s, a matrix is expected"
                  .formatted(file, name, tensor.shape()));
        }
        modules
            .computeIfAbsent(module, key -> new LinkedHashMap<>())
            .put(part, new Part(tensor.toFloats(), tensor.shape()));
      }
    }
    var adapter = new Adapter(folder, config, modules);
    modules.forEach(adapter::requireWhole);
    return adapter;
  }

  private static String module(String name, Path file) {
    for (String end : List.of(".lora_A.weight", ".lora_B.weight", ".ia3_l")) {
      if (name.startsWith(PREFIX) && name.endsWith(end)) {
        return name.substring(PREFIX.length(), name.length() - end.length());
      }
    }
    throw new UserInputException(
        "%s: tensor '%s' is neither lora_A, lora_B nor ia3_l of a linear layer"
            .formatted(file, name));
  }

  private void requireWhole(String module, Map<String, Part> parts) {
    Set<String> needed =
        config.method() == AdapterConfig.Method.LORA
            ? Set.of("lora_A.weight", "lora_B.weight")
            : Set.of("ia3_l");
    if (!parts.keySet().equals(needed)) {
      throw new UserInputException(
          "%s: module %s has %s, %s has %s"
              .formatted(
                  folder.resolve(WEIGHTS),
                  module,
                  new TreeSet<>(parts.keySet()),
                  config.method(),
                  new TreeSet<>(needed)));
    }
  }

  /** The method's name in PEFT: LORA or IA3. */
  public String method() {
    return config.method().name();
  }

  /** Names of the linear layers it changes, for example {@code model.layers.0.mlp.up_proj}. */
  public Set<String> modules() {
    return Collections.unmodifiableSet(modules.keySet());
  }

  /** How many numbers it has. */
  public long parameters() {
    return modules.values().stream()
        .flatMap(parts -> parts.values().stream())
        .mapToLong(part -> part.values().length)
        .sum();
  }

  /**
   * Checks that a model has what the adapter changes.
   *
   * @throws UserInputException when it has not
   */
  void requireFits(Set<String> parameters) {
    for (String module : modules.keySet()) {
      if (!parameters.contains(module + ".weight")) {
        throw new UserInputException(
            "%s: the model has no linear layer %s. Adapter and model are from different models."
                .formatted(folder.resolve(WEIGHTS), module));
      }
    }
  }

  /**
   * A parameter with the adapter applied, f32 in the caller's scope; null when it stays as it is.
   *
   * @throws UserInputException when the shapes do not fit
   */
  @Nullable Tensor applied(String name, Tensor parameter) {
    boolean bias = name.endsWith(".bias");
    String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    Map<String, Part> parts = modules.get(module);
    if (parts == null || (!bias && !name.endsWith(".weight"))) {
      return null;
    }
    Part scale = parts.get("ia3_l");
    if (scale != null) {
      return scaled(name, parameter.to(DType.F32), scale, bias);
    }
    Part a = parts.get("lora_A.weight");
    Part b = parts.get("lora_B.weight");
    if (bias || a == null || b == null) {
      return null;
    }
    long rank = a.shape().get(0);
    if (a.shape().get(1) != parameter.size(1)
        || b.shape().get(0) != parameter.size(0)
        || b.shape().get(1) != rank) {
      throw unfit(name, parameter, "lora_A %s and lora_B %s".formatted(a.shape(), b.shape()));
    }
    double factor = config.scale(module, (int) rank);
    return parameter.to(DType.F32).add(b.tensor().matmul(a.tensor()).mul(factor));
  }

  /** Rows are scaled by [outputs, 1], which is done to the bias too, columns by [1, inputs]. */
  private @Nullable Tensor scaled(String name, Tensor parameter, Part scale, boolean bias) {
    boolean outputs = scale.shape().get(1) == 1;
    if (bias) {
      return outputs ? parameter.mul(scale.tensor().reshape(parameter.size(0))) : null;
    }
    if (scale.values().length != parameter.size(outputs ? 0 : 1)) {
      throw unfit(name, parameter, "ia3_l " + scale.shape());
    }
    return parameter.mul(scale.tensor());
  }

  private UserInputException unfit(String name, Tensor parameter, String found) {
    return new UserInputException(
        "%s: %s does not fit %s [%d, %d]. Adapter and model are from different models."
            .formatted(folder.resolve(WEIGHTS), found, name, parameter.size(0), parameter.size(1)));
  }
}

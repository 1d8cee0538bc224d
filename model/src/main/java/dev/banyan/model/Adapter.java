package dev.banyan.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.adapter.Adaptation;
import dev.banyan.model.adapter.AdapterConfig;
import dev.banyan.model.adapter.AdapterFile;
import dev.banyan.model.adapter.StoredMatrix;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.AttentionConfig;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A PEFT adapter: LoRA, with rank-stabilized scaling and patterns of rank and alpha, IA3, prompt
 * tuning, P-tuning or prefix tuning. Read from a folder with {@code adapter_config.json} and {@code
 * adapter_model.safetensors}; then either loaded beside a model's weights, for some sequences of a
 * batch, or (LoRA and IA3) merged into them when the model is opened.
 *
 * <pre>{@code
 * try (var model = LanguageModel.open(Path.of("Qwen3-0.6B"));
 *     var french = model.load(Adapter.open(Path.of("french"))); … ) {
 *   model.forward(Batch.ragged(List.of(
 *       new Batch.Piece(0, 0, ids, french), new Batch.Piece(1, 0, others))), kv);
 * }
 * }</pre>
 */
public final class Adapter {
  public static final String CONFIG = "adapter_config.json";
  public static final String WEIGHTS = "adapter_model.safetensors";

  private final Path folder;
  private final AdapterConfig config;
  private final AdapterFile file;

  private Adapter(Path folder, AdapterConfig config, AdapterFile file) {
    this.folder = folder;
    this.config = config;
    this.file = file;
  }

  /**
   * Reads an adapter's folder.
   *
   * @throws UserInputException when a file is missing or damaged, or the adapter is of a kind that
   *     is not supported; the message names file and setting or tensor
   */
  public static Adapter open(Path folder) {
    AdapterConfig config = AdapterConfig.read(folder.resolve(CONFIG));
    return new Adapter(folder, config, AdapterFile.read(folder.resolve(WEIGHTS), config));
  }

  /** The method's name in PEFT: LORA, IA3, PROMPT_TUNING, P_TUNING or PREFIX_TUNING. */
  public String method() {
    return config.method().name();
  }

  /** Names of the linear layers it changes, for example {@code model.layers.0.mlp.up_proj}. */
  public Set<String> modules() {
    return Collections.unmodifiableSet(file.modules().keySet());
  }

  /** How many numbers it has. */
  public long parameters() {
    return file.parameters();
  }

  /** Tokens it puts before the text; 0 for LoRA and IA3. */
  public int virtualTokens() {
    return config.method().isVirtual() ? config.virtual().tokens() : 0;
  }

  /** Whether its virtual tokens are keys and values already, not embeddings. */
  boolean isPrefix() {
    return config.method() == AdapterConfig.Method.PREFIX_TUNING;
  }

  /** One row per virtual token. */
  StoredMatrix prompt() {
    return Objects.requireNonNull(file.prompt());
  }

  /**
   * Checks that a model has what the adapter changes, in the same sizes.
   *
   * @throws UserInputException when it has not
   */
  void requireFits(ModelConfig model, List<TensorSpec> layout) {
    if (config.method().isVirtual()) {
      requirePromptFits(model);
    }
    Map<String, TensorSpec> specs =
        layout.stream().collect(Collectors.toMap(TensorSpec::name, Function.identity()));
    file.modules()
        .forEach(
            (module, parts) -> requireModuleFits(module, parts, specs.get(module + ".weight")));
  }

  private void requireModuleFits(
      String module, Map<String, StoredMatrix> parts, @Nullable TensorSpec spec) {
    if (spec == null || spec.shape().size() != 2 || module.equals("model.embed_tokens")) {
      throw unfit("the model has no linear layer " + module);
    }
    long outputs = spec.sizes()[0];
    long inputs = spec.sizes()[1];
    String layer = "%s [%d, %d]".formatted(module, outputs, inputs);
    StoredMatrix scale = parts.get("ia3_l");
    if (scale != null) {
      boolean fits =
          scale.columns() == 1
              ? scale.rows() == outputs
              : scale.rows() == 1 && scale.columns() == inputs;
      if (!fits) {
        throw unfit("ia3_l %s does not fit %s".formatted(scale.shape(), layer));
      }
      return;
    }
    StoredMatrix a = part(parts, "lora_A.weight");
    StoredMatrix b = part(parts, "lora_B.weight");
    if (a.columns() != inputs || b.rows() != outputs || b.columns() != a.rows()) {
      throw unfit("lora_A %s and lora_B %s do not fit %s".formatted(a.shape(), b.shape(), layer));
    }
    int rank = config.ranks().rank(module);
    if (rank != 0 && rank != a.rows()) {
      throw new UserInputException(
          "%s: lora_A of %s has shape %s, %s says rank %d. Config and weights are of different adapters."
              .formatted(folder.resolve(WEIGHTS), module, a.shape(), CONFIG, rank));
    }
  }

  private void requirePromptFits(ModelConfig model) {
    AdapterConfig.Virtual virtual = config.virtual();
    StoredMatrix prompt = prompt();
    AttentionConfig attention = model.attention();
    if (isPrefix()) {
      int heads = attention.keyValueHeads();
      boolean told =
          (virtual.layers() == 0 || virtual.layers() == model.layers())
              && (virtual.heads() == 0 || virtual.heads() == heads);
      long width = 2L * model.layers() * heads * attention.headDim();
      if (!told || prompt.columns() != width) {
        throw unfit(
            "prompt_embeddings %s for %d layers of %d key-value heads do not fit %d layers of %d heads of %d numbers"
                .formatted(
                    prompt.shape(),
                    virtual.layers(),
                    virtual.heads(),
                    model.layers(),
                    heads,
                    attention.headDim()));
      }
    } else if (prompt.columns() != model.hiddenSize()) {
      throw unfit(
          "prompt_embeddings %s do not fit embeddings of %d numbers"
              .formatted(prompt.shape(), model.hiddenSize()));
    }
    if (virtual.tokens() >= model.maxPositions()) {
      throw unfit(
          "%d virtual tokens leave no room in %d positions"
              .formatted(virtual.tokens(), model.maxPositions()));
    }
  }

  private static StoredMatrix part(Map<String, StoredMatrix> parts, String name) {
    return Objects.requireNonNull(parts.get(name), name);
  }

  private UserInputException unfit(String found) {
    return new UserInputException(
        "%s: %s. Adapter and model are from different models."
            .formatted(folder.resolve(WEIGHTS), found));
  }

  /**
   * Checks that it can become part of weights.
   *
   * @throws UserInputException when it cannot
   */
  void requireMerges() {
    if (config.method().isVirtual()) {
      throw new UserInputException(
          "%s: %s puts virtual tokens before the text, which cannot be merged into weights; load it beside them"
              .formatted(folder, config.method()));
    }
  }

  /**
   * A parameter of a model that it fits with the adapter applied, f32 in the caller's scope; null
   * when it stays as it is.
   */
  @Nullable Tensor merged(String name, Tensor parameter) {
    boolean bias = name.endsWith(".bias");
    String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    Map<String, StoredMatrix> parts = file.modules().get(module);
    if (parts == null || (!bias && !name.endsWith(".weight"))) {
      return null;
    }
    StoredMatrix scale = parts.get("ia3_l");
    if (scale != null) {
      if (!bias) {
        return parameter.to(DType.F32).mul(scale.tensor());
      }
      // [outputs, 1] scales what the layer gives, the bias with it; [1, inputs] what it takes
      return scale.columns() == 1
          ? parameter.to(DType.F32).mul(scale.tensor().reshape(parameter.size(0)))
          : null;
    }
    if (bias) {
      return null;
    }
    StoredMatrix a = part(parts, "lora_A.weight");
    StoredMatrix b = part(parts, "lora_B.weight");
    double factor = config.ranks().scale(module, a.rows());
    return parameter.to(DType.F32).add(b.tensor().matmul(a.tensor()).mul(factor));
  }

  /** What it does to each linear layer it changes; the caller closes them. */
  Map<String, Adaptation> adaptations() {
    Map<String, Adaptation> adaptations = new LinkedHashMap<>();
    file.modules().forEach((module, parts) -> adaptations.put(module, adaptation(module, parts)));
    return adaptations;
  }

  private Adaptation adaptation(String module, Map<String, StoredMatrix> parts) {
    StoredMatrix scale = parts.get("ia3_l");
    if (scale != null) {
      return Adaptation.Scaling.of(
          Tensor.of(scale.values(), scale.values().length), scale.columns() == 1);
    }
    StoredMatrix a = part(parts, "lora_A.weight");
    double factor = config.ranks().scale(module, a.rows());
    return Adaptation.LowRank.of(
        a.tensor(), part(parts, "lora_B.weight").tensor().mul(factor).contiguous());
  }
}

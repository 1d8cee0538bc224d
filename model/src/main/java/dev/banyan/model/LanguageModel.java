package dev.banyan.model;

import dev.banyan.core.IoConsumer;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.decoder.Decoder;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.tensor.VectorKernels;
import dev.banyan.weights.ShardPlan;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.WeightWriter;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A decoder language model: opened from a Hugging Face folder, or made fresh; used, trained and
 * written back.
 *
 * <pre>{@code
 * try (var model = LanguageModel.open(Path.of("Qwen3-0.6B"));
 *     var scope = Scope.open();
 *     var guard = Guard.noGrad()) {
 *   Tensor logits = model.forward(Batch.of(9707, 11), KvStore.none()); // [2, vocabulary]
 * }
 * }</pre>
 *
 * <p>Tensors that methods return belong to the caller's open {@link Scope}; the parameters belong
 * to the model.
 */
public final class LanguageModel implements AutoCloseable {
  private final ModelConfig config;
  private final ExpertNaming naming;
  private final Opening opening;
  private final HeldWeights held;
  private final boolean trainable;
  private final @Nullable WeightFolder mapped;
  private final @Nullable Path origin;

  /** Whether parameters are other than those of the mapped files. */
  private final boolean adapted;

  private final Decoder decoder;

  private LanguageModel(
      ModelConfig config,
      ExpertNaming naming,
      Opening opening,
      SequencedMap<String, Tensor> parameters,
      boolean trainable,
      @Nullable WeightFolder mapped,
      @Nullable Path origin) {
    this(config, naming, opening, parameters, trainable, mapped, origin, false, null);
  }

  private LanguageModel(
      ModelConfig config,
      ExpertNaming naming,
      Opening opening,
      SequencedMap<String, Tensor> parameters,
      boolean trainable,
      @Nullable WeightFolder mapped,
      @Nullable Path origin,
      boolean adapted,
      @Nullable HeldWeights original) {
    this.config = config;
    this.naming = naming;
    this.opening = opening;
    this.held = new HeldWeights(parameters, opening, trainable, original);
    this.trainable = trainable;
    this.mapped = mapped;
    this.origin = origin;
    this.adapted = adapted;
    this.decoder = new Decoder(config, naming, opening, held);
  }

  /** {@link #open(Path, Opening)} fast, computing in f32 whatever the weights are stored as. */
  public static LanguageModel open(Path folder) {
    return open(folder, Opening.fast());
  }

  /** {@link #open(Path, Opening)} fast in a precision. */
  public static LanguageModel open(Path folder, Precision precision) {
    return open(folder, Opening.fast().with(precision));
  }

  /**
   * Opens a model folder for use. F32, F16 and BF16 weights stay where they are in the file; those
   * that libtorch cannot multiply with in this precision are converted once, when it first does.
   *
   * @throws UserInputException when the folder is not a sound model folder
   * @throws MissingThingException when vector kernels are needed and this JVM was started without
   */
  public static LanguageModel open(Path folder, Opening opening) {
    requireKernels(opening);
    WeightFolder weights = checked(folder);
    var tensors = new LinkedHashMap<String, Tensor>();
    try (Scope scope = Scope.open()) {
      for (TensorSpec spec : layout(weights)) {
        tensors.put(spec.name(), Scope.keep(StoredTensors.lay(weights.tensor(spec.name()))));
      }
    }
    return new LanguageModel(
        weights.config(), weights.expertNaming(), opening, tensors, false, weights, folder);
  }

  /** {@link #open(Path, Opening, Adapter)} fast in a precision. */
  public static LanguageModel open(Path folder, Precision precision, Adapter adapter) {
    return open(folder, Opening.fast().with(precision), adapter);
  }

  /**
   * {@link #open(Path, Opening)} with LoRA or IA3 merged into the weights: those it changes are f32
   * copies, and {@link #save} writes a model that needs the adapter no longer. {@link #load} leaves
   * the weights as they are.
   *
   * @throws UserInputException when adapter and model do not fit each other
   */
  public static LanguageModel open(Path folder, Opening opening, Adapter adapter) {
    requireKernels(opening);
    WeightFolder weights = checked(folder);
    var tensors = new LinkedHashMap<String, Tensor>();
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      List<TensorSpec> layout = layout(weights);
      adapter.requireMerges();
      adapter.requireFits(weights.config(), layout);
      for (TensorSpec spec : layout) {
        Tensor own = StoredTensors.lay(weights.tensor(spec.name()));
        Tensor adapted = adapter.merged(spec.name(), own);
        tensors.put(spec.name(), Scope.keep(adapted == null ? own : adapted));
      }
    } catch (RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      weights.close();
      throw e;
    }
    return new LanguageModel(
        weights.config(),
        weights.expertNaming(),
        opening,
        tensors,
        false,
        weights,
        folder,
        true,
        null);
  }

  /**
   * Opens a model folder for training: parameters are f32 copies that require gradients.
   *
   * @throws UserInputException when the folder is not a sound model folder
   */
  public static LanguageModel openTrainable(Path folder, Precision precision) {
    return openTrainable(folder, precision, folder);
  }

  /**
   * {@link #openTrainable(Path, Precision)} from a folder that may be gone when the model is saved.
   *
   * @param origin where tokenizer and generation settings come from then; null for nowhere
   */
  public static LanguageModel openTrainable(
      Path folder, Precision precision, @Nullable Path origin) {
    try (WeightFolder weights = checked(folder);
        Scope scope = Scope.open()) {
      var tensors = new LinkedHashMap<String, Tensor>();
      for (TensorSpec spec : layout(weights)) {
        Tensor parameter = Tensor.empty(DType.F32, spec.sizes());
        parameter.copy_(StoredTensors.lay(weights.tensor(spec.name())));
        tensors.put(spec.name(), Scope.keep(parameter.requireGrad()));
      }
      return new LanguageModel(
          weights.config(),
          weights.expertNaming(),
          Opening.fast().with(precision),
          tensors,
          true,
          null,
          origin);
    }
  }

  /**
   * A fresh model for training: matrices and embeddings normal with deviation {@code
   * config.initializerRange()}, those that write into the residual stream scaled by {@code 1 /
   * sqrt(2 * layers)} (GPT-2), norms one, biases zero. Each tensor has its own random stream, so
   * the values do not depend on threads.
   */
  public static LanguageModel create(ModelConfig config, Seed seed, Precision precision) {
    SequencedMap<String, Tensor> tensors = FreshWeights.of(config, seed);
    return new LanguageModel(
        config, ExpertNaming.SEPARATE, Opening.fast().with(precision), tensors, true, null, null);
  }

  /**
   * A second model over the same weights with gradients of its own, so that two threads can compute
   * gradients side by side. It must be closed before this one.
   */
  public LanguageModel replica() {
    var tensors = new LinkedHashMap<String, Tensor>();
    try (Scope scope = Scope.open()) {
      parameters()
          .forEach(
              (name, parameter) -> {
                Tensor shared = parameter.detach();
                tensors.put(name, Scope.keep(trainable ? shared.requireGrad() : shared));
              });
    }
    return new LanguageModel(
        config, naming, opening, tensors, trainable, null, origin, false, held);
  }

  private static void requireKernels(Opening opening) {
    if ((opening.mode() == Mode.EXACT || opening.int8()) && !VectorKernels.available()) {
      throw new MissingThingException(
          "mode exact and int8 weights are computed by vector kernels; start the JVM with"
              + " --add-modules jdk.incubator.vector");
    }
  }

  private static WeightFolder checked(Path folder) {
    WeightFolder weights = WeightFolder.open(folder);
    try {
      weights.check();
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static List<TensorSpec> layout(WeightFolder weights) {
    return ParameterLayout.of(weights.config(), StoredType.F32, weights.expertNaming());
  }

  /**
   * Lays an adapter beside the weights, for the sequences whose pieces name it. Called by the
   * thread that runs forward passes, between two of them; closed by the caller, or with the model.
   *
   * @throws UserInputException when adapter and model do not fit each other
   */
  public LoadedAdapter load(Adapter adapter) {
    adapter.requireFits(config, ParameterLayout.of(config, StoredType.F32, naming));
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      return held.own(
          new LoadedAdapter(adapter.method(), held, adapter.adaptations(), virtual(adapter)));
    }
  }

  private @Nullable VirtualTokens virtual(Adapter adapter) {
    if (adapter.virtualTokens() == 0) {
      return null;
    }
    if (adapter.isPrefix()) {
      return VirtualTokens.ofPrefix(adapter.prompt(), config);
    }
    try (var kv = new ContiguousKvStore(config, 1, DType.F32)) {
      decoder.begin(adapter.prompt().tensor(), kv);
      return VirtualTokens.ofKept(kv, config);
    }
  }

  /** Matrices of which this model holds a copy of its own. */
  int convertedMatrices() {
    return held.convertedMatrices();
  }

  public ModelConfig config() {
    return config;
  }

  /** How it was opened. */
  public Opening opening() {
    return opening;
  }

  public Precision precision() {
    return opening.precision();
  }

  /** Whether parameters are f32 and require gradients. */
  public boolean isTrainable() {
    return trainable;
  }

  /** Parameters by transformers' names, in the order of its state dict. */
  public SequencedMap<String, Tensor> parameters() {
    return held.parameters();
  }

  /**
   * Scores of the next token after every token of the batch, f32 [tokens, vocabulary]. Keys and
   * values are added to {@code kv}.
   *
   * @throws IllegalArgumentException for a token id outside the vocabulary
   */
  public Tensor forward(Batch batch, KvStore kv) {
    return decoder.logits(hidden(batch, kv), batch);
  }

  /** {@link #forward} for the last token of each sequence only, f32 [sequences, vocabulary]. */
  public Tensor forwardLast(Batch batch, KvStore kv) {
    Tensor hidden = hidden(batch, kv);
    boolean all = batch.sequences().size() == batch.tokens();
    return all ? decoder.logits(hidden, batch) : decoder.logits(hidden, batch, batch.lastTokens());
  }

  /** What the last norm gives for every token, f32 [tokens, hidden]. */
  public Tensor hidden(Batch batch, KvStore kv) {
    for (Batch.Sequence sequence : batch.sequences()) {
      if (sequence.adapter() != null) {
        sequence.adapter().requireUsable(held, kv, sequence.kv());
      }
    }
    return decoder.hidden(batch, kv);
  }

  /**
   * Has the routers note in {@code record} what they do in passes that record gradients; null for
   * no more. Of this model only, not of its replicas.
   */
  public void watchRouters(@Nullable RouterRecord record) {
    decoder.watchRouters(record);
  }

  /** Scores f32 [rows, vocabulary] for hidden states [rows, hidden]; no adapter changes them. */
  public Tensor logits(Tensor hidden) {
    return decoder.logits(hidden);
  }

  /**
   * Writes a model folder. An opened model is written with the names, layout and bytes it was read
   * with; a trained one as f32. Tokenizer and generation settings of the folder it came from go
   * along.
   *
   * @throws UserInputException when the disk is full or the place cannot be written
   */
  public void save(Path target) {
    if (mapped != null && !adapted) {
      WeightWriter.copy(mapped, target);
    } else {
      save(target, StoredType.F32, folder -> {});
    }
  }

  /**
   * Writes a model folder with weights stored as {@code type} (F32, BF16 or F16).
   *
   * @param companions writes what else belongs into the folder, which appears only when all is
   *     written
   */
  public void save(Path target, StoredType type, IoConsumer<Path> companions) {
    List<TensorSpec> specs = ParameterLayout.of(config, type, naming);
    try (var writer =
            WeightWriter.open(target, ShardPlan.of(specs, ShardPlan.DEFAULT_SHARD_BYTES));
        Scope scope = Scope.open()) {
      if (origin != null) {
        writer.companions(origin);
      }
      writer.config(config.withType(type));
      DType dtype = DType.valueOf(type.name());
      for (TensorSpec spec : specs) {
        try (Scope one = Scope.open()) {
          Tensor parameter = held.parameter(spec.name());
          writer.write(spec.name(), parameter.detach().to(dtype).contiguous().memory());
        }
      }
      companions.accept(writer.folder());
      writer.commit();
    } catch (IOException e) {
      throw new UserInputException(target + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /** Frees parameters and unmaps the folder. */
  @Override
  public void close() {
    decoder.close();
    held.close();
    if (mapped != null) {
      mapped.close();
    }
  }
}

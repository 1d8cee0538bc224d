package dev.banyan.model;

import dev.banyan.core.IoConsumer;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.decoder.Decoder;
import dev.banyan.model.decoder.ParameterSource;
import dev.banyan.model.decoder.Weight;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Matrix;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.tensor.VectorKernels;
import dev.banyan.weights.ShardPlan;
import dev.banyan.weights.StoredTensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.WeightWriter;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
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
  private final SequencedMap<String, Tensor> parameters;
  private final Map<String, Tensor> converted = new LinkedHashMap<>();
  private final Map<String, Matrix> rounded = new LinkedHashMap<>();
  private final List<Tensor> views = new ArrayList<>();
  private final boolean trainable;
  private final @Nullable WeightFolder mapped;
  private final @Nullable Path origin;

  /** Whether parameters are other than those of the mapped files. */
  private final boolean adapted;

  /** Whose weights these are, when this is a replica. */
  private final @Nullable LanguageModel original;

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
      @Nullable LanguageModel original) {
    this.config = config;
    this.naming = naming;
    this.opening = opening;
    this.parameters = Collections.unmodifiableSequencedMap(parameters);
    this.trainable = trainable;
    this.mapped = mapped;
    this.origin = origin;
    this.adapted = adapted;
    this.original = original;
    this.decoder = new Decoder(config, naming, opening, new Source());
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
        tensors.put(spec.name(), Scope.keep(lay(weights.tensor(spec.name()))));
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
   * {@link #open(Path, Opening)} with an adapter applied: the weights it changes are f32 copies,
   * and {@link #save} writes a model that needs the adapter no longer.
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
      adapter.requireFits(layout.stream().map(TensorSpec::name).collect(Collectors.toSet()));
      for (TensorSpec spec : layout) {
        Tensor own = lay(weights.tensor(spec.name()));
        Tensor adapted = adapter.applied(spec.name(), own);
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
        parameter.copy_(lay(weights.tensor(spec.name())));
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
    var tensors = new LinkedHashMap<String, Tensor>();
    List<TensorSpec> layout = ParameterLayout.of(config, StoredType.F32, ExpertNaming.SEPARATE);
    try (Scope scope = Scope.open()) {
      for (TensorSpec spec : layout) {
        tensors.put(spec.name(), Scope.keep(Tensor.zeros(DType.F32, spec.sizes())));
      }
      Map<String, MemorySegment> memory = new LinkedHashMap<>();
      tensors.forEach((name, tensor) -> memory.put(name, tensor.memory()));
      layout.parallelStream()
          .forEach(
              spec ->
                  initialize(spec, Objects.requireNonNull(memory.get(spec.name())), config, seed));
      tensors.values().forEach(Tensor::requireGrad);
    }
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
      parameters.forEach(
          (name, parameter) -> {
            Tensor shared = parameter.detach();
            tensors.put(name, Scope.keep(trainable ? shared.requireGrad() : shared));
          });
    }
    return new LanguageModel(
        config, naming, opening, tensors, trainable, null, origin, false, this);
  }

  private static void initialize(
      TensorSpec spec, MemorySegment memory, ModelConfig config, Seed seed) {
    long elements = spec.elements();
    if (spec.shape().size() == 1) {
      float value = spec.name().endsWith(".bias") ? 0 : 1;
      for (long i = 0; i < elements; i++) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      return;
    }
    boolean residual =
        spec.name().endsWith("o_proj.weight")
            || spec.name().endsWith("down_proj.weight")
            || spec.name().endsWith("w2.weight");
    double deviation =
        config.initializerRange() * (residual ? 1 / Math.sqrt(2.0 * config.layers()) : 1);
    var random = seed.stream("weights", spec.name());
    for (long i = 0; i < elements; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (deviation * random.nextGaussian()));
    }
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

  /** Lays a tensor over the file where libtorch has its type, and copies it to f32 where not. */
  private static Tensor lay(StoredTensor stored) {
    DType dtype =
        switch (stored.type()) {
          case F64 -> DType.F64;
          case F32 -> DType.F32;
          case F16 -> DType.F16;
          case BF16 -> DType.BF16;
          default -> null;
        };
    long[] sizes = stored.spec().sizes();
    if (dtype != null && stored.isAligned()) {
      return Tensor.over(stored.data(), dtype, sizes);
    }
    Tensor copy = Tensor.empty(DType.F32, sizes);
    MemorySegment memory = copy.memory();
    for (long i = 0; i < stored.spec().elements(); i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, stored.floatAt(i));
    }
    return copy;
  }

  /** Gives the decoder its parameters; what has to be converted is kept with the model. */
  private final class Source implements ParameterSource {
    @Override
    public Tensor parameter(String name) {
      return Objects.requireNonNull(parameters.get(name), name);
    }

    @Override
    public Tensor vector(String name) {
      return converted(parameter(name), name, DType.F32);
    }

    @Override
    public Weight matrix(String name) {
      return new StoredWeight(parameter(name), name, false);
    }

    @Override
    public Weight exactMatrix(String name) {
      return new StoredWeight(parameter(name), name, true);
    }
  }

  /**
   * The parameter as this type: itself, or a copy that is made once and shared with replicas, which
   * may ask at the same time.
   */
  private Tensor converted(Tensor parameter, String name, DType dtype) {
    if (trainable || parameter.dtype() == dtype) {
      return parameter;
    }
    if (original != null) {
      return original.converted(parameter, name, dtype);
    }
    synchronized (converted) {
      return converted.computeIfAbsent(
          name + " " + dtype,
          key -> {
            try (Scope scope = Scope.open()) {
              return Scope.keep(parameter.to(dtype));
            }
          });
    }
  }

  /** The parameter rounded to 8 bits, made once and shared likewise. */
  private Matrix rounded(Tensor parameter, String name) {
    if (original != null) {
      return original.rounded(parameter, name);
    }
    synchronized (rounded) {
      return rounded.computeIfAbsent(name, key -> Matrix.rounded(parameter));
    }
  }

  /** A weight that is converted when it is first multiplied with. */
  private final class StoredWeight implements Weight {
    private final Tensor stored;
    private final String name;
    private final boolean exact;
    private @Nullable Matrix matrix;

    StoredWeight(Tensor stored, String name, boolean exact) {
      this.stored = stored;
      this.name = name;
      this.exact = exact;
    }

    @Override
    public Tensor tensor() {
      return converted(stored, name, isBf16() ? DType.BF16 : DType.F32);
    }

    @Override
    public boolean isExact() {
      return exact;
    }

    @Override
    public Matrix matrix() {
      if (matrix == null) {
        matrix = made();
      }
      return matrix;
    }

    private Matrix made() {
      if (opening.int8() && !exact) {
        return rounded(stored, name);
      }
      boolean wide = stored.dtype() == DType.F64 || (stored.dtype() == DType.F32 && isBf16());
      return Matrix.of(wide && !trainable ? tensor() : stored);
    }

    private boolean isBf16() {
      return opening.precision() == Precision.BF16 && !exact;
    }

    @Override
    public Weight part(int index, int from, int count) {
      try (Scope scope = Scope.open()) {
        Tensor view = Scope.keep(stored.select(0, index).narrow(0, from, count));
        views.add(view);
        return new StoredWeight(view, name + "[" + index + "][" + from + "]", exact);
      }
    }
  }

  /** Matrices of which this model holds a copy of its own. */
  int convertedMatrices() {
    return converted.size();
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
    return parameters;
  }

  /**
   * Scores of the next token after every token of the batch, f32 [tokens, vocabulary]. Keys and
   * values are added to {@code kv}.
   *
   * @throws IllegalArgumentException for a token id outside the vocabulary
   */
  public Tensor forward(Batch batch, KvStore kv) {
    return logits(hidden(batch, kv));
  }

  /** {@link #forward} for the last token of each sequence only, f32 [sequences, vocabulary]. */
  public Tensor forwardLast(Batch batch, KvStore kv) {
    Tensor hidden = hidden(batch, kv);
    boolean all = batch.sequences().size() == batch.tokens();
    return logits(all ? hidden : hidden.indexSelect(0, Tensor.of(batch.lastTokens())));
  }

  /** What the last norm gives for every token, f32 [tokens, hidden]. */
  public Tensor hidden(Batch batch, KvStore kv) {
    return decoder.hidden(batch, kv);
  }

  /** Scores f32 [rows, vocabulary] for hidden states [rows, hidden]. */
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
          Tensor parameter = Objects.requireNonNull(parameters.get(spec.name()), spec.name());
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
    rounded.values().forEach(Matrix::close);
    converted.values().forEach(Tensor::close);
    views.forEach(Tensor::close);
    parameters.values().forEach(Tensor::close);
    if (mapped != null) {
      mapped.close();
    }
  }
}

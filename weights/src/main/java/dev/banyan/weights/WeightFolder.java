package dev.banyan.weights;

import dev.banyan.core.AtomicFolder;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face model folder: {@code config.json} and one or more safetensors files.
 *
 * <pre>{@code
 * try (var folder = WeightFolder.open(Path.of("Qwen3-0.6B"))) {
 *   float first = folder.tensor("model.norm.weight").floatAt(0);
 * }
 * }</pre>
 *
 * <p>Opening reads the configuration and the headers and checks them against each other; the data
 * is mapped when a tensor is asked for and never copied, so a model larger than the heap opens at
 * once. Safe to read from several threads.
 */
public final class WeightFolder implements AutoCloseable {
  private final Path path;
  private final ModelConfig config;
  private final @Nullable String indexJson;
  private final List<SafetensorsFile> shards;
  private final SequencedMap<String, SafetensorsFile> holders = new LinkedHashMap<>();

  private WeightFolder(
      Path path, ModelConfig config, @Nullable String indexJson, List<SafetensorsFile> shards) {
    this.path = path;
    this.config = config;
    this.indexJson = indexJson;
    this.shards = List.copyOf(shards);
  }

  /**
   * Opens a model folder. As in transformers, {@code model.safetensors} is taken before an index.
   *
   * @throws UserInputException when the folder, its configuration or a file of weights is missing
   *     or damaged, naming the file, the tensor and the byte
   */
  public static WeightFolder open(Path folder) {
    requireFolder(folder);
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    Path single = folder.resolve(ShardPlan.SINGLE_FILE);
    Path index = folder.resolve(WeightIndex.FILE);
    if (Files.exists(single)) {
      var opened = new WeightFolder(folder, config, null, List.of(SafetensorsFile.open(single)));
      opened.shards.getFirst().header().tensors().keySet().forEach(opened::holdFirst);
      return opened;
    }
    if (Files.exists(index)) {
      return openSharded(folder, config, index);
    }
    boolean pickled = Files.exists(folder.resolve("pytorch_model.bin"));
    throw new UserInputException(
        String.format(
            Locale.ROOT,
            "%s: has neither %s nor %s%s",
            folder,
            ShardPlan.SINGLE_FILE,
            WeightIndex.FILE,
            pickled
                ? "; convert its pytorch_model.bin with save_pretrained(safe_serialization=True)"
                : ""));
  }

  private static void requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      try {
        AtomicFolder.recover(folder);
      } catch (IOException e) {
        throw new UserInputException(folder + ": cannot be read: " + e.getMessage(), e);
      }
    }
    if (!Files.isDirectory(folder)) {
      throw new UserInputException(folder + ": there is no such folder; expected a model folder");
    }
  }

  private static WeightFolder openSharded(Path folder, ModelConfig config, Path indexFile) {
    byte[] json;
    try {
      json = Files.readAllBytes(indexFile);
    } catch (IOException e) {
      throw new UserInputException(indexFile + ": cannot be read: " + e.getMessage(), e);
    }
    WeightIndex index = WeightIndex.parse(indexFile.toString(), json);
    var shards = new LinkedHashMap<String, SafetensorsFile>();
    try {
      for (String name : index.files().values().stream().distinct().sorted().toList()) {
        if (!Files.exists(folder.resolve(name))) {
          throw new UserInputException(
              String.format(
                  Locale.ROOT,
                  "%s: file %s, which the index names, is missing; fetch it again",
                  folder,
                  name));
        }
        shards.put(name, SafetensorsFile.open(folder.resolve(name)));
      }
      var opened =
          new WeightFolder(
              folder,
              config,
              new String(json, StandardCharsets.UTF_8),
              new ArrayList<>(shards.values()));
      opened.hold(index);
      return opened;
    } catch (RuntimeException e) {
      shards.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  private void hold(WeightIndex index) {
    for (SafetensorsFile shard : shards) {
      String file = SafetensorsFile.fileName(shard.path());
      for (String name : shard.header().tensors().keySet()) {
        if (file.equals(index.files().getOrDefault(name, file))) {
          holders.put(name, shard);
        }
      }
    }
    index
        .files()
        .forEach(
            (name, file) -> {
              if (!holders.containsKey(name)) {
                throw new UserInputException(
                    String.format(
                        Locale.ROOT,
                        "%s: %s says tensor '%s' is in %s, which does not have it",
                        path,
                        WeightIndex.FILE,
                        JsonText.oneLine(name),
                        file));
              }
            });
  }

  private void holdFirst(String name) {
    holders.put(name, shards.getFirst());
  }

  public Path path() {
    return path;
  }

  public ModelConfig config() {
    return config;
  }

  /** The files of weights, in the order of their names. */
  public List<SafetensorsFile> shards() {
    return shards;
  }

  /** The text of the index, when the weights are in more than one file. */
  public Optional<String> indexJson() {
    return Optional.ofNullable(indexJson);
  }

  /** The names of all tensors, in the order of the files and of their headers. */
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(new LinkedHashSet<>(holders.sequencedKeySet()));
  }

  /** Name, type and shape of tensor {@code name}, without mapping anything. */
  public Optional<TensorSpec> spec(String name) {
    var holder = holders.get(name);
    return holder == null
        ? Optional.empty()
        : Optional.ofNullable(holder.header().tensors().get(name))
            .map(SafetensorsHeader.Placed::spec);
  }

  /** Tensor {@code name}, when the folder has it. */
  public Optional<StoredTensor> find(String name) {
    var holder = holders.get(name);
    return holder == null ? Optional.empty() : holder.find(name);
  }

  /**
   * Tensor {@code name}.
   *
   * @throws UserInputException when the folder does not have it
   */
  public StoredTensor tensor(String name) {
    return find(name).orElseThrow(() -> missing(name));
  }

  /**
   * Reads bytes of tensor {@code name} from {@code offset} on, without mapping the file.
   *
   * @throws UserInputException when the folder does not have it or it cannot be read
   */
  public void read(String name, long offset, ByteBuffer into) {
    var holder = holders.get(name);
    if (holder == null) {
      throw missing(name);
    }
    holder.read(name, offset, into);
  }

  /** How this folder names its experts; SEPARATE for a model without any. */
  public ExpertNaming expertNaming() {
    return holders.keySet().stream().anyMatch(name -> name.endsWith(".experts.gate_up_proj"))
        ? ExpertNaming.PACKED
        : ExpertNaming.SEPARATE;
  }

  /**
   * Checks that every tensor {@code config.json} asks for is there with the right shape.
   *
   * @return the names of tensors it does not ask for
   * @throws UserInputException for the first one that is missing or has another shape
   */
  public List<String> check() {
    var others = new LinkedHashSet<>(holders.keySet());
    for (TensorSpec expected : ParameterLayout.of(config, StoredType.F32, expertNaming())) {
      TensorSpec found = spec(expected.name()).orElseThrow(() -> missing(expected.name()));
      if (!found.shape().equals(expected.shape())) {
        throw new UserInputException(
            String.format(
                Locale.ROOT,
                "%s: tensor '%s' has shape %s, config.json says %s. The config and the weights are from different models.",
                shardOf(expected.name()),
                expected.name(),
                found.shape(),
                expected.shape()));
      }
      if (!found.type().isFloating()) {
        throw new UserInputException(
            String.format(
                Locale.ROOT,
                "%s: tensor '%s' is stored as %s; Banyan computes with F64, F32, F16, BF16 and F8 weights",
                shardOf(expected.name()),
                expected.name(),
                found.type()));
      }
      others.remove(expected.name());
    }
    return List.copyOf(others);
  }

  private String shardOf(String name) {
    var holder = holders.get(name);
    return holder == null ? path.toString() : SafetensorsFile.fileName(holder.path());
  }

  private UserInputException missing(String name) {
    return new UserInputException(
        String.format(
            Locale.ROOT,
            "%s: tensor '%s' is missing; config.json says %s with %d layers. The weights are incomplete or from a different model.",
            path,
            name,
            config.family().modelType(),
            config.layers()));
  }

  /** Unmaps all files: no tensor of this folder can be read any more. */
  @Override
  public void close() {
    shards.forEach(SafetensorsFile::close);
  }
}

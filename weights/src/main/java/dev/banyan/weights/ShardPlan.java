package dev.banyan.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which tensors go into which file of a model folder, decided before a byte is written.
 *
 * @param shards the files, in order
 * @param indexJson what {@code model.safetensors.index.json} will hold; null for a single file
 */
public record ShardPlan(List<Shard> shards, @Nullable String indexJson) {
  /** The usual size of a shard: 5 GB. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  static final String SINGLE_FILE = "model.safetensors";

  /** The file's name that {@link #index} goes to. */
  public static final String INDEX_FILE = WeightIndex.FILE;

  /** One file and its header. */
  public record Shard(String file, SafetensorsHeader header) {}

  public ShardPlan {
    shards = List.copyOf(shards);
  }

  /**
   * Fills files with {@code specs} in their order, each file up to {@code maxShardBytes} of data; a
   * tensor that is larger gets a file of its own. One file is called {@code model.safetensors},
   * more are numbered and get an index (huggingface_hub, split_state_dict_into_shards_factory).
   */
  public static ShardPlan of(List<TensorSpec> specs, long maxShardBytes) {
    return of(specs, maxShardBytes, Map.of("format", "pt"));
  }

  /** The same with this {@code __metadata__} in every header. */
  public static ShardPlan of(
      List<TensorSpec> specs, long maxShardBytes, Map<String, String> metadata) {
    if (maxShardBytes < 1) {
      throw new IllegalArgumentException("maxShardBytes " + maxShardBytes + " is less than 1");
    }
    var groups = new ArrayList<List<TensorSpec>>();
    var current = new ArrayList<TensorSpec>();
    long bytes = 0;
    for (TensorSpec spec : specs) {
      if (spec.bytes() > maxShardBytes) {
        groups.add(List.of(spec));
        continue;
      }
      if (!current.isEmpty() && bytes + spec.bytes() > maxShardBytes) {
        groups.add(List.copyOf(current));
        current.clear();
        bytes = 0;
      }
      current.add(spec);
      bytes += spec.bytes();
    }
    if (!current.isEmpty() || groups.isEmpty()) {
      groups.add(current);
    }
    var shards = new ArrayList<Shard>();
    for (int i = 0; i < groups.size(); i++) {
      String file =
          groups.size() == 1
              ? SINGLE_FILE
              : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, groups.size());
      shards.add(new Shard(file, SafetensorsHeader.of(groups.get(i), metadata)));
    }
    return new ShardPlan(shards, shards.size() == 1 ? null : WeightIndex.write(shards));
  }

  /** The files, headers and index of {@code folder} as they are, byte for byte. */
  public static ShardPlan like(WeightFolder folder) {
    return new ShardPlan(
        folder.shards().stream()
            .map(file -> new Shard(SafetensorsFile.fileName(file.path()), file.header()))
            .toList(),
        folder.indexJson().orElse(null));
  }

  /** The tensors of all files by name, in the order of the files. */
  public Map<String, TensorSpec> specs() {
    var specs = new LinkedHashMap<String, TensorSpec>();
    for (Shard shard : shards) {
      shard.header().tensors().forEach((name, placed) -> specs.put(name, placed.spec()));
    }
    return specs;
  }

  /** The index's text, when there is one. */
  public Optional<String> index() {
    return Optional.ofNullable(indexJson);
  }

  /** Bytes of all files together. */
  public long totalBytes() {
    return shards.stream().mapToLong(shard -> shard.header().fileBytes()).sum();
  }
}

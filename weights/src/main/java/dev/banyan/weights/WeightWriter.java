package dev.banyan.weights;

import dev.banyan.core.AtomicFolder;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a model folder that appears whole or not at all: weights in any order and from several
 * threads, {@code config.json}, and whatever else belongs to the model.
 *
 * <pre>{@code
 * try (var writer = WeightWriter.open(target, ShardPlan.of(specs, ShardPlan.DEFAULT_SHARD_BYTES))) {
 *   writer.config(config);
 *   writer.write("model.norm.weight", 0, values);
 *   ...
 *   writer.commit();
 * }
 * }</pre>
 */
public final class WeightWriter implements AutoCloseable {
  private final Path target;
  private final AtomicFolder folder;
  private final List<SafetensorsWriter> files = new ArrayList<>();
  private final Map<String, SafetensorsWriter> holders = new HashMap<>();

  private WeightWriter(Path target, AtomicFolder folder) {
    this.target = target;
    this.folder = folder;
  }

  /**
   * Begins a folder; an existing one is replaced when this one is committed.
   *
   * @throws UserInputException when the place cannot be written, or has too little room
   */
  public static WeightWriter open(Path target, ShardPlan plan) {
    SafetensorsWriter.requireRoom(target, plan.totalBytes());
    WeightWriter writer;
    try {
      writer = new WeightWriter(target, AtomicFolder.open(target));
    } catch (IOException e) {
      throw SafetensorsWriter.failed(target, e);
    }
    try {
      for (var shard : plan.shards()) {
        var file = SafetensorsWriter.open(writer.folder().resolve(shard.file()), shard.header());
        writer.files.add(file);
        shard.header().tensors().keySet().forEach(name -> writer.holders.put(name, file));
      }
      plan.index().ifPresent(index -> writer.text(WeightIndex.FILE, index));
      return writer;
    } catch (RuntimeException e) {
      writer.close();
      throw e;
    }
  }

  /** Writes a copy of {@code source}: same files, names, layout and bytes. */
  public static void copy(WeightFolder source, Path target) {
    try (var writer = open(target, ShardPlan.like(source))) {
      for (SafetensorsFile shard : source.shards()) {
        for (String name : shard.header().tensors().keySet()) {
          var file = writer.files.get(source.shards().indexOf(shard));
          file.write(name, shard.tensor(name).data());
        }
      }
      writer.companions(source.path());
      writer.file(source.path().resolve(ModelConfig.FILE));
      writer.commit();
    }
  }

  /** Where the folder grows until it is committed; other files may be put here. */
  public Path folder() {
    return folder.folder();
  }

  /** Writes {@code config.json} so that transformers 4.57 and 5 read it. */
  public void config(ModelConfig config) {
    text(ModelConfig.FILE, config.toJson());
  }

  /** Writes a file of text. */
  public void text(String name, String text) {
    try {
      Files.writeString(folder().resolve(name), text);
    } catch (IOException e) {
      throw SafetensorsWriter.failed(target.resolve(name), e);
    }
  }

  /** Copies one file, byte for byte, under its own name. */
  public void file(Path source) {
    try {
      Files.copy(
          source,
          folder().resolve(SafetensorsFile.fileName(source)),
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw SafetensorsWriter.failed(target.resolve(SafetensorsFile.fileName(source)), e);
    }
  }

  /**
   * Copies what lies beside the weights of {@code model} and is not replaced by other weights:
   * tokenizer, chat template, generation settings, licence.
   */
  public void companions(Path model) {
    companionsOf(model).forEach(this::file);
  }

  /** The files {@link #companions} copies, sorted. */
  public static List<Path> companionsOf(Path model) {
    try (var list = Files.list(model)) {
      return list.filter(Files::isRegularFile)
          .filter(path -> isCompanion(SafetensorsFile.fileName(path)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserInputException(model + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static boolean isCompanion(String name) {
    return name.startsWith("tokenizer")
        || name.equals("vocab.json")
        || name.equals("merges.txt")
        || name.equals("added_tokens.json")
        || name.equals("special_tokens_map.json")
        || name.equals("generation_config.json")
        || name.startsWith("chat_template")
        || name.startsWith("LICENSE")
        || name.startsWith("NOTICE");
  }

  /**
   * Writes {@code block} into tensor {@code name}, {@code offset} bytes from its start.
   *
   * @throws IllegalArgumentException for a tensor the plan does not have
   * @throws IndexOutOfBoundsException for a block that goes past the tensor
   * @throws UserInputException when the disk is full or fails
   */
  public void write(String name, long offset, MemorySegment block) {
    var file = holders.get(name);
    if (file == null) {
      throw new IllegalArgumentException(target + ": the plan has no tensor '" + name + "'");
    }
    file.write(name, offset, block);
  }

  /** Writes the whole of tensor {@code name}. */
  public void write(String name, MemorySegment data) {
    write(name, 0, data);
  }

  /**
   * Makes the folder appear under its name, durably.
   *
   * @throws IllegalStateException when a tensor was not written whole
   * @throws UserInputException when the disk is full or fails
   */
  public void commit() {
    files.forEach(SafetensorsWriter::commit);
    try {
      folder.commit();
    } catch (IOException e) {
      throw SafetensorsWriter.failed(target, e);
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    RuntimeException first = null;
    for (SafetensorsWriter file : files) {
      try {
        file.close();
      } catch (RuntimeException e) {
        first = first == null ? e : first;
      }
    }
    try {
      folder.close();
    } catch (IOException e) {
      throw SafetensorsWriter.failed(target, e);
    }
    if (first != null) {
      throw first;
    }
  }
}

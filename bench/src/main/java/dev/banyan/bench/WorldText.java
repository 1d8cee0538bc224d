package dev.banyan.bench;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.train.ChatFormat;
import dev.banyan.world.Domain;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Text and tokenizers for a bench, made by the built-in world. */
final class WorldText {
  private WorldText() {}

  /** The first documents of the world of a seed, of every domain. */
  static List<String> documents(Seed seed, int count) {
    World world = World.of(seed, WorldSize.SMALL);
    return IntStream.range(0, count).mapToObj(index -> world.document(index).text()).toList();
  }

  /** The first documents of a world where all are of one domain. */
  static List<String> documents(Seed seed, Domain domain, int count) {
    World world = World.of(seed, WorldSize.SMALL);
    return IntStream.range(0, count)
        .mapToObj(index -> world.document(domain, index).text())
        .toList();
  }

  /** Documents of a larger world as one, of at least so many characters. */
  static String longDocument(Seed seed, int characters) {
    World world = World.of(seed, WorldSize.MEDIUM);
    var text = new StringBuilder();
    for (long index = 0; text.length() < characters; index++) {
      text.append(world.document(index).text()).append('\n');
    }
    return text.toString();
  }

  /** Documents as training data, one JSON object a line. */
  static void write(Path jsonl, List<String> documents) {
    String lines =
        documents.stream()
            .map(text -> Json.mapper().writeValueAsString(Map.of("text", text)))
            .collect(Collectors.joining("\n", "", "\n"));
    try {
      AtomicFile.writeString(jsonl, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(jsonl + " cannot be written", e);
    }
  }

  /**
   * Trains a tokenizer on documents and writes its folder.
   *
   * @throws IllegalStateException when the text has too few pairs for so many tokens
   */
  static void tokenizer(Path folder, List<String> documents, int vocabulary) {
    var options = BpeTrainer.Options.of(vocabulary, ChatFormat.SPECIAL_TOKENS).withMinFrequency(1);
    TrainedBpe trained = BpeTrainer.train(documents.iterator(), options);
    if (trained.tokenCount() != vocabulary) {
      throw new IllegalStateException("only " + trained.tokenCount() + " tokens in the text");
    }
    trained.write(folder, ChatFormat.ROLES);
  }
}

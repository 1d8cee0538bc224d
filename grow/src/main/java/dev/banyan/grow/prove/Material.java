package dev.banyan.grow.prove;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.grow.ProofMaterial;
import dev.banyan.model.BpeTrainer;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Corpus;
import dev.banyan.train.HeldOutSplit;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Text of the built-in world, divided, and a small tokenizer learned from it. */
public final class Material {
  private static final int DOCUMENTS = 24_000;
  private static final int VOCABULARY = 512;

  private Material() {}

  /** Makes what is not there yet. */
  public static ProofMaterial make(Path folder, Seed seed, int threads) throws IOException {
    ProofMaterial made =
        new ProofMaterial(
            folder.resolve("train.jsonl"),
            folder.resolve("held-out.jsonl"),
            folder.resolve("tokenizer"));
    if (Files.isDirectory(made.tokenizer())) {
      return made;
    }
    Path world = folder.resolve("world");
    World.of(seed, WorldSize.parse("tiny")).write(world, DOCUMENTS, 10, threads, Progress.none());
    List<Path> documents;
    try (var list = Files.list(world)) {
      documents =
          list.filter(file -> file.getFileName().toString().startsWith("documents-"))
              .sorted()
              .toList();
    }
    try (Corpus corpus = Corpus.open(documents, Corpus.Options.STRICT)) {
      HeldOutSplit.write(
          List.of(corpus),
          made.training(),
          made.heldOut(),
          new HeldOutSplit.Options(0.05, 200L << 10, 64L << 20),
          seed.of("data"));
    }
    try (Corpus corpus = Corpus.open(List.of(made.training()), Corpus.Options.STRICT)) {
      BpeTrainer.train(corpus.texts(), BpeTrainer.Options.of(VOCABULARY, ChatFormat.SPECIAL_TOKENS))
          .write(made.tokenizer(), ChatFormat.ROLES);
    }
    return made;
  }
}

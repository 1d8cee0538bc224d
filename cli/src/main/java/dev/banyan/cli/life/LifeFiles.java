package dev.banyan.cli.life;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the things of a life are.
 *
 * @param out the life's folder
 * @param ownInstructions whether the user gave questions and answers instead of the world's skills
 */
record LifeFiles(Path out, boolean ownInstructions) {
  Path of(String name) {
    return out.resolve(name);
  }

  /** The model that a training step ends with. */
  Path model(String step) {
    return of(step).resolve("model");
  }

  Path training() {
    return of("data").resolve("train.jsonl");
  }

  Path heldOut() {
    return of("data").resolve("held-out.jsonl");
  }

  /** The world's documents, in their order. */
  List<Path> documents() throws IOException {
    try (var list = Files.list(of("world"))) {
      return list.filter(file -> file.getFileName().toString().startsWith("documents-"))
          .sorted()
          .toList();
    }
  }

  /** What the supervised stage learns. */
  Path exercises() {
    return ownInstructions
        ? of("data").resolve("instructions-train.jsonl")
        : of("world").resolve("skills-train.jsonl");
  }

  /** What is asked in the end. */
  Path questions() {
    return ownInstructions
        ? of("data").resolve("instructions-test.jsonl")
        : of("world").resolve("skills-test.jsonl");
  }
}

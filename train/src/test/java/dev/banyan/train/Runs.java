package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Compares what runs left behind. */
final class Runs {
  private Runs() {}

  /** All that a step reports but the speed, exactly. */
  static List<String> metrics(Path out) throws IOException {
    Path file = out.resolve("metrics.jsonl");
    List<String> steps = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode step = Json.readLine(line, file, steps.size() + 1L, JsonNode.class);
      steps.add(
          "%s: loss %s, norm %s, rate %s, learned %s"
              .formatted(
                  step.path("step"),
                  step.path("loss"),
                  step.path("gradientNorm"),
                  step.path("learningRate"),
                  step.path("learnedTokens")));
    }
    return steps;
  }

  static void requireSame(Path one, Path other) throws IOException {
    assertThat(metrics(one)).isEqualTo(metrics(other)).isNotEmpty();
    assertThat(names(one)).isEqualTo(names(other)).contains("model");
    for (String name : names(one)) {
      if (name.equals("model") || name.startsWith("checkpoint-")) {
        for (String file : names(one.resolve(name))) {
          assertThat(one.resolve(name).resolve(file))
              .hasSameBinaryContentAs(other.resolve(name).resolve(file));
        }
      }
    }
  }

  /** What is in a folder, in order. */
  static List<String> names(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}

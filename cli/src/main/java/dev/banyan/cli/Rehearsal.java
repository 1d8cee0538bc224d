package dev.banyan.cli;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.ExitCode;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * What the launcher runs once after a build so that the JVM's AOT cache holds the classes a start
 * needs: every help page for the plain cache, and a few tensor operations for the model cache.
 */
@Command(
    name = "rehearse",
    description = "Runs what the start-up cache should know.",
    footer = "  banyan rehearse plain")
final class Rehearsal implements Callable<ExitCode> {
  enum Part {
    PLAIN,
    MODEL
  }

  @Parameters(paramLabel = "plain|model", description = "Which of the two caches.")
  private Part part = Part.PLAIN;

  @Override
  public ExitCode call() {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    var tree = new CommandTree(Banyan.NOUNS, nowhere, nowhere, false);
    tree.run();
    tree.run("--version");
    tree.run("no-such-noun");
    for (Noun noun : Banyan.NOUNS) {
      for (Class<?> command : noun.commands()) {
        String verb = command.getAnnotation(Command.class).name();
        List<String> words =
            noun.alone() ? List.of(noun.name(), "-h") : List.of(noun.name(), verb, "-h");
        tree.run(words.toArray(String[]::new));
      }
    }
    if (part == Part.MODEL) {
      aFewTensorOperations();
    }
    return ExitCode.DONE;
  }

  private static void aFewTensorOperations() {
    try (Scope scope = Scope.open()) {
      Tensor a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor b = a.matmul(a).add(a).softmax(1).to(DType.BF16).to(DType.F32);
      if (b.count() != 4) {
        throw new IllegalStateException("2 × 2 values became " + b.count());
      }
    }
  }
}

package dev.banyan.bench;

import dev.banyan.core.JavaCommand;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process with this JVM's own {@code java}, class path and flags, so that what it uses of memory
 * and time is its own and it can be killed.
 */
public final class ChildJvm {
  private ChildJvm() {}

  /** Starts a {@code main} of package {@code process} with its job file. */
  static Process start(List<String> flags, Class<?> main, Path job, Path errors) {
    try {
      return new ProcessBuilder(JavaCommand.of(flags, main.getName(), List.of(job.toString())))
          .redirectError(ProcessBuilder.Redirect.appendTo(new File(errors.toString())))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("no child process can be started", e);
    }
  }

  /** Waits for a child that must end well. */
  static void requireDone(Process child, Path errors) {
    int code = end(child);
    if (code != 0) {
      throw new IllegalStateException("a child process ended with " + code + ": " + tail(errors));
    }
  }

  static int end(Process child) {
    try {
      return child.waitFor();
    } catch (InterruptedException e) {
      child.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a child process ran", e);
    }
  }

  private static String tail(Path errors) {
    try {
      List<String> lines = Files.readAllLines(errors);
      return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    } catch (IOException e) {
      return "it left no word";
    }
  }
}

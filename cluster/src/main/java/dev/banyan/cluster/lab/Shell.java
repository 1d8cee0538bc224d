package dev.banyan.cluster.lab;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the system's own commands. */
final class Shell {
  private static final int SECONDS = 20;

  private Shell() {}

  /** What a command said on both its streams; throws with it when it fails. */
  static String run(String... command) throws IOException {
    return feed("", command);
  }

  /** As {@link #run}, with lines on standard input. */
  static String feed(String input, String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(String.join(" ", command) + ": no end after " + SECONDS + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said.strip());
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(String.join(" ", command));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Whether a command ends well; a command that does not exist does not. */
  static boolean works(String... command) {
    try {
      run(command);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Runs commands in order and goes on when one fails: for tidying up. */
  static void attempt(List<String[]> commands) {
    commands.forEach(Shell::works);
  }
}

package dev.banyan.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process with this JVM's own {@code java}, class path and flags, so that what it uses of memory
 * and time is its own and it can be killed.
 */
public final class ChildJvm {
  /** Flags that belong to the parent alone. */
  private static final List<String> OWN =
      List.of("-XX:AOTCacheOutput", "-agentlib", "-javaagent", "-Dbanyan.terminal");

  private ChildJvm() {}

  /** The command line that starts {@code main}; {@code flags} win over the parent's. */
  public static List<String> command(List<String> flags, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> OWN.stream().noneMatch(flag::startsWith))
        .forEach(command::add);
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(arguments);
    return command;
  }

  /** Starts a {@code main} of package {@code process} with its job file. */
  static Process start(List<String> flags, Class<?> main, Path job, Path errors) {
    try {
      return new ProcessBuilder(command(flags, main.getName(), List.of(job.toString())))
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

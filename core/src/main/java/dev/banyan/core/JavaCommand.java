package dev.banyan.core;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a process with this JVM's own {@code java}, class path and flags. */
public final class JavaCommand {
  /** Flags that belong to the parent alone. */
  private static final List<String> OWN =
      List.of("-XX:AOTCacheOutput", "-agentlib", "-javaagent", "-Dbanyan.terminal");

  private JavaCommand() {}

  /** Starts {@code main} with its arguments; {@code flags} win over this JVM's. */
  public static List<String> of(List<String> flags, String main, List<String> arguments) {
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

  /**
   * The last argument of a process of this machine, empty when it is gone or nobody may look.
   * {@link ProcessHandle.Info} loses what lies past the first page, and a class path fills that.
   */
  public static String lastArgument(ProcessHandle process) {
    try {
      String line =
          Files.readString(
              Path.of("/proc", Long.toString(process.pid()), "cmdline"),
              StandardCharsets.ISO_8859_1);
      String[] words = line.split("\0", 0);
      return words[words.length - 1];
    } catch (IOException e) {
      String[] words = process.info().arguments().orElse(new String[0]);
      return words.length == 0 ? "" : words[words.length - 1];
    }
  }
}

package dev.banyan.core;

import java.lang.management.ManagementFactory;
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
}

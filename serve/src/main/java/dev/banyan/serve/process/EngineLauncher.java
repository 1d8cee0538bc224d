package dev.banyan.serve.process;

import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts engine processes: the running JVM's own {@code java} with the same class path. */
public final class EngineLauncher {
  private static final String IGNORING = "trap '' INT HUP; exec \"$@\"";

  private EngineLauncher() {}

  /**
   * Starts one engine.
   *
   * @param folder where its JSON file and what it says on standard error are written
   * @throws IOException when it cannot be started
   */
  public static Process start(EngineSettings settings, Path folder) throws IOException {
    Path file = folder.resolve("engine-" + settings.instance() + ".json");
    Json.write(file, settings);
    // Ctrl-C and a closing terminal reach all processes of a group: the gateway alone ends engines.
    // What the shell ignores, the JVM it becomes ignores too.
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", IGNORING, "engine"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // the flags of every JVM that touches libtorch
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Dorg.bytedeco.javacpp.nopointergc=true");
    command.add("-XX:+UseSerialGC");
    command.add("-Xmx1g");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(EngineProcess.class.getName());
    command.add(file.toString());
    command.add(Long.toString(ProcessHandle.current().pid()));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(log(settings, folder).toFile())
        .start();
  }

  /** What an engine says when it cannot start. */
  public static String complaint(EngineSettings settings, Path folder) {
    try {
      return Files.readString(log(settings, folder))
          .lines()
          .filter(line -> !line.startsWith("WARNING"))
          .reduce("", (a, b) -> a.isEmpty() ? b : a);
    } catch (IOException e) {
      return "";
    }
  }

  private static Path log(EngineSettings settings, Path folder) {
    return folder.resolve("engine-" + settings.instance() + ".log");
  }
}

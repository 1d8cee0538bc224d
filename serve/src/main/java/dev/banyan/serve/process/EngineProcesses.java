package dev.banyan.serve.process;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.Gateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;

/**
 * The engine processes of one gateway: each the running JVM's own {@code java} with the same class
 * path. Their settings, sockets and what they say on standard error are in a folder that goes with
 * them.
 */
public final class EngineProcesses implements AutoCloseable {
  private static final String IGNORING = "trap '' INT HUP; exec \"$@\"";
  private static final long START_SECONDS = 300;
  private static final long END_SECONDS = 2;
  private static final int POLL_MILLIS = 20;

  /** What the exit code of a process is above the signal that killed it. */
  private static final int SIGNALLED = 128;

  private final EngineSettings each;
  private final Path folder;
  private final Map<Integer, Process> started = new ConcurrentSkipListMap<>();

  private EngineProcesses(EngineSettings each, Path folder) {
    this.each = each;
    this.folder = folder;
  }

  /** None yet; {@code each} will have a number and a socket of its own. */
  public static EngineProcesses of(EngineSettings each) throws IOException {
    return new EngineProcesses(each, Files.createTempDirectory("banyan-engines"));
  }

  /** Where what belongs to them is. */
  public Path folder() {
    return folder;
  }

  /**
   * Starts one, in the place of any before it that had its number.
   *
   * @throws IOException when it cannot be started
   */
  public void start(int id) throws IOException {
    Files.deleteIfExists(socket(id));
    Path file = folder.resolve("engine-" + id + ".json");
    Json.write(file, each.as(id, address(id)));
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
    command.add("-Xmx" + Gateway.ENGINE_HEAP_BYTES);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(EngineProcess.class.getName());
    command.add(file.toString());
    command.add(Long.toString(ProcessHandle.current().pid()));
    started.put(
        id,
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(log(id).toFile())
            .start());
  }

  /**
   * Waits until one that was started listens.
   *
   * @return where it does
   * @throws UserInputException when it ends instead, with what it said, or takes too long
   */
  public String await(int id) throws IOException {
    Process process = Optional.ofNullable(started.get(id)).orElseThrow();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    try {
      while (!Files.exists(socket(id))) {
        if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
          throw new UserInputException("instance %d ended: %s".formatted(id, why(id, process)));
        }
        if (System.nanoTime() > deadline) {
          throw new UserInputException("instance " + id + " does not start");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return address(id);
  }

  /**
   * Ends one whose connection was lost, if it has not ended.
   *
   * @return why it ended, in a few words
   */
  public String bury(int id) {
    Process process = started.get(id);
    if (process == null) {
      return "it was ended here";
    }
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        return "its connection broke off";
      }
      return why(id, process);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    } finally {
      kill(id);
    }
  }

  /** What one that has ended said, or how it ended where it said nothing. */
  private String why(int id, Process ended) {
    String said = complaint(id);
    if (!said.isEmpty()) {
      return said;
    }
    int code = ended.exitValue();
    return code > SIGNALLED ? "killed by signal " + (code - SIGNALLED) : "exit code " + code;
  }

  private String complaint(int id) {
    try {
      return Files.readString(log(id))
          .lines()
          .filter(line -> !line.startsWith("WARNING"))
          .reduce("", (a, b) -> a.isEmpty() ? b : a);
    } catch (IOException e) {
      return "";
    }
  }

  private Path socket(int id) {
    return folder.resolve("engine-" + id + ".sock");
  }

  private String address(int id) {
    return "unix:" + socket(id);
  }

  private Path log(int id) {
    return folder.resolve("engine-" + id + ".log");
  }

  /** The number of one's process; empty when it was never started or was killed. */
  public OptionalLong process(int id) {
    Process process = started.get(id);
    return process == null ? OptionalLong.empty() : OptionalLong.of(process.pid());
  }

  /** Process numbers of those that run, in their order. */
  public List<Long> alive() {
    return started.values().stream().filter(Process::isAlive).map(Process::pid).toList();
  }

  /** Kills one and waits for its end. */
  public void kill(int id) {
    Process process = started.remove(id);
    if (process != null) {
      end(process, System.nanoTime());
    }
  }

  /** Kills all and waits for their ends. */
  public void kill() {
    started.values().forEach(Process::destroyForcibly);
    List.copyOf(started.keySet()).forEach(this::kill);
  }

  private static void end(Process process, long deadline) {
    try {
      if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        int unused = process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Process unused = process.destroyForcibly();
    }
  }

  /** Waits a moment for those that were told to end, kills the others, and removes the folder. */
  @Override
  public void close() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
    started.values().forEach(process -> end(process, deadline));
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // a temporary folder stays behind, nothing else
    }
  }
}

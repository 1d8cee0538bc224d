package dev.banyan.cluster.steer;

import dev.banyan.cluster.SupervisedJob;
import dev.banyan.cluster.process.WaitingProcess;
import dev.banyan.core.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Starts waiting processes, and knows those that stand ready by the host label they stand for. */
final class Pool implements AutoCloseable {
  private static final int READY_SECONDS = 60;

  private final SupervisedJob job;
  private final Path folder;
  private final ServerSocket door;
  private final Map<String, List<Slot>> ready = new HashMap<>();
  private int started;

  Pool(SupervisedJob job, Path folder) throws IOException {
    this.job = job;
    this.folder = folder;
    this.door = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
  }

  /** Starts as many processes as labels are given, side by side, and waits until all are there. */
  void prepare(List<String> labels) throws IOException {
    Map<Long, Process> processes = new HashMap<>();
    Map<Long, String> labelOf = new HashMap<>();
    Map<Long, Path> logs = new HashMap<>();
    for (String label : labels) {
      List<String> arguments = new ArrayList<>(List.of(Integer.toString(door.getLocalPort())));
      arguments.addAll(job.warm());
      List<String> command = JavaCommand.of(job.flags(), WaitingProcess.class.getName(), arguments);
      Path log = folder.resolve("process-%d-%s.log".formatted(started++, safe(label)));
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      processes.put(process.pid(), process);
      labelOf.put(process.pid(), label);
      logs.put(process.pid(), log);
    }
    door.setSoTimeout(READY_SECONDS * 1000);
    try {
      for (int i = 0; i < labels.size(); i++) {
        Socket socket = door.accept();
        long pid = introduced(socket);
        Process process = processes.remove(pid);
        if (process == null) {
          socket.close(); // somebody else
          i--;
          continue;
        }
        ready
            .computeIfAbsent(labelOf.get(pid), label -> new ArrayList<>())
            .add(new Slot(process, socket, logs.getOrDefault(pid, folder)));
      }
    } catch (SocketTimeoutException e) {
      processes.values().forEach(Process::destroyForcibly);
      throw new IOException(
          "%d processes did not come up in %d s; their logs are in %s"
              .formatted(processes.size(), READY_SECONDS, folder),
          e);
    }
  }

  private static long introduced(Socket socket) throws IOException {
    var lines =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    return line != null && line.startsWith("ready ") ? Long.parseLong(line.substring(6)) : -1;
  }

  private static String safe(String label) {
    return label.replaceAll("[^A-Za-z0-9._-]", "_");
  }

  /** How many stand ready for a label. */
  int ready(String label) {
    return ready.getOrDefault(label, List.of()).size();
  }

  /** Takes one that stands ready. */
  Slot take(String label) {
    return java.util.Objects.requireNonNull(ready.get(label), label).removeLast();
  }

  /** Ends those that stand ready for a label. */
  void drop(String label) throws IOException {
    List<Slot> slots = ready.remove(label);
    for (Slot slot : slots == null ? List.<Slot>of() : slots) {
      slot.close();
    }
  }

  @Override
  public void close() throws IOException {
    for (String label : List.copyOf(ready.keySet())) {
      drop(label);
    }
    door.close();
  }
}

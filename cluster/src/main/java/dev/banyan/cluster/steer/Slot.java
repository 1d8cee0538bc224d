package dev.banyan.cluster.steer;

import dev.banyan.cluster.process.WaitingProcess;
import dev.banyan.core.Json;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A waiting process and the socket its order goes to. */
record Slot(Process process, Socket socket, Path log) implements AutoCloseable {
  /** Makes it what it is to be. */
  void become(WaitingProcess.Order order) throws IOException {
    var out = socket.getOutputStream();
    out.write((Json.mapper().writeValueAsString(order) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** The last line it wrote that is no JSON; empty without one. */
  String lastWords() {
    try {
      List<String> lines = Files.readAllLines(log);
      return lines.stream()
          .filter(line -> !line.isBlank() && !line.startsWith("{"))
          .reduce((a, b) -> b)
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    socket.close();
  }
}

package dev.banyan.cluster.steer;

import dev.banyan.cluster.process.WaitingProcess;
import dev.banyan.core.Json;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A waiting process and the socket its order goes to. */
record Slot(Process process, Socket socket) implements AutoCloseable {
  /** Makes it what it is to be. */
  void become(WaitingProcess.Order order) throws IOException {
    var out = socket.getOutputStream();
    out.write((Json.mapper().writeValueAsString(order) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    socket.close();
  }
}

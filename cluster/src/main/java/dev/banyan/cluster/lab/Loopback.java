package dev.banyan.cluster.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** No namespaces: ranks on the loopback device, whose faults are those of processes. */
record Loopback(int ranks) implements Place {
  @Override
  public List<String> addresses() throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<String> addresses = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        addresses.add("127.0.0.1:" + socket.getLocalPort());
      }
      return addresses;
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  @Override
  public List<String> prefix(int rank) {
    return List.of();
  }

  @Override
  public void slowSending(int rank) throws IOException {
    throw noNetwork();
  }

  @Override
  public void slowReceiving(int rank) throws IOException {
    throw noNetwork();
  }

  @Override
  public void slowLink(int rank, int peer) throws IOException {
    throw noNetwork();
  }

  @Override
  public void blackhole(int rank, int peer) throws IOException {
    throw noNetwork();
  }

  @Override
  public void portDown(int rank) throws IOException {
    throw noNetwork();
  }

  private static IOException noNetwork() {
    return new IOException("network faults need namespaces");
  }

  @Override
  public void restore() {}

  @Override
  public void close() {}
}

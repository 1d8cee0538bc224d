package dev.banyan.cluster.process;

import dev.banyan.core.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A started JVM that waits for what to be: it connects to its supervisor on the loopback device,
 * says {@code ready} and its process id, and runs the {@code main} it is told. When the supervisor
 * is gone it ends.
 */
public final class WaitingProcess {
  private WaitingProcess() {}

  /**
   * The one line a waiting process is sent.
   *
   * @param main class to run
   * @param arguments of its {@code main}
   */
  public record Order(String main, List<String> arguments) {
    public Order {
      arguments = List.copyOf(arguments);
    }
  }

  /**
   * @param args the supervisor's port, then classes to load while there is time
   */
  public static void main(String[] args) throws Exception {
    Socket supervisor = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
    supervisor
        .getOutputStream()
        .write(("ready " + ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8));
    for (int i = 1; i < args.length; i++) {
      Class.forName(args[i]); // its static initialiser is what takes long
    }
    var lines =
        new BufferedReader(
            new InputStreamReader(supervisor.getInputStream(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    if (line == null) {
      return;
    }
    Thread leash = new Thread(() -> endWith(lines), "leash");
    leash.setDaemon(true);
    leash.start();
    Order order = Json.mapper().readValue(line, Order.class);
    Class.forName(order.main())
        .getMethod("main", String[].class)
        .invoke(null, (Object) order.arguments().toArray(String[]::new));
  }

  private static void endWith(BufferedReader lines) {
    try {
      while (lines.readLine() != null) {
        // there is only one order
      }
    } catch (IOException e) {
      // as its end
    }
    Runtime.getRuntime().halt(4);
  }
}

package dev.banyan.cluster.probe;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Sends packets that live for a few hops only, one for every source port, and notes which switch
 * says that they died (ICMP time exceeded, RFC 792). The answer comes through the socket's own
 * error queue, so no privilege is needed. UDP sends a datagram, TCP the first packet of a
 * connection, so that each is hashed as the real traffic is.
 */
public final class PortProbe {
  private static final int BATCH = 128;

  /** A source port and who answered; "" when nobody did. */
  public record Answer(int port, String hop) {}

  private final boolean tcp;
  private final int source;
  private final int destination;
  private final int destinationPort;
  private final int hops;
  private final LongSupplier nanoTime;

  /**
   * @param source address to send from; 0.0.0.0 lets the system choose
   * @param hops packets die at the hop of this number: 1 the leaf, 2 the spine
   */
  public PortProbe(
      boolean tcp,
      String source,
      String destination,
      int destinationPort,
      int hops,
      LongSupplier nanoTime) {
    this.tcp = tcp;
    this.source = address(source);
    this.destination = address(destination);
    this.destinationPort = destinationPort;
    this.hops = hops;
    this.nanoTime = nanoTime;
  }

  /**
   * Probes ports; those without an answer are tried again.
   *
   * @param waitMillis for the answers of a batch
   * @param tries for each port, at least 1
   */
  public List<Answer> probe(int[] ports, int waitMillis, int tries) {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new MissingThingException("cluster probe needs Linux: it reads a socket's error queue");
    }
    String[] hop = new String[ports.length];
    Arrays.fill(hop, "");
    int[] open = new int[ports.length];
    Arrays.setAll(open, i -> i);
    for (int round = 0; round < tries && open.length > 0; round++) {
      for (int from = 0; from < open.length; from += BATCH) {
        int[] batch = Arrays.copyOfRange(open, from, Math.min(open.length, from + BATCH));
        probe(ports, batch, waitMillis, hop);
      }
      open = Arrays.stream(open).filter(i -> hop[i].isEmpty()).toArray();
    }
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < ports.length; i++) {
      answers.add(new Answer(ports[i], hop[i]));
    }
    return answers;
  }

  private void probe(int[] ports, int[] batch, int waitMillis, String[] hop) {
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int[] sockets = new int[batch.length];
      Arrays.fill(sockets, -1);
      try {
        for (int i = 0; i < batch.length; i++) {
          sockets[i] = send(libc, ports[batch[i]]);
        }
        MemorySegment list = libc.pollList(sockets);
        int left = (int) Arrays.stream(sockets).filter(s -> s >= 0).count();
        long end = nanoTime.getAsLong() + waitMillis * 1_000_000L;
        while (left > 0) {
          long wait = (end - nanoTime.getAsLong()) / 1_000_000;
          if (wait <= 0 || libc.poll(list, (int) wait) <= 0) {
            return;
          }
          for (int i = 0; i < sockets.length; i++) {
            if (sockets[i] >= 0 && Libc.hasError(list, i)) {
              long offender = libc.offender(sockets[i]);
              hop[batch[i]] = offender == 0 ? hop[batch[i]] : text((int) offender);
              Libc.forget(list, i);
              left--;
            }
          }
        }
      } finally {
        for (int socket : sockets) {
          if (socket >= 0) {
            libc.close(socket);
          }
        }
      }
    }
  }

  /** A socket whose packet is under way, or -1 where the port is taken. */
  private int send(Libc libc, int port) {
    int socket = libc.socket(tcp ? Libc.STREAM : Libc.DATAGRAM);
    if (socket < 0 || !libc.traced(socket, hops)) {
      throw new MissingThingException(
          "cannot open sockets (error " + libc.errno() + "); raise ulimit -n");
    }
    if (!libc.bind(socket, source, port)) {
      int why = libc.errno();
      libc.close(socket);
      if (why == Libc.ADDRESS_IN_USE || port < 1024) {
        return -1;
      }
      throw new UserInputException(
          "cannot send from "
              + text(source)
              + " port "
              + port
              + " (error "
              + why
              + "); is it an address of this host?");
    }
    boolean gone = libc.connect(socket, destination, destinationPort);
    if (!gone && !(tcp && libc.errno() == Libc.IN_PROGRESS)) {
      int why = libc.errno();
      libc.close(socket);
      if (tcp && (why == 99 || why == Libc.ADDRESS_IN_USE)) {
        return -1; // the connection is still known from before
      }
      throw new UserInputException(
          "there is no route to " + text(destination) + " (error " + why + ")");
    }
    if (!tcp) {
      boolean unused = libc.send(socket);
    }
    return socket;
  }

  private static int address(String text) {
    try {
      InetAddress address = InetAddress.getByName(text);
      if (!(address instanceof Inet4Address)) {
        throw new UserInputException("'" + text + "' is no IPv4 address; only those can be probed");
      }
      return ByteBuffer.wrap(address.getAddress()).getInt();
    } catch (UnknownHostException e) {
      throw new UserInputException("'" + text + "' is no address that is known here", e);
    }
  }

  private static String text(int ip) {
    return (ip >>> 24) + "." + (ip >> 16 & 255) + "." + (ip >> 8 & 255) + "." + (ip & 255);
  }
}

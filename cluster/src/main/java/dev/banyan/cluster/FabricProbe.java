package dev.banyan.cluster;

import dev.banyan.cluster.PathCatalogue.Pair;
import dev.banyan.cluster.PathCatalogue.Port;
import dev.banyan.cluster.probe.Namespaces;
import dev.banyan.cluster.probe.PortProbe;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;

/** Which source port takes which path through a real fabric that hashes (ECMP). */
public final class FabricProbe {
  private FabricProbe() {}

  /**
   * What to probe.
   *
   * @param protocol {@code udp} or {@code tcp}; switches hash it
   * @param source address of a port of this host; {@code 0.0.0.0} for whichever
   * @param destination address of a port of the other host
   * @param destinationPort 4791 is RoCE's
   * @param firstPort of the source ports
   * @param ports how many, one after the other
   * @param hops packets die at this hop: 2 is the spine of a two-tier fabric
   * @param waitMillis for the answers to a batch of ports
   * @param tries for ports without an answer
   */
  public record Request(
      String protocol,
      String source,
      String destination,
      int destinationPort,
      int firstPort,
      int ports,
      int hops,
      int waitMillis,
      int tries) {
    public Request {
      if (!protocol.equals("udp") && !protocol.equals("tcp")) {
        throw new UserInputException("protocol '" + protocol + "', expected udp or tcp");
      }
      if (firstPort < 1 || ports < 1 || firstPort + ports > 65_536) {
        throw new UserInputException(
            "%d ports from %d do not lie between 1 and 65535".formatted(ports, firstPort));
      }
      if (hops < 1
          || hops > 255
          || tries < 1
          || waitMillis < 1
          || destinationPort < 1
          || destinationPort > 65_535) {
        throw new UserInputException(
            "hops must be 1 to 255, tries and wait at least 1, the destination port 1 to 65535");
      }
    }

    /** UDP to RoCE's port, dying at the second hop. */
    public static Request udp(String source, String destination, int firstPort, int ports) {
      return new Request("udp", source, destination, 4791, firstPort, ports, 2, 200, 4);
    }

    /** The first packet of TCP connections, dying at the second hop. */
    public static Request tcp(
        String source, String destination, int destinationPort, int firstPort, int ports) {
      return new Request("tcp", source, destination, destinationPort, firstPort, ports, 2, 200, 4);
    }
  }

  /**
   * Probes every source port of a request. After any change in the fabric all of them have to be
   * probed again: a hash over fewer links moves flows that never used the dead one.
   *
   * @param paths number (spine × lanes + lane) of every switch address; empty numbers the switches
   *     in the order of their addresses
   * @return the ports that got an answer, with the switch that gave it
   * @throws UserInputException when an address is none, or nothing answers
   */
  public static List<Port> probe(Request request, Map<String, Integer> paths) {
    var probe =
        new PortProbe(
            request.protocol.equals("tcp"),
            request.source,
            request.destination,
            request.destinationPort,
            request.hops,
            System::nanoTime);
    int[] ports = new int[request.ports];
    java.util.Arrays.setAll(ports, i -> request.firstPort + i);
    List<PortProbe.Answer> answers = probe.probe(ports, request.waitMillis, request.tries);
    Map<String, Integer> numbers = paths.isEmpty() ? byAddress(answers) : paths;
    List<Port> found = new ArrayList<>();
    for (PortProbe.Answer answer : answers) {
      if (!answer.hop().isEmpty()) {
        found.add(new Port(answer.port(), answer.hop(), numbers.getOrDefault(answer.hop(), -1)));
      }
    }
    if (found.isEmpty()) {
      throw new UserInputException(
          "nothing answers at hop %d on the way to %s; is it that far, and may the switches send ICMP time exceeded?"
              .formatted(request.hops, request.destination));
    }
    return found;
  }

  /** The same as a catalogue's entry. */
  public static Pair pair(
      Request request, int sourceNic, int destinationNic, int plane, Map<String, Integer> paths) {
    return new Pair(
        request.source,
        request.destination,
        sourceNic,
        destinationNic,
        plane,
        probe(request, paths));
  }

  /**
   * How many source ports hit each of so many paths with 99 % certainty, about: S·(ln S + 4.6), as
   * in collecting coupons.
   */
  public static int portsFor(int paths) {
    return (int) Math.ceil(paths * (Math.log(paths) + 4.6));
  }

  private static Map<String, Integer> byAddress(List<PortProbe.Answer> answers) {
    Map<String, Integer> numbers = new HashMap<>();
    answers.stream()
        .map(PortProbe.Answer::hop)
        .filter(hop -> !hop.isEmpty())
        .distinct()
        .sorted(java.util.Comparator.comparingLong(FabricProbe::number))
        .forEach(hop -> numbers.put(hop, numbers.size()));
    return numbers;
  }

  private static long number(String address) {
    long number = 0;
    for (String part : address.split("\\.")) {
      number = number << 8 | Integer.parseInt(part);
    }
    return number;
  }

  /**
   * Reads {@code address,path} lines: which path each switch address stands for.
   *
   * @throws UserInputException when a line is none
   */
  public static Map<String, Integer> readPaths(Path csv) {
    List<String> lines;
    try {
      lines = Files.readAllLines(csv);
    } catch (NoSuchFileException e) {
      throw new UserInputException(csv + ": there is no such file", e);
    } catch (IOException e) {
      throw new UserInputException(csv + ": cannot be read: " + e.getMessage(), e);
    }
    Map<String, Integer> paths = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || (i == 0 && Character.isLetter(line.charAt(0)))) {
        continue;
      }
      String[] cells = line.split("\\s*,\\s*");
      if (cells.length != 2
          || !cells[0].matches("\\d{1,3}(\\.\\d{1,3}){3}")
          || !cells[1].matches("\\d{1,6}")) {
        throw new UserInputException(
            "%s:%d: '%s', expected address,path such as 10.10.3.2,3".formatted(csv, i + 1, line));
      }
      paths.put(cells[0], Integer.parseInt(cells[1]));
    }
    return paths;
  }

  /** Runs work on a thread inside a network namespace; its sockets belong there. Takes root. */
  public static <T> Future<T> inNamespace(String name, Callable<T> work) {
    return Namespaces.start("/run/netns/" + name, work);
  }
}

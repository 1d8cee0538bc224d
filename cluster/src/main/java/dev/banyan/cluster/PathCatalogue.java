package dev.banyan.cluster;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which source port takes which path, as probed: {@code banyan.paths} files.
 *
 * @param format {@code banyan.paths}
 * @param version {@code 1.0}
 * @param protocol {@code udp} or {@code tcp}
 * @param destinationPort the port that was probed; switches hash it too
 * @param pairs of NICs
 */
public record PathCatalogue(
    String format, String version, String protocol, int destinationPort, List<Pair> pairs) {
  public PathCatalogue {
    pairs = List.copyOf(pairs);
  }

  /**
   * Two NICs.
   *
   * @param source address
   * @param destination address
   * @param sourceNic number in the topology; -1 when not known
   * @param destinationNic number in the topology; -1 when not known
   * @param plane of the ports the addresses belong to
   * @param ports every source port that got an answer
   */
  public record Pair(
      String source,
      String destination,
      int sourceNic,
      int destinationNic,
      int plane,
      List<Port> ports) {
    public Pair {
      ports = List.copyOf(ports);
    }
  }

  /**
   * A source port.
   *
   * @param port 1 to 65535
   * @param hop address of the switch that answered
   * @param path spine × lanes + lane; -1 when the hop has no number
   */
  public record Port(int port, String hop, int path) {}

  public static PathCatalogue of(String protocol, int destinationPort, List<Pair> pairs) {
    return new PathCatalogue("banyan.paths", "1.0", protocol, destinationPort, pairs);
  }

  /**
   * Several as one.
   *
   * @throws UserInputException when they are of different protocols or destination ports
   */
  public static PathCatalogue joined(List<PathCatalogue> parts) {
    PathCatalogue first = parts.getFirst();
    List<Pair> pairs = new ArrayList<>();
    for (PathCatalogue part : parts) {
      if (!part.protocol.equals(first.protocol) || part.destinationPort != first.destinationPort) {
        throw new UserInputException(
            "catalogues of %s to port %d and of %s to port %d cannot be joined"
                .formatted(
                    first.protocol, first.destinationPort, part.protocol, part.destinationPort));
      }
      pairs.addAll(part.pairs);
    }
    return of(first.protocol, first.destinationPort, pairs);
  }

  /**
   * Reads a catalogue.
   *
   * @throws UserInputException when the file is none
   */
  public static PathCatalogue read(Path file) {
    PathCatalogue catalogue;
    try {
      catalogue = Json.read(file, PathCatalogue.class);
    } catch (NullPointerException e) {
      throw new UserInputException(file + ": is no catalogue of paths: a list is missing", e);
    }
    if (!"banyan.paths".equals(catalogue.format) || !"1.0".equals(catalogue.version)) {
      throw new UserInputException(
          "%s: format is %s %s, expected banyan.paths 1.0 (banyan cluster probe writes it)"
              .formatted(file, catalogue.format, catalogue.version));
    }
    return catalogue;
  }

  /** Writes it, atomically. */
  public void write(Path file) throws IOException {
    Json.write(file, this);
  }
}

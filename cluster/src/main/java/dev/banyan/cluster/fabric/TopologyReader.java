package dev.banyan.cluster.fabric;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.Topology.Ecmp;
import dev.banyan.cluster.Topology.Shape;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code topology.yaml}: {@code version, planes, leavesPerPlane, spinesPerPlane,
 * linksPerLeafSpine, linkGbps, portGbps, nvlinkGbps, nodes {count, nicsPerNode, leafOf}, ecmp
 * {seed, sameSeed}, failed [names]}, or {@code links [{from, to, gbps}]} in place of sizes and
 * rate.
 */
public final class TopologyReader {
  private static final Pattern END = Pattern.compile("(?:p(\\d{1,4})/)?(leaf|spine)(\\d{1,6})");
  private static final long MOST_LINKS = 16_000_000;

  private TopologyReader() {}

  /**
   * @throws UserInputException when the file is no topology
   */
  public static Topology read(Path file) {
    Yaml yaml = Yaml.read(file);
    return topology(yaml, file.toAbsolutePath().resolveSibling(""));
  }

  /** The same from text; {@code leafOf} files are looked for in a folder. */
  public static Topology parse(String name, String text, Path folder) {
    return topology(Yaml.parse(name, text), folder);
  }

  private record Sizes(int planes, int leaves, int spines, int lanes) {
    long links() {
      return (long) planes * leaves * spines * lanes;
    }
  }

  /** One explicit link, its ends as numbers. */
  private record Link(String where, int plane, int leaf, int spine, double gbps) {}

  private static Topology topology(Yaml yaml, Path folder) {
    yaml.only(
        "version",
        "planes",
        "leavesPerPlane",
        "spinesPerPlane",
        "linksPerLeafSpine",
        "linkGbps",
        "portGbps",
        "nvlinkGbps",
        "nodes",
        "ecmp",
        "failed",
        "links");
    yaml.whole("version", 1, 1, 1);
    List<Link> explicit =
        yaml.has("links")
            ? yaml.mappings("links").stream().map(TopologyReader::link).toList()
            : List.of();
    if (yaml.has("links") && explicit.isEmpty()) {
      throw new UserInputException(yaml.where() + ": 'links' is empty, so there is no path");
    }
    Sizes sizes = explicit.isEmpty() ? sizes(yaml) : sizes(yaml, explicit);
    if (sizes.links() > MOST_LINKS) {
      throw new UserInputException(
          "%s: makes %,d links; at most %,d can be planned"
              .formatted(yaml.where(), sizes.links(), MOST_LINKS));
    }
    double port = yaml.positive("portGbps");
    var shape =
        new Shape(
            sizes.planes,
            sizes.leaves,
            sizes.spines,
            sizes.lanes,
            port,
            yaml.positive("nvlinkGbps", sizes.planes * port));
    double[] gbps = new double[(int) sizes.links()];
    if (explicit.isEmpty()) {
      Arrays.fill(gbps, yaml.positive("linkGbps"));
    } else {
      place(explicit, sizes, gbps);
    }
    Yaml nodes = yaml.mapping("nodes").only("count", "nicsPerNode", "leafOf");
    int count = (int) nodes.whole("count", 1, 1_000_000);
    int nics = nodes.whole("nicsPerNode", 1, 64, 1);
    int[] leafOf = leafOf(nodes, count, nics, shape.leaves(), folder);
    Topology topology = new Topology(shape, nics, leafOf, gbps, ecmp(yaml));
    try {
      return topology.withFailed(yaml.texts("failed"));
    } catch (UserInputException e) {
      throw new UserInputException(yaml.where() + ": failed: " + e.getMessage(), e);
    }
  }

  private static Ecmp ecmp(Yaml yaml) {
    if (!yaml.has("ecmp")) {
      return new Ecmp(1, false);
    }
    Yaml ecmp = yaml.mapping("ecmp").only("seed", "sameSeed");
    long seed = ecmp.has("seed") ? ecmp.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE) : 1;
    return new Ecmp(seed, ecmp.flag("sameSeed", false));
  }

  private static Sizes sizes(Yaml yaml) {
    return new Sizes(
        yaml.whole("planes", 1, 64, 1),
        (int) yaml.whole("leavesPerPlane", 1, 65_536),
        (int) yaml.whole("spinesPerPlane", 1, 65_536),
        yaml.whole("linksPerLeafSpine", 1, 1024, 1));
  }

  /** Sizes as large as the links need, or as the file says. */
  private static Sizes sizes(Yaml yaml, List<Link> links) {
    int planes = 1 + links.stream().mapToInt(Link::plane).max().orElse(0);
    int leaves = 1 + links.stream().mapToInt(Link::leaf).max().orElse(0);
    int spines = 1 + links.stream().mapToInt(Link::spine).max().orElse(0);
    return new Sizes(
        yaml.whole("planes", planes, 64, planes),
        yaml.whole("leavesPerPlane", leaves, 65_536, leaves),
        yaml.whole("spinesPerPlane", spines, 65_536, spines),
        yaml.whole("linksPerLeafSpine", 1, 1, 1));
  }

  private static Link link(Yaml yaml) {
    yaml.only("from", "to", "gbps");
    Matcher from = end(yaml, "from");
    Matcher to = end(yaml, "to");
    if (from.group(2).equals(to.group(2))) {
      throw new UserInputException(
          "%s: %s to %s is no link between a leaf and a spine"
              .formatted(yaml.where(), yaml.text("from"), yaml.text("to")));
    }
    int plane = from.group(1) == null ? 0 : Integer.parseInt(from.group(1));
    int other = to.group(1) == null ? 0 : Integer.parseInt(to.group(1));
    if (plane != other) {
      throw new UserInputException(
          "%s: %s to %s leaves its plane"
              .formatted(yaml.where(), yaml.text("from"), yaml.text("to")));
    }
    boolean leafFirst = from.group(2).equals("leaf");
    return new Link(
        yaml.where(),
        plane,
        Integer.parseInt((leafFirst ? from : to).group(3)),
        Integer.parseInt((leafFirst ? to : from).group(3)),
        yaml.positive("gbps"));
  }

  private static Matcher end(Yaml yaml, String key) {
    Matcher match = END.matcher(yaml.text(key));
    if (!match.matches()) {
      throw new UserInputException(
          "%s: '%s' is %s, expected a name such as p0/leaf3 or p0/spine5"
              .formatted(yaml.where(), key, yaml.text(key)));
    }
    return match;
  }

  private static void place(List<Link> links, Sizes sizes, double[] gbps) {
    Map<Integer, String> taken = new HashMap<>();
    for (Link link : links) {
      int at = (link.plane * sizes.leaves + link.leaf) * sizes.spines + link.spine;
      String before = taken.putIfAbsent(at, link.where);
      if (before != null) {
        throw new UserInputException(
            "%s: p%d/leaf%d-spine%d is there twice, first in %s"
                .formatted(
                    link.where,
                    link.plane,
                    link.leaf,
                    link.spine,
                    before.substring(before.lastIndexOf("links["))));
      }
      gbps[at] = link.gbps;
    }
  }

  private static int[] leafOf(Yaml nodes, int count, int nics, int leaves, Path folder) {
    String how = nodes.text("leafOf", "block");
    int[] leafOf = new int[count * nics];
    if (how.equals("block")) {
      int perLeaf = (count + leaves - 1) / leaves;
      for (int nic = 0; nic < leafOf.length; nic++) {
        leafOf[nic] = nic / nics / perLeaf;
      }
      return leafOf;
    }
    if (how.equals("rail")) {
      if (leaves % nics != 0) {
        throw new UserInputException(
            "%s: leafOf rail needs leaves in multiples of nicsPerNode: %d leaves, %d NICs"
                .formatted(nodes.where(), leaves, nics));
      }
      // Rail k of a block of nodes is one leaf; there are leaves / nics blocks.
      int blocks = leaves / nics;
      int perBlock = (count + blocks - 1) / blocks;
      for (int nic = 0; nic < leafOf.length; nic++) {
        leafOf[nic] = nic / nics / perBlock * nics + nic % nics;
      }
      return leafOf;
    }
    return fromFile(folder.resolve(how), count, nics, leaves);
  }

  /** Lines {@code node,nic,leaf}; a heading is passed over. */
  private static int[] fromFile(Path file, int count, int nics, int leaves) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new UserInputException(
          file + ": there is no such file; leafOf is block, rail or a CSV of node,nic,leaf", e);
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
    int[] leafOf = new int[count * nics];
    Arrays.fill(leafOf, -1);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || (i == 0 && Character.isLetter(line.charAt(0)))) {
        continue;
      }
      String[] cells = line.split("\\s*,\\s*");
      int[] row = new int[3];
      boolean good = cells.length == 3;
      for (int c = 0; c < 3 && good; c++) {
        good = cells[c].matches("\\d{1,7}");
        row[c] = good ? Integer.parseInt(cells[c]) : 0;
      }
      if (!good || row[0] >= count || row[1] >= nics || row[2] >= leaves) {
        throw new UserInputException(
            "%s:%d: '%s', expected node,nic,leaf with nodes below %d, NICs below %d, leaves below %d"
                .formatted(file, i + 1, line, count, nics, leaves));
      }
      leafOf[row[0] * nics + row[1]] = row[2];
    }
    for (int nic = 0; nic < leafOf.length; nic++) {
      if (leafOf[nic] < 0) {
        throw new UserInputException(
            "%s: has no line for NIC %d of node %d".formatted(file, nic % nics, nic / nics));
      }
    }
    return leafOf;
  }
}

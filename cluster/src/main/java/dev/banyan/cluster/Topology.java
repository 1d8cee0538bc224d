package dev.banyan.cluster;

import dev.banyan.core.UserInputException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A leaf–spine fabric. Every NIC has one port in each plane, on the leaf of the same number; in a
 * plane every leaf has {@code lanes} links to every spine. A <em>path</em> of a plane is a spine
 * and a lane, numbered {@code spine × lanes + lane}. Links carry their rate in both directions.
 * Immutable.
 */
public final class Topology {
  private static final Pattern LINK =
      Pattern.compile("p(\\d{1,4})/leaf(\\d{1,6})-spine(\\d{1,6})(?:#(\\d{1,4}))?");

  /** Sizes and rates that hold for all of a fabric. */
  public record Shape(
      int planes, int leaves, int spines, int lanes, double portGbps, double nvlinkGbps) {
    public Shape {
      if (planes < 1 || leaves < 1 || spines < 1 || lanes < 1) {
        throw new UserInputException(
            "a fabric has %d planes of %d leaves and %d spines with %d links between: all must be at least 1"
                .formatted(planes, leaves, spines, lanes));
      }
      if (!(portGbps > 0) || !(nvlinkGbps > 0)) {
        throw new UserInputException(
            "portGbps is %s and nvlinkGbps is %s: both must be more than 0"
                .formatted(portGbps, nvlinkGbps));
      }
    }

    /** Spines times lanes. */
    public int paths() {
      return spines * lanes;
    }
  }

  /** How the switches hash: every switch by its own seed, or all by one. */
  public record Ecmp(long seed, boolean sameSeed) {}

  private final Shape shape;
  private final int nicsPerNode;
  private final int[] leafOf;
  private final double[] gbps;
  private final Ecmp ecmp;

  /**
   * @param nicsPerNode NICs of one node; NIC n belongs to node n / nicsPerNode
   * @param leafOf the leaf of every NIC, the same in every plane
   * @param gbps rate of every link, [plane, leaf, path]; 0 where there is none
   */
  public Topology(Shape shape, int nicsPerNode, int[] leafOf, double[] gbps, Ecmp ecmp) {
    if (gbps.length != shape.planes() * shape.leaves() * shape.paths()) {
      throw new IllegalArgumentException(gbps.length + " rates for " + shape);
    }
    if (nicsPerNode < 1 || leafOf.length == 0 || leafOf.length % nicsPerNode != 0) {
      throw new UserInputException(
          leafOf.length + " NICs are no whole number of nodes with " + nicsPerNode + " each");
    }
    for (int leaf : leafOf) {
      if (leaf < 0 || leaf >= shape.leaves()) {
        throw new UserInputException(
            "a NIC is on leaf " + leaf + ", the fabric has leaves 0 to " + (shape.leaves() - 1));
      }
    }
    this.shape = shape;
    this.nicsPerNode = nicsPerNode;
    this.leafOf = leafOf.clone();
    this.gbps = gbps.clone();
    this.ecmp = ecmp;
  }

  /**
   * A fabric with equal links, nodes filling one leaf after the other.
   *
   * @param nodes as many on every leaf as fit, rounded up
   */
  public static Topology uniform(Shape shape, double linkGbps, int nodes, int nicsPerNode) {
    int perLeaf = (nodes + shape.leaves() - 1) / shape.leaves();
    int[] leafOf = new int[nodes * nicsPerNode];
    for (int nic = 0; nic < leafOf.length; nic++) {
      leafOf[nic] = nic / nicsPerNode / perLeaf;
    }
    double[] gbps = new double[shape.planes() * shape.leaves() * shape.paths()];
    Arrays.fill(gbps, linkGbps);
    return new Topology(shape, nicsPerNode, leafOf, gbps, new Ecmp(1, false));
  }

  public Shape shape() {
    return shape;
  }

  public int planes() {
    return shape.planes();
  }

  public int leaves() {
    return shape.leaves();
  }

  /** Paths of a plane: spines times lanes. */
  public int paths() {
    return shape.paths();
  }

  public int nicsPerNode() {
    return nicsPerNode;
  }

  public int nics() {
    return leafOf.length;
  }

  public int nodes() {
    return leafOf.length / nicsPerNode;
  }

  /** The leaf, in every plane, of a NIC. */
  public int leafOf(int nic) {
    return leafOf[nic];
  }

  public Ecmp ecmp() {
    return ecmp;
  }

  /** The rate of a link in each direction; 0 when it is down. */
  public double gbps(int plane, int leaf, int path) {
    return gbps[index(plane, leaf, path)];
  }

  /** Whether a path of a plane can be taken from one leaf to another. */
  public boolean open(int plane, int from, int to, int path) {
    return gbps(plane, from, path) > 0 && gbps(plane, to, path) > 0;
  }

  /** Where a link stands in [plane, leaf, path]. */
  public int index(int plane, int leaf, int path) {
    return (plane * shape.leaves() + leaf) * shape.paths() + path;
  }

  /** How many links there are, up or down. */
  public int links() {
    return gbps.length;
  }

  /**
   * A link's name, for example {@code p0/leaf3-spine5}, with {@code #lane} where there are more.
   */
  public String name(int index) {
    int path = index % shape.paths();
    int leaf = index / shape.paths();
    String name =
        "p%d/leaf%d-spine%d"
            .formatted(leaf / shape.leaves(), leaf % shape.leaves(), path / shape.lanes());
    return shape.lanes() == 1 ? name : name + "#" + path % shape.lanes();
  }

  /**
   * The links of a name: one, or all lanes when it names none.
   *
   * @throws UserInputException when it names no link of this fabric
   */
  public int[] links(String name) {
    Matcher match = LINK.matcher(name.strip());
    if (!match.matches()) {
      throw new UserInputException(
          "'" + name + "' names no link; expected a name such as p0/leaf3-spine5");
    }
    int plane = Integer.parseInt(match.group(1));
    int leaf = Integer.parseInt(match.group(2));
    int spine = Integer.parseInt(match.group(3));
    int lane = match.group(4) == null ? -1 : Integer.parseInt(match.group(4));
    if (plane >= shape.planes()
        || leaf >= shape.leaves()
        || spine >= shape.spines()
        || lane >= shape.lanes()) {
      throw new UserInputException(
          "'%s' is not in a fabric of %d planes, %d leaves, %d spines and %d lanes (all count from 0)"
              .formatted(name, shape.planes(), shape.leaves(), shape.spines(), shape.lanes()));
    }
    if (lane >= 0) {
      return new int[] {index(plane, leaf, spine * shape.lanes() + lane)};
    }
    int[] all = new int[shape.lanes()];
    for (int i = 0; i < all.length; i++) {
      all[i] = index(plane, leaf, spine * shape.lanes() + i);
    }
    return all;
  }

  /** This fabric with links down, in both directions. */
  public Topology withFailed(List<String> names) {
    double[] left = gbps.clone();
    for (String name : names) {
      for (int link : links(name)) {
        left[link] = 0;
      }
    }
    return new Topology(shape, nicsPerNode, leafOf, left, ecmp);
  }

  /** This fabric with switches that hash otherwise. */
  public Topology withEcmp(Ecmp other) {
    return new Topology(shape, nicsPerNode, leafOf, gbps, other);
  }
}

package dev.banyan.cluster;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which host each rank runs on, and what stands ready.
 *
 * @param slots host label by rank
 * @param spares host labels of the spares, in the order they are taken
 */
public record Placement(List<String> slots, List<String> spares) {
  public Placement {
    slots = List.copyOf(slots);
    spares = List.copyOf(spares);
    if (slots.isEmpty()) {
      throw new IllegalArgumentException("a placement needs at least one rank");
    }
  }

  /**
   * Ranks and spares on these hosts in turn; without hosts every slot and spare is a host of its
   * own.
   */
  public static Placement of(int ranks, int spares, List<String> hosts) {
    List<String> labels =
        java.util.stream.IntStream.range(0, ranks + spares)
            .mapToObj(
                at ->
                    !hosts.isEmpty()
                        ? hosts.get(at % hosts.size())
                        : at < ranks ? "slot-" + at : "spare-" + (at - ranks))
            .toList();
    return new Placement(labels.subList(0, ranks), labels.subList(ranks, ranks + spares));
  }

  /** Every host label, once. */
  public Set<String> hosts() {
    Set<String> hosts = new HashSet<>(slots);
    hosts.addAll(spares);
    return hosts;
  }

  /** The ranks on any of these hosts. */
  public List<Integer> ranksOn(Set<String> hosts) {
    return java.util.stream.IntStream.range(0, slots.size())
        .filter(rank -> hosts.contains(slots.get(rank)))
        .boxed()
        .toList();
  }
}

package dev.banyan.world.graph;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Names for what stands outside the graph: protein families. */
public final class NameSource {
  private NameSource() {}

  /** Distinct names of protein families. */
  public static List<String> families(Seed seed, int count) {
    NameForge forge = new NameForge(seed.stream("family names"), new HashSet<>());
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(forge.next(NameForge.Style.FAMILY));
    }
    return names;
  }
}

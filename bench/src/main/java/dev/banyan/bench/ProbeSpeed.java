package dev.banyan.bench;

import dev.banyan.cluster.FabricProbe;
import dev.banyan.cluster.FabricProbe.Request;
import dev.banyan.cluster.NamespaceFabric;
import dev.banyan.cluster.PathCatalogue.Port;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** Mapping source ports to spines on a fabric of namespaces, before and after a link fails. */
public final class ProbeSpeed {
  private ProbeSpeed() {}

  /**
   * What was measured.
   *
   * @param found spines that some port reached
   * @param firstSeconds the first time, nothing compiled yet
   * @param seconds median of five more
   * @param usedDead ports whose path had the link that then failed
   * @param moved ports with another path after that
   */
  public record Outcome(
      int spines,
      int ports,
      int answered,
      int found,
      double firstSeconds,
      double seconds,
      boolean same,
      int usedDead,
      int moved) {}

  /** Measures one leaf pair; takes root. */
  public static Outcome measure(int spines) throws InterruptedException {
    try (NamespaceFabric fabric = NamespaceFabric.open(2, spines, 1, 0)) {
      int ports = FabricProbe.portsFor(spines);
      var request = Request.udp(fabric.address(0), fabric.address(1), 20_000, ports);
      List<Double> seconds = new ArrayList<>();
      Map<Integer, Integer> first = Map.of();
      boolean same = true;
      for (int i = 0; i < 6; i++) {
        long start = System.nanoTime();
        Map<Integer, Integer> now = probe(fabric, request);
        seconds.add((System.nanoTime() - start) / 1e9);
        first = i == 0 ? now : first;
        same &= now.equals(first);
      }
      fabric.fail(List.of("p0/leaf0-spine1"));
      Map<Integer, Integer> after = probe(fabric, request);
      int usedDead = 0;
      int moved = 0;
      for (Map.Entry<Integer, Integer> entry : first.entrySet()) {
        usedDead += entry.getValue() == 1 ? 1 : 0;
        moved += entry.getValue().equals(after.get(entry.getKey())) ? 0 : 1;
      }
      double[] others = seconds.subList(1, 6).stream().mapToDouble(s -> s).sorted().toArray();
      return new Outcome(
          spines,
          ports,
          first.size(),
          (int) first.values().stream().distinct().count(),
          seconds.getFirst(),
          others[others.length / 2],
          same,
          usedDead,
          moved);
    }
  }

  private static Map<Integer, Integer> probe(NamespaceFabric fabric, Request request)
      throws InterruptedException {
    List<Port> ports;
    try {
      ports =
          FabricProbe.inNamespace(fabric.host(0), () -> FabricProbe.probe(request, fabric.paths()))
              .get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("probing failed", e);
    }
    Map<Integer, Integer> map = new HashMap<>();
    ports.forEach(port -> map.put(port.port(), port.path()));
    return map;
  }
}

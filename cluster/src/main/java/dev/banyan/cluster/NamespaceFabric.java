package dev.banyan.cluster;

import dev.banyan.cluster.probe.Namespaces;
import dev.banyan.core.MissingThingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A small leaf–spine fabric of Linux network namespaces on this machine, to try probes and plans
 * on: the kernel routes between them and hashes flows over the spines by their ports (layer 4), as
 * switches do. Takes root and iproute2. Host {@code h} of leaf {@code l} has the address {@code
 * 10.(100 + l).h.2}; spine {@code s} answers leaf {@code l} as {@code 10.(10 + l).s.2}. Closing it
 * removes the namespaces.
 */
public final class NamespaceFabric implements AutoCloseable {
  private final String prefix;
  private final int leaves;
  private final int spines;
  private final int hostsPerLeaf;
  private final List<String> names = new ArrayList<>();

  private NamespaceFabric(String prefix, int leaves, int spines, int hostsPerLeaf) {
    this.prefix = prefix;
    this.leaves = leaves;
    this.spines = spines;
    this.hostsPerLeaf = hostsPerLeaf;
  }

  /** Whether this machine can make one. */
  public static boolean possible() {
    return "root".equals(System.getProperty("user.name"))
        && (Files.isExecutable(Path.of("/sbin/ip")) || Files.isExecutable(Path.of("/bin/ip")))
        && Files.isDirectory(Path.of("/run"));
  }

  /**
   * Builds one.
   *
   * @param uplinkMbit rate of each link between leaf and spine, in both directions (a token
   *     bucket); 0 for no limit
   * @throws MissingThingException when the machine lacks what it takes
   */
  public static NamespaceFabric open(int leaves, int spines, int hostsPerLeaf, double uplinkMbit) {
    return open(leaves, spines, hostsPerLeaf, uplinkMbit, "");
  }

  /**
   * The same beside another fabric of this process.
   *
   * @param mark letters that tell the namespaces of the two apart
   */
  static NamespaceFabric open(
      int leaves, int spines, int hostsPerLeaf, double uplinkMbit, String mark) {
    if (leaves > 100 || spines > 250 || hostsPerLeaf > 250) {
      throw new IllegalArgumentException("a fabric of namespaces has at most 100 × 250 × 250");
    }
    if (!possible()) {
      throw new MissingThingException(
          "a fabric of network namespaces takes root and iproute2 (apt-get install iproute2)");
    }
    String prefix = "bf" + Long.toString(ProcessHandle.current().pid() % 46_656, 36) + mark;
    var fabric = new NamespaceFabric(prefix, leaves, spines, hostsPerLeaf);
    try {
      fabric.build(uplinkMbit);
      return fabric;
    } catch (RuntimeException e) {
      fabric.close();
      throw e;
    }
  }

  public String leaf(int leaf) {
    return prefix + "l" + leaf;
  }

  public String spine(int spine) {
    return prefix + "s" + spine;
  }

  /** The namespace of a host, counted over all leaves. */
  public String host(int host) {
    return prefix + "h" + host;
  }

  /** The address of a host, counted over all leaves. */
  public String address(int host) {
    return "10." + (100 + host / hostsPerLeaf) + "." + host % hostsPerLeaf + ".2";
  }

  /** Which spine every address of a spine belongs to. */
  public Map<String, Integer> paths() {
    Map<String, Integer> paths = new HashMap<>();
    for (int leaf = 0; leaf < leaves; leaf++) {
      for (int spine = 0; spine < spines; spine++) {
        paths.put("10." + (10 + leaf) + "." + spine + ".2", spine);
      }
    }
    return paths;
  }

  private void build(double uplinkMbit) {
    for (int leaf = 0; leaf < leaves; leaf++) {
      add(leaf(leaf));
    }
    for (int spine = 0; spine < spines; spine++) {
      add(spine(spine));
    }
    for (int host = 0; host < leaves * hostsPerLeaf; host++) {
      add(host(host));
    }
    List<String> links = new ArrayList<>();
    Map<String, List<String>> inside = new HashMap<>();
    names.forEach(name -> inside.put(name, new ArrayList<>(List.of("link set lo up"))));
    for (int leaf = 0; leaf < leaves; leaf++) {
      for (int spine = 0; spine < spines; spine++) {
        String net = "10." + (10 + leaf) + "." + spine + ".";
        cable(
            links,
            inside,
            leaf(leaf),
            "up" + spine,
            net + "1/30",
            spine(spine),
            "dn" + leaf,
            net + "2/30");
      }
      for (int h = 0; h < hostsPerLeaf; h++) {
        String net = "10." + (100 + leaf) + "." + h + ".";
        int host = leaf * hostsPerLeaf + h;
        cable(links, inside, leaf(leaf), "h" + h, net + "1/30", host(host), "eth0", net + "2/30");
        commands(inside, host(host)).add("route add default via " + net + "1");
      }
    }
    for (int leaf = 0; leaf < leaves; leaf++) {
      for (int spine = 0; spine < spines; spine++) {
        commands(inside, spine(spine))
            .add("route add 10.%d.0.0/16 via 10.%d.%d.1".formatted(100 + leaf, 10 + leaf, spine));
      }
      for (int other = 0; other < leaves; other++) {
        if (other != leaf) {
          commands(inside, leaf(leaf)).add(route("add", leaf, other, new boolean[leaves * spines]));
        }
      }
    }
    batch(List.of("ip"), links);
    for (String name : names) {
      switchOn(name);
      batch(List.of("ip", "-n", name), commands(inside, name));
    }
    if (uplinkMbit > 0) {
      limit(uplinkMbit);
    }
    names.forEach(NamespaceFabric::awaitLinks);
  }

  /**
   * A new link drops packets until the kernel has noticed its carrier, seconds on a busy machine.
   */
  private static void awaitLinks(String name) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (System.nanoTime() < end) {
      String links = run(List.of("ip", "-n", name, "-br", "link"), "");
      if (links.lines().allMatch(line -> line.startsWith("lo ") || line.contains(" UP "))) {
        return;
      }
      LockSupport.parkNanos(20_000_000);
    }
    throw new MissingThingException("links of the namespace " + name + " do not come up");
  }

  private void add(String name) {
    run(List.of("ip", "netns", "add", name), "");
    names.add(name);
  }

  @SuppressWarnings("TooManyParameters")
  private static void cable(
      List<String> links,
      Map<String, List<String>> inside,
      String a,
      String aPort,
      String aAddress,
      String b,
      String bPort,
      String bAddress) {
    links.add("link add %s netns %s type veth peer name %s netns %s".formatted(aPort, a, bPort, b));
    commands(inside, a).add("addr add " + aAddress + " dev " + aPort);
    commands(inside, a).add("link set " + aPort + " up");
    commands(inside, b).add("addr add " + bAddress + " dev " + bPort);
    commands(inside, b).add("link set " + bPort + " up");
  }

  private String route(String verb, int from, int to, boolean[] down) {
    var line = new StringBuilder("route " + verb + " 10." + (100 + to) + ".0.0/16");
    for (int spine = 0; spine < spines; spine++) {
      if (!down[from * spines + spine] && !down[to * spines + spine]) {
        line.append(" nexthop via 10.%d.%d.2".formatted(10 + from, spine));
      }
    }
    return line.toString();
  }

  /** Forwarding, layer-4 hashing, and answers to every probe. */
  private static void switchOn(String name) {
    Map<String, String> settings =
        Map.of(
            "ip_forward", "1",
            // Addresses, protocol and ports out of the packet itself, as a switch sees it: policy 1
            // would take the hash the sender's socket left beside the packet, which is random.
            "fib_multipath_hash_policy", "3",
            "fib_multipath_hash_fields", "55",
            "icmp_ratelimit", "0",
            "conf/all/rp_filter", "0",
            "conf/default/rp_filter", "0",
            "tcp_congestion_control", "cubic");
    Namespaces.run(
        "/run/netns/" + name,
        () -> {
          settings.forEach((key, value) -> set("/proc/sys/net/ipv4/" + key, value));
          set("/proc/sys/net/ipv4/icmp_msgs_per_sec", "1000000");
          set("/proc/sys/net/ipv4/icmp_msgs_burst", "100000");
          return true;
        });
  }

  /** What a kernel does not have stays as it is. */
  private static void set(String file, String value) {
    try {
      Files.writeString(Path.of(file), value);
    } catch (IOException e) {
      // an older kernel keeps this setting elsewhere, or has none
    }
  }

  private void limit(double mbit) {
    for (int leaf = 0; leaf < leaves; leaf++) {
      for (int spine = 0; spine < spines; spine++) {
        shape(leaf(leaf), "up" + spine, mbit);
        shape(spine(spine), "dn" + leaf, mbit);
      }
    }
  }

  private static void shape(String name, String port, double mbit) {
    run(
        List.of(
            "tc",
            "-n",
            name,
            "qdisc",
            "replace",
            "dev",
            port,
            "root",
            "tbf",
            "rate",
            mbit + "mbit",
            "burst",
            "32kb",
            "latency",
            "60ms"),
        "");
  }

  /** Takes links between leaves and spines down; every leaf routes around them. */
  public void fail(List<String> linkNames) {
    boolean[] down = new boolean[leaves * spines];
    Topology shape =
        Topology.uniform(
            new Topology.Shape(1, leaves, spines, 1, 1, 1), 1, leaves * hostsPerLeaf, 1);
    for (String name : linkNames) {
      for (int link : shape.links(name)) {
        down[link] = true;
        String port = "up" + link % spines;
        run(List.of("ip", "-n", leaf(link / spines), "link", "set", port, "down"), "");
      }
    }
    for (int leaf = 0; leaf < leaves; leaf++) {
      for (int other = 0; other < leaves; other++) {
        if (other != leaf) {
          batch(List.of("ip", "-n", leaf(leaf)), List.of(route("replace", leaf, other, down)));
        }
      }
    }
  }

  @Override
  public void close() {
    for (String name : names) {
      try {
        run(List.of("ip", "netns", "del", name), "");
      } catch (MissingThingException e) {
        // one that is gone already; the others still have to go
      }
    }
    names.clear();
  }

  private static void batch(List<String> command, List<String> lines) {
    List<String> all = new ArrayList<>(command);
    all.add("-batch");
    all.add("-");
    run(all, String.join("\n", lines) + "\n");
  }

  private static String run(List<String> command, String input) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (var to = process.getOutputStream()) {
        to.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new MissingThingException(
            String.join(" ", command) + " failed: " + said.strip().lines().findFirst().orElse(""));
      }
      return said;
    } catch (IOException e) {
      throw new MissingThingException(
          "cannot run " + command.getFirst() + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MissingThingException("interrupted while running " + command.getFirst(), e);
    }
  }

  private static List<String> commands(Map<String, List<String>> inside, String name) {
    return java.util.Objects.requireNonNull(inside.get(name), name);
  }
}

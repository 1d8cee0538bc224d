package dev.banyan.cluster.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One network namespace per rank, each with one port ({@code eth0}) on a bridge that stands in a
 * namespace of its own, so that nothing of the machine's network is touched. Slow paths are token
 * buckets and class queues, silent ones blackhole routes; all rates are small against what two
 * cores move through a bridge.
 */
final class Namespaces implements Place {
  private static final String RATE = "20mbit";
  private static final String BURST = "16k";

  /** Deep, so that a slow path delays and does not drop. */
  private static final String LIMIT = "8m";

  private static final int PORT = 7000;

  private final Owner owner;
  private final int lane;
  private final int ranks;
  private int runs;

  private Namespaces(Owner owner, int lane, int ranks) {
    this.owner = owner;
    this.lane = lane;
    this.ranks = ranks;
  }

  /** Builds the namespaces of a lane. */
  static Namespaces build(int lane, int ranks) throws IOException {
    var place = new Namespaces(Owner.self(), lane, ranks);
    try {
      place.create();
      return place;
    } catch (IOException e) {
      place.close();
      throw e;
    }
  }

  private void create() throws IOException {
    var links = new StringBuilder("netns add " + bridge() + "\n");
    var ports = new StringBuilder("link add br0 type bridge\nlink set br0 up\n");
    for (int rank = 0; rank < ranks; rank++) {
      links.append("netns add ").append(name(rank)).append('\n');
    }
    for (int rank = 0; rank < ranks; rank++) {
      links.append(
          "link add eth0 netns %s type veth peer name p%d netns %s%n"
              .formatted(name(rank), rank, bridge()));
      ports.append("link set p%d master br0 up%n".formatted(rank));
    }
    Shell.feed(links.toString(), "ip", "-batch", "-");
    Shell.feed(ports.toString(), "ip", "-n", bridge(), "-batch", "-");
    for (int rank = 0; rank < ranks; rank++) {
      Shell.feed(
          "address add %s/24 dev eth0%nlink set eth0 up%nlink set lo up%n".formatted(host(rank)),
          "ip",
          "-n",
          name(rank),
          "-batch",
          "-");
    }
  }

  private String bridge() {
    return owner.name(lane + "-bridge");
  }

  private String name(int rank) {
    return owner.name(lane + "-rank" + rank);
  }

  private String host(int rank) {
    return "10.77.%d.%d".formatted(lane % 250, rank + 1);
  }

  /** A fresh port for every run: connections of the last one may still linger. */
  @Override
  public List<String> addresses() {
    int port = PORT + runs++ % 2000;
    List<String> addresses = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      addresses.add(host(rank) + ":" + port);
    }
    return addresses;
  }

  @Override
  public List<String> prefix(int rank) {
    return List.of("ip", "netns", "exec", name(rank));
  }

  @Override
  public void slowSending(int rank) throws IOException {
    tokenBucket(name(rank), "eth0");
  }

  @Override
  public void slowReceiving(int rank) throws IOException {
    tokenBucket(bridge(), "p" + rank);
  }

  private static void tokenBucket(String namespace, String device) throws IOException {
    Shell.run(
        words(
            "tc -n %s qdisc add dev %s root tbf rate %s burst %s limit %s"
                .formatted(namespace, device, RATE, BURST, LIMIT)));
  }

  @Override
  public void slowLink(int rank, int peer) throws IOException {
    Shell.feed(
        """
        qdisc add dev eth0 root handle 1: htb default 10
        class add dev eth0 parent 1: classid 1:10 htb rate 10gbit quantum 60000
        class add dev eth0 parent 1: classid 1:20 htb rate %s burst %s quantum 3000
        filter add dev eth0 parent 1: protocol ip u32 match ip dst %s/32 flowid 1:20
        """
            .formatted(RATE, BURST, host(peer)),
        "tc",
        "-n",
        name(rank),
        "-batch",
        "-");
  }

  @Override
  public void blackhole(int rank, int peer) throws IOException {
    Shell.run(words("ip -n %s route add blackhole %s/32".formatted(name(rank), host(peer))));
  }

  @Override
  public void portDown(int rank) throws IOException {
    Shell.run(words("ip -n %s link set p%d down".formatted(bridge(), rank)));
  }

  /** Takes away queues and routes, whichever are there, and brings every port up. */
  @Override
  public void restore() throws IOException {
    List<String[]> commands = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      commands.add(words("tc -n %s qdisc del dev eth0 root".formatted(name(rank))));
      commands.add(words("tc -n %s qdisc del dev p%d root".formatted(bridge(), rank)));
      commands.add(words("ip -n %s route flush type blackhole".formatted(name(rank))));
      commands.add(words("ip -n %s link set p%d up".formatted(bridge(), rank)));
    }
    Shell.attempt(commands);
  }

  private static String[] words(String command) {
    return command.split(" ");
  }

  @Override
  public void close() {
    for (int rank = 0; rank < ranks; rank++) {
      Leftovers.remove(name(rank));
    }
    Leftovers.remove(bridge());
  }
}

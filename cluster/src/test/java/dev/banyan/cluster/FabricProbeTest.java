package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banyan.cluster.FabricProbe.Request;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a fabric of namespaces; without root or iproute2 only what needs neither. */
class FabricProbeTest {
  private static final int SPINES = 4;

  @SuppressWarnings("NullAway.Init") // null where no fabric can be made; those tests are skipped
  private static NamespaceFabric fabric;

  @BeforeAll
  static void build() {
    if (NamespaceFabric.possible()) {
      fabric = NamespaceFabric.open(2, SPINES, 1, 0);
    }
  }

  @AfterAll
  static void remove() {
    if (fabric != null) {
      fabric.close();
    }
  }

  /** What a probe says is held against the leaf's own count of packets on each uplink. */
  @Test
  void datagramsTakeThePathThatWasProbedForTheirPort() throws Exception {
    assumeTrue(fabric != null);
    List<PathCatalogue.Port> ports = probe("udp", 30_000, 40);
    assertThat(ports).hasSize(40);
    assertThat(ports.stream().map(PathCatalogue.Port::path).distinct()).hasSize(SPINES);
    for (PathCatalogue.Port port : ports.subList(0, 6)) {
      long[] before = uplinkPackets();
      send(port.port(), 300);
      long[] after = uplinkPackets();
      for (int spine = 0; spine < SPINES; spine++) {
        long passed = after[spine] - before[spine];
        if (spine == port.path()) {
          assertThat(passed).isGreaterThanOrEqualTo(300);
        } else {
          assertThat(passed).isLessThan(50);
        }
      }
    }
  }

  @Test
  void aRepeatedProbeSaysTheSameAndTcpIsHashedOtherwise() throws Exception {
    assumeTrue(fabric != null);
    Map<Integer, Integer> first = byPort(probe("udp", 31_000, 64));
    assertThat(byPort(probe("udp", 31_000, 64))).isEqualTo(first);
    Map<Integer, Integer> tcp = byPort(probe("tcp", 31_000, 64));
    assertThat(tcp.keySet()).isEqualTo(first.keySet());
    assertThat(tcp).isNotEqualTo(first);
  }

  @Test
  void afterAFailurePortsMoveThatNeverUsedTheDeadLink() throws Exception {
    assumeTrue(fabric != null);
    try (NamespaceFabric own = NamespaceFabric.open(2, SPINES, 1, 0, "x")) {
      Map<Integer, Integer> before = byPort(probe(own, "udp", 32_000, 200));
      own.fail(List.of("p0/leaf0-spine1"));
      Map<Integer, Integer> after = byPort(probe(own, "udp", 32_000, 200));
      assertThat(after.values()).doesNotContain(1);
      long bystanders =
          before.entrySet().stream()
              .filter(e -> e.getValue() != 1 && !e.getValue().equals(after.get(e.getKey())))
              .count();
      assertThat(bystanders).isPositive();
    }
  }

  @Test
  void whatCannotBeProbedIsRefusedInOneLine() {
    assertThatThrownBy(() -> Request.udp("0.0.0.0", "10.0.0.1", 65_000, 1000))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("do not lie between 1 and 65535");
    assertThatThrownBy(
            () ->
                FabricProbe.probe(
                    Request.udp("0.0.0.0", "no such host.invalid", 20_000, 2), Map.of()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("no address that is known here");
    assertThatThrownBy(
            () -> FabricProbe.probe(Request.udp("203.0.113.77", "127.0.0.1", 20_000, 2), Map.of()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("is it an address of this host?");
  }

  @Test
  void aMapOfHopsIsReadAndItsBadLinesAreNamed(@TempDir Path folder) throws IOException {
    Path csv = folder.resolve("hops.csv");
    Files.writeString(csv, "address,path\n10.0.0.1, 3\n");
    assertThat(FabricProbe.readPaths(csv)).isEqualTo(Map.of("10.0.0.1", 3));
    Files.writeString(csv, "10.0.0.1,3\nspine,4\n");
    assertThatThrownBy(() -> FabricProbe.readPaths(csv))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("hops.csv:2: 'spine,4'");
  }

  private static List<PathCatalogue.Port> probe(String protocol, int first, int count)
      throws Exception {
    return probe(fabric, protocol, first, count);
  }

  private static List<PathCatalogue.Port> probe(
      NamespaceFabric on, String protocol, int first, int count) throws Exception {
    var request =
        new Request(protocol, on.address(0), on.address(1), 4791, first, count, 2, 1000, 4);
    return FabricProbe.inNamespace(on.host(0), () -> FabricProbe.probe(request, on.paths())).get();
  }

  private static Map<Integer, Integer> byPort(List<PathCatalogue.Port> ports) {
    Map<Integer, Integer> map = new HashMap<>();
    ports.forEach(port -> map.put(port.port(), port.path()));
    return map;
  }

  private static void send(int port, int count) throws Exception {
    FabricProbe.inNamespace(
            fabric.host(0),
            () -> {
              var from = new InetSocketAddress(fabric.address(0), port);
              try (var socket = new DatagramSocket(from)) {
                InetAddress to = InetAddress.getByName(fabric.address(1));
                for (int i = 0; i < count; i++) {
                  socket.send(new DatagramPacket(new byte[8], 8, to, 4791));
                }
              }
              return true;
            })
        .get();
  }

  private static long[] uplinkPackets() throws Exception {
    List<String> lines =
        FabricProbe.inNamespace(
                fabric.leaf(0), () -> Files.readAllLines(Path.of("/proc/thread-self/net/dev")))
            .get();
    long[] sent = new long[SPINES];
    for (String line : lines) {
      String[] cells = line.strip().split("[:\\s]+");
      if (cells[0].startsWith("up")) {
        sent[Integer.parseInt(cells[0].substring(2))] = Long.parseLong(cells[10]);
      }
    }
    return sent;
  }
}

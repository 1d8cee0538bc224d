package dev.banyan.bench;

import dev.banyan.cluster.FabricProbe;
import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.NamespaceFabric;
import dev.banyan.cluster.PathCatalogue;
import dev.banyan.cluster.PlannedFlow;
import dev.banyan.cluster.RoutePlan;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.TrafficJob;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/**
 * Rings of two hosts over a real fabric of namespaces: 2 leaves × 4 spines, 8 hosts, uplinks with a
 * token bucket, 4 rings of 2 connections in each direction. The kernel spreads connections with
 * ports drawn at random; a plan binds source ports that were probed. A ring is as fast as the last
 * of its connections.
 */
public final class SocketRings {
  /** Of an Ethernet frame of 1,514 bytes, TCP with time stamps carries 1,448. */
  public static final double PAYLOAD_SHARE = 1448 / 1514.0;

  private static final int HOSTS = 8;
  private static final int SERVER_PORT = 5001;
  private static final int CONNECTIONS = 2;

  private final NamespaceFabric fabric;
  private final int megabytes;

  private SocketRings(NamespaceFabric fabric, int megabytes) {
    this.fabric = fabric;
    this.megabytes = megabytes;
  }

  /**
   * One seed.
   *
   * @param ecmpMbit mean of the rings, payload of a host, ports drawn at random
   * @param plannedMbit the same with planned ports
   * @param probeSeconds to map the ports of all eight directions
   */
  public record Run(double ecmpMbit, double plannedMbit, double probeSeconds) {}

  /**
   * All seeds.
   *
   * @param boundMbit what no routing can pass, by certificate, headers included
   */
  public record Outcome(List<Run> runs, double boundMbit) {
    public Outcome {
      runs = List.copyOf(runs);
    }
  }

  /** Measures; takes root. */
  public static Outcome measure(
      int seeds, double uplinkMbit, int megabytes, Seed seed, Progress progress)
      throws IOException, InterruptedException {
    Topology topology = topology(uplinkMbit);
    RoutePlan plan = RoutePlanner.plan(topology, jobs());
    double bound = 1000 * RoutePlanner.certificate(plan).slowestGbps();
    List<Run> runs = new ArrayList<>();
    try (NamespaceFabric fabric = NamespaceFabric.open(2, 4, HOSTS / 2, uplinkMbit)) {
      var rings = new SocketRings(fabric, megabytes);
      for (int i = 0; i < seeds; i++) {
        RandomGenerator random = seed.stream("rings", i);
        double ecmp = rings.run(randomPorts(random));
        long start = System.nanoTime();
        PathCatalogue catalogue = rings.probe(20_000 + random.nextInt(300) * 100);
        double probing = (System.nanoTime() - start) / 1e9;
        double planned = rings.run(ports(RoutePlanner.withPorts(plan, catalogue)));
        runs.add(new Run(ecmp, planned, probing));
        progress.step(i + 1L, "%.1f and %.1f Mbit/s".formatted(ecmp, planned));
      }
    }
    return new Outcome(runs, bound);
  }

  private static Topology topology(double uplinkMbit) {
    // Hosts' own links have no limit; their leaf's share bounds them.
    var shape = new Topology.Shape(1, 2, 4, 1, 1, 1);
    return Topology.uniform(shape, uplinkMbit / 1000, HOSTS, 1);
  }

  private static JobTable jobs() {
    List<TrafficJob> jobs = new ArrayList<>();
    for (int ring = 0; ring < HOSTS / 2; ring++) {
      jobs.add(TrafficJob.allReduce("ring " + ring, List.of(ring, ring + HOSTS / 2)));
    }
    return new JobTable(CONNECTIONS, jobs);
  }

  private static int other(int host) {
    return (host + HOSTS / 2) % HOSTS;
  }

  private static int[][] randomPorts(RandomGenerator random) {
    int[][] ports = new int[HOSTS][CONNECTIONS];
    for (int[] row : ports) {
      row[0] = 32_768 + random.nextInt(14_000);
      row[1] = 47_000 + random.nextInt(13_000);
    }
    return ports;
  }

  private static int[][] ports(RoutePlan plan) {
    int[][] ports = new int[HOSTS][CONNECTIONS];
    for (PlannedFlow flow : plan.flows()) {
      Integer port = flow.udpSourcePort();
      if (port == null) {
        throw new IllegalStateException("no port for " + flow);
      }
      ports[flow.srcNic()][flow.queuePair()] = port;
    }
    return ports;
  }

  /** Ports of every host to its partner, by the first packets of TCP connections. */
  private PathCatalogue probe(int firstPort) throws InterruptedException {
    List<Future<PathCatalogue.Pair>> pairs = new ArrayList<>();
    for (int host = 0; host < HOSTS; host++) {
      int from = host;
      var request =
          FabricProbe.Request.tcp(
              fabric.address(from),
              fabric.address(other(from)),
              SERVER_PORT,
              firstPort,
              2 * FabricProbe.portsFor(4));
      pairs.add(
          FabricProbe.inNamespace(
              fabric.host(from),
              () -> FabricProbe.pair(request, from, other(from), 0, fabric.paths())));
    }
    List<PathCatalogue.Pair> found = new ArrayList<>();
    for (Future<PathCatalogue.Pair> pair : pairs) {
      found.add(get(pair));
    }
    return PathCatalogue.of("tcp", SERVER_PORT, found);
  }

  /** Mean of the rings' bus bandwidth, Mbit/s of payload out of each host. */
  private double run(int[][] ports) throws IOException, InterruptedException {
    List<ServerSocket> servers = new ArrayList<>();
    List<Socket> sockets = new ArrayList<>();
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      for (int host = 0; host < HOSTS; host++) {
        servers.add(server(host));
      }
      List<Socket> senders = new ArrayList<>();
      List<Socket> receivers = new ArrayList<>();
      for (int host = 0; host < HOSTS; host++) {
        for (int port : ports[host]) {
          senders.add(client(host, port));
          receivers.add(servers.get(other(host)).accept());
        }
      }
      sockets.addAll(senders);
      sockets.addAll(receivers);
      long start = System.nanoTime();
      List<Future<Long>> ends = new ArrayList<>();
      for (int i = 0; i < senders.size(); i++) {
        Socket sender = senders.get(i);
        Socket receiver = receivers.get(i);
        Future<?> unused = pool.submit(() -> send(sender));
        ends.add(pool.submit(() -> receive(receiver)));
      }
      double[] last = new double[HOSTS / 2];
      for (int i = 0; i < ends.size(); i++) {
        int ring = i / CONNECTIONS % (HOSTS / 2);
        last[ring] = Math.max(last[ring], (get(ends.get(i)) - start) / 1e9);
      }
      double sum = 0;
      for (double seconds : last) {
        sum += CONNECTIONS * megabytes * 8 / seconds;
      }
      return sum / last.length;
    } finally {
      for (Socket socket : sockets) {
        socket.setSoLinger(true, 0); // no TIME_WAIT, so that ports can be used again
        socket.close();
      }
      for (ServerSocket server : servers) {
        server.close();
      }
    }
  }

  private ServerSocket server(int host) throws InterruptedException {
    return get(
        FabricProbe.inNamespace(
            fabric.host(host),
            () -> {
              var server = new ServerSocket();
              server.setReuseAddress(true);
              server.bind(new InetSocketAddress(fabric.address(host), SERVER_PORT));
              return server;
            }));
  }

  private Socket client(int host, int port) throws InterruptedException {
    return get(
        FabricProbe.inNamespace(
            fabric.host(host),
            () -> {
              var socket = new Socket();
              socket.setReuseAddress(true);
              socket.bind(new InetSocketAddress(fabric.address(host), port));
              socket.connect(new InetSocketAddress(fabric.address(other(host)), SERVER_PORT), 5000);
              return socket;
            }));
  }

  private boolean send(Socket socket) throws IOException {
    byte[] block = new byte[1 << 16];
    OutputStream out = socket.getOutputStream();
    long left = megabytes * 1_000_000L;
    while (left > 0) {
      int part = (int) Math.min(left, block.length);
      out.write(block, 0, part);
      left -= part;
    }
    return true;
  }

  private long receive(Socket socket) throws IOException {
    byte[] block = new byte[1 << 16];
    InputStream in = socket.getInputStream();
    long left = megabytes * 1_000_000L;
    while (left > 0) {
      int part = in.read(block);
      if (part < 0) {
        throw new IOException("a connection ended early");
      }
      left -= part;
    }
    return System.nanoTime();
  }

  private static <T> T get(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}

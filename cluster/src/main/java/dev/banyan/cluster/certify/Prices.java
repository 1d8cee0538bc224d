package dev.banyan.cluster.certify;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Traffic;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The fluid problem behind a routing, and prices on it. Connections with the same leaves are one
 * commodity; lanes are one link; spines with equal links are one spine with so many times the rate.
 * By convexity nothing is lost. Links are numbered: up [plane, leaf, spine class], down likewise,
 * then sending and receiving port classes [class, plane].
 */
final class Prices {
  final int planes;
  final int leaves;
  final int spines;
  final int links;
  final double[] gbps;

  /** Commodities: leaves, port classes, jobs and demands. */
  final int commodities;

  final int[] from;
  final int[] to;
  final int[] send;
  final int[] receive;
  final double[] demand;

  /** Demands of a job on a commodity, as three parallel rows. */
  final int[] partJob;

  final int[] partCommodity;
  final double[] partDemand;
  final int jobs;
  final double capGbps;

  private final Topology topology;
  private final int[] classOf;
  private final int[] sendOf;
  private final int[] receiveOf;
  private final String[] sendNames;
  private final String[] receiveNames;

  Prices(Topology topology, Traffic traffic) {
    this.topology = topology;
    this.planes = topology.planes();
    this.leaves = topology.leaves();
    this.jobs = traffic.jobs;
    this.capGbps = Math.min(topology.shape().nvlinkGbps(), planes * topology.shape().portGbps());
    this.classOf = spineClasses(topology);
    this.spines = Arrays.stream(classOf).max().orElse(-1) + 1;
    int[] sendsTo = only(topology, traffic, true);
    int[] comesFrom = only(topology, traffic, false);
    Map<String, Integer> sendClasses = new LinkedHashMap<>();
    Map<String, Integer> receiveClasses = new LinkedHashMap<>();
    Map<Long, Integer> known = new HashMap<>();
    Map<Long, Integer> parts = new LinkedHashMap<>();
    int most = traffic.connections;
    int[] f = new int[most];
    int[] t = new int[most];
    int[] s = new int[most];
    int[] r = new int[most];
    double[] d = new double[most];
    double[] pd = new double[most];
    this.sendOf = new int[most];
    this.receiveOf = new int[most];
    int count = 0;
    for (int k = 0; k < most; k++) {
      int a = topology.leafOf(traffic.source[k]);
      int b = topology.leafOf(traffic.destination[k]);
      String out = name(a, sendsTo[traffic.source[k]], true);
      String in = name(b, comesFrom[traffic.destination[k]], false);
      int sendClass = sendClasses.computeIfAbsent(out, x -> sendClasses.size());
      int receiveClass = receiveClasses.computeIfAbsent(in, x -> receiveClasses.size());
      sendOf[k] = sendClass;
      receiveOf[k] = receiveClass;
      long key = (((long) sendClass << 31 | receiveClass) * leaves + a) * leaves + b;
      Integer at = known.get(key);
      if (at == null) {
        at = count++;
        known.put(key, at);
        f[at] = a;
        t[at] = b;
        s[at] = sendClass;
        r[at] = receiveClass;
      }
      d[at] += traffic.demand[k];
      long part = (long) traffic.job[k] << 32 | at;
      int row = parts.computeIfAbsent(part, x -> parts.size());
      pd[row] += traffic.demand[k];
    }
    this.commodities = count;
    this.from = Arrays.copyOf(f, count);
    this.to = Arrays.copyOf(t, count);
    this.send = Arrays.copyOf(s, count);
    this.receive = Arrays.copyOf(r, count);
    this.demand = Arrays.copyOf(d, count);
    this.partJob = new int[parts.size()];
    this.partCommodity = new int[parts.size()];
    this.partDemand = Arrays.copyOf(pd, parts.size());
    int row = 0;
    for (long part : parts.keySet()) {
      partJob[row] = (int) (part >> 32);
      partCommodity[row++] = (int) part;
    }
    this.sendNames = sendClasses.keySet().toArray(String[]::new);
    this.receiveNames = receiveClasses.keySet().toArray(String[]::new);
    this.links = 2 * planes * leaves * spines + planes * (sendNames.length + receiveNames.length);
    this.gbps = rates(sendsTo, comesFrom, sendClasses, receiveClasses);
  }

  private static String name(int leaf, int other, boolean sends) {
    String far = other < 0 ? "*" : "leaf" + other;
    return sends ? "leaf" + leaf + "→" + far : far + "→leaf" + leaf;
  }

  private double[] rates(
      int[] sendsTo,
      int[] comesFrom,
      Map<String, Integer> sendClasses,
      Map<String, Integer> receiveClasses) {
    double[] rate = new double[links];
    for (int plane = 0; plane < planes; plane++) {
      for (int leaf = 0; leaf < leaves; leaf++) {
        for (int path = 0; path < topology.paths(); path++) {
          int spine = classOf[path / topology.shape().lanes()];
          double gbpsOfLink = topology.gbps(plane, leaf, path);
          rate[up(plane, leaf, spine)] += gbpsOfLink;
          rate[down(plane, leaf, spine)] += gbpsOfLink;
        }
      }
      double port = topology.shape().portGbps();
      for (int nic = 0; nic < topology.nics(); nic++) {
        Integer out = sendClasses.get(name(topology.leafOf(nic), sendsTo[nic], true));
        if (out != null && sendsTo[nic] > -2) {
          rate[sending(out, plane)] += port;
        }
        Integer in = receiveClasses.get(name(topology.leafOf(nic), comesFrom[nic], false));
        if (in != null && comesFrom[nic] > -2) {
          rate[receiving(in, plane)] += port;
        }
      }
    }
    return rate;
  }

  /** For every NIC the one leaf it exchanges with, -1 for several, -2 for none. */
  private static int[] only(Topology topology, Traffic traffic, boolean sends) {
    int[] only = new int[topology.nics()];
    Arrays.fill(only, -2);
    for (int k = 0; k < traffic.connections; k++) {
      int nic = sends ? traffic.source[k] : traffic.destination[k];
      int leaf = topology.leafOf(sends ? traffic.destination[k] : traffic.source[k]);
      only[nic] = only[nic] == -2 || only[nic] == leaf ? leaf : -1;
    }
    return only;
  }

  /** Spines whose links have the same rates everywhere are one class. */
  private static int[] spineClasses(Topology topology) {
    int lanes = topology.shape().lanes();
    int spines = topology.shape().spines();
    int[] classes = new int[spines];
    Map<java.util.List<Double>, Integer> known = new HashMap<>();
    for (int spine = 0; spine < spines; spine++) {
      java.util.List<Double> column = new java.util.ArrayList<>();
      for (int plane = 0; plane < topology.planes(); plane++) {
        for (int leaf = 0; leaf < topology.leaves(); leaf++) {
          double sum = 0;
          for (int lane = 0; lane < lanes; lane++) {
            sum += topology.gbps(plane, leaf, spine * lanes + lane);
          }
          column.add(sum);
        }
      }
      classes[spine] = known.computeIfAbsent(column, x -> known.size());
    }
    return classes;
  }

  int up(int plane, int leaf, int spine) {
    return (plane * leaves + leaf) * spines + spine;
  }

  int down(int plane, int leaf, int spine) {
    return planes * leaves * spines + up(plane, leaf, spine);
  }

  int sending(int portClass, int plane) {
    return 2 * planes * leaves * spines + portClass * planes + plane;
  }

  int receiving(int portClass, int plane) {
    return sending(sendNames.length + portClass, plane);
  }

  /**
   * The links of the cheapest way of a commodity.
   *
   * @param way filled with sending port, uplink, downlink, receiving port; -1 where there is none
   * @return what it costs
   */
  double cheapest(double[] price, int commodity, int[] way) {
    int a = from[commodity];
    int b = to[commodity];
    double best = Double.POSITIVE_INFINITY;
    int s = send[commodity];
    int r = receive[commodity];
    if (a == b) {
      for (int p = 0; p < planes; p++) {
        for (int o = 0; o < planes; o++) {
          double cost = price[sending(s, p)] + price[receiving(r, o)];
          if (cost < best) {
            best = cost;
            way[0] = sending(s, p);
            way[1] = -1;
            way[2] = -1;
            way[3] = receiving(r, o);
          }
        }
      }
      return best;
    }
    for (int spine = 0; spine < spines; spine++) {
      double rise = Double.POSITIVE_INFINITY;
      double fall = Double.POSITIVE_INFINITY;
      int riseBy = 0;
      int fallBy = 0;
      for (int p = 0; p < planes; p++) {
        double cost = price[sending(s, p)] + price[up(p, a, spine)];
        if (cost < rise && gbps[up(p, a, spine)] > 0) {
          rise = cost;
          riseBy = p;
        }
        cost = price[receiving(r, p)] + price[down(p, b, spine)];
        if (cost < fall && gbps[down(p, b, spine)] > 0) {
          fall = cost;
          fallBy = p;
        }
      }
      if (rise + fall < best) {
        best = rise + fall;
        way[0] = sending(s, riseBy);
        way[1] = up(riseBy, a, spine);
        way[2] = down(fallBy, b, spine);
        way[3] = receiving(r, fallBy);
      }
    }
    return best;
  }

  /** Sums the loads of a plan's links into those of this problem. */
  void gather(Topology topology, Traffic traffic, Links links, double[] load, double[] into) {
    for (int plane = 0; plane < planes; plane++) {
      for (int leaf = 0; leaf < leaves; leaf++) {
        for (int path = 0; path < topology.paths(); path++) {
          int link = topology.index(plane, leaf, path);
          int spine = classOf[path / topology.shape().lanes()];
          into[up(plane, leaf, spine)] += load[link];
          into[down(plane, leaf, spine)] += load[links.down(link)];
        }
      }
    }
    for (int k = 0; k < traffic.connections; k++) {
      for (int plane = 0; plane < planes; plane++) {
        // A NIC with several connections is met several times: divided by what it asks in all.
        int out = links.sending(traffic.source[k], plane);
        int in = links.receiving(traffic.destination[k], plane);
        into[sending(sendOf[k], plane)] += load[out] * traffic.demand[k];
        into[receiving(receiveOf[k], plane)] += load[in] * traffic.demand[k];
      }
    }
  }

  /** What all links cost together. */
  double worth(double[] price) {
    double sum = 0;
    for (int e = 0; e < links; e++) {
      sum += price[e] * gbps[e];
    }
    return sum;
  }

  /** What one Gb/s of every job costs at least. */
  double[] costs(double[] price) {
    double[] cheapest = new double[commodities];
    int[] way = new int[4];
    for (int c = 0; c < commodities; c++) {
      cheapest[c] = cheapest(price, c, way);
    }
    double[] costs = new double[jobs];
    for (int row = 0; row < partJob.length; row++) {
      costs[partJob[row]] += partDemand[row] * cheapest[partCommodity[row]];
    }
    return costs;
  }

  /** Prices with 1 as the largest, and without those too small to be written down. */
  static double[] cleaned(double[] price) {
    double largest = Arrays.stream(price).max().orElse(0);
    double[] clean = new double[price.length];
    for (int e = 0; e < price.length; e++) {
      clean[e] = price[e] > largest * 1e-7 ? price[e] / largest : 0;
    }
    return clean;
  }

  /** The prices that are not 0, by the names a certificate has. */
  Map<String, Double> named(double[] price) {
    Map<String, Double> named = new LinkedHashMap<>();
    for (int plane = 0; plane < planes; plane++) {
      for (int leaf = 0; leaf < leaves; leaf++) {
        for (int spine = 0; spine < classOf.length; spine++) {
          String link = "p%d/leaf%d-spine%d".formatted(plane, leaf, spine);
          put(named, "up " + link, price[up(plane, leaf, classOf[spine])]);
          put(named, "down " + link, price[down(plane, leaf, classOf[spine])]);
        }
      }
      for (int i = 0; i < sendNames.length; i++) {
        put(named, "send p" + plane + "/" + sendNames[i], price[sending(i, plane)]);
      }
      for (int i = 0; i < receiveNames.length; i++) {
        put(named, "receive p" + plane + "/" + receiveNames[i], price[receiving(i, plane)]);
      }
    }
    return named;
  }

  private static void put(Map<String, Double> named, String name, double price) {
    if (price > 0) {
      named.put(name, price);
    }
  }
}

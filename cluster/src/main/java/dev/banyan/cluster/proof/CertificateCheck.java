package dev.banyan.cluster.proof;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.TrafficJob;
import java.util.Map;
import java.util.TreeMap;

/**
 * What prices prove, computed anew from topology, jobs and prices alone, connection by connection;
 * nothing of what planned or priced is used.
 */
public final class CertificateCheck {
  private final Topology topology;
  private final JobTable table;
  private final Map<String, Double> prices;
  private final int[] sendsTo;
  private final int[] comesFrom;

  private CertificateCheck(Topology topology, JobTable table, Map<String, Double> prices) {
    this.topology = topology;
    this.table = table;
    this.prices = prices;
    this.sendsTo = new int[topology.nics()];
    this.comesFrom = new int[topology.nics()];
    java.util.Arrays.fill(sendsTo, -2);
    java.util.Arrays.fill(comesFrom, -2);
    everyConnection(
        (job, from, to, demand) -> {
          int there = topology.leafOf(to);
          int here = topology.leafOf(from);
          sendsTo[from] = sendsTo[from] == -2 || sendsTo[from] == there ? there : -1;
          comesFrom[to] = comesFrom[to] == -2 || comesFrom[to] == here ? here : -1;
        });
  }

  private interface Visitor {
    void connection(int job, int from, int to, double demand);
  }

  /** No routing gives every job more than this many Gb/s. */
  public static double slowest(Topology topology, JobTable table, Map<String, Double> prices) {
    var check = new CertificateCheck(topology, table, prices);
    double sum = 0;
    for (double cost : check.costs()) {
      sum += cost;
    }
    return sum > 0 ? Math.min(check.cap(), check.worth() / sum) : check.cap();
  }

  /** No routing gives the jobs a mean of more than this many Gb/s. */
  public static double mean(Topology topology, JobTable table, Map<String, Double> prices) {
    var check = new CertificateCheck(topology, table, prices);
    double[] costs = check.costs();
    double worth = check.worth();
    double best = check.cap();
    for (double scale : costs) {
      if (scale > 0) {
        double sum = worth / scale;
        for (double cost : costs) {
          sum += check.cap() * Math.max(0, 1 - cost / scale);
        }
        best = Math.min(best, sum / costs.length);
      }
    }
    return best;
  }

  /** A NIC sends what its job's rate is, by all its ports. */
  private double cap() {
    return Math.min(topology.shape().nvlinkGbps(), topology.planes() * topology.shape().portGbps());
  }

  private double worth() {
    var sum = new double[1];
    for (int plane = 0; plane < topology.planes(); plane++) {
      for (int leaf = 0; leaf < topology.leaves(); leaf++) {
        for (int path = 0; path < topology.paths(); path++) {
          double gbps = topology.gbps(plane, leaf, path);
          int spine = path / topology.shape().lanes();
          sum[0] += gbps * (rise(plane, leaf, spine) + fall(plane, leaf, spine));
        }
      }
      for (int nic = 0; nic < topology.nics(); nic++) {
        double port = topology.shape().portGbps();
        sum[0] +=
            port
                * ((sendsTo[nic] > -2 ? send(plane, nic) : 0)
                    + (comesFrom[nic] > -2 ? receive(plane, nic) : 0));
      }
    }
    return sum[0];
  }

  private double[] costs() {
    double[] costs = new double[table.jobs().size()];
    Map<String, Double> known = new TreeMap<>(); // connections alike cost alike
    everyConnection(
        (job, from, to, demand) -> {
          String like =
              topology.leafOf(from)
                  + ","
                  + topology.leafOf(to)
                  + ","
                  + sendsTo[from]
                  + ","
                  + comesFrom[to];
          costs[job] += demand * known.computeIfAbsent(like, x -> cheapest(from, to));
        });
    return costs;
  }

  private double cheapest(int from, int to) {
    int a = topology.leafOf(from);
    int b = topology.leafOf(to);
    double best = Double.POSITIVE_INFINITY;
    int spines = a == b ? 1 : topology.shape().spines();
    for (int spine = 0; spine < spines; spine++) {
      double out = Double.POSITIVE_INFINITY;
      double in = Double.POSITIVE_INFINITY;
      for (int plane = 0; plane < topology.planes(); plane++) {
        if (a == b || alive(plane, a, spine)) {
          out = Math.min(out, send(plane, from) + (a == b ? 0 : rise(plane, a, spine)));
        }
        if (a == b || alive(plane, b, spine)) {
          in = Math.min(in, receive(plane, to) + (a == b ? 0 : fall(plane, b, spine)));
        }
      }
      best = Math.min(best, out + in);
    }
    return best;
  }

  private boolean alive(int plane, int leaf, int spine) {
    int lanes = topology.shape().lanes();
    boolean alive = false;
    for (int lane = 0; lane < lanes; lane++) {
      alive |= topology.gbps(plane, leaf, spine * lanes + lane) > 0;
    }
    return alive;
  }

  private double rise(int plane, int leaf, int spine) {
    return price("up p" + plane + "/leaf" + leaf + "-spine" + spine);
  }

  private double fall(int plane, int leaf, int spine) {
    return price("down p" + plane + "/leaf" + leaf + "-spine" + spine);
  }

  private double send(int plane, int nic) {
    String far = sendsTo[nic] < 0 ? "*" : "leaf" + sendsTo[nic];
    return price("send p" + plane + "/leaf" + topology.leafOf(nic) + "→" + far);
  }

  private double receive(int plane, int nic) {
    String far = comesFrom[nic] < 0 ? "*" : "leaf" + comesFrom[nic];
    return price("receive p" + plane + "/" + far + "→leaf" + topology.leafOf(nic));
  }

  private double price(String link) {
    double price = prices.getOrDefault(link, 0.0);
    if (!(price >= 0)) {
      throw new IllegalArgumentException("the price of '" + link + "' is " + price);
    }
    return price;
  }

  private void everyConnection(Visitor visitor) {
    int nics = topology.nicsPerNode();
    for (int j = 0; j < table.jobs().size(); j++) {
      TrafficJob job = table.jobs().get(j);
      int n = job.ring().size();
      boolean all = job.collective() == TrafficJob.Collective.ALL_TO_ALL;
      int hops = n == 1 ? 0 : all ? n - 1 : 1;
      for (int i = 0; i < n; i++) {
        for (int hop = 1; hop <= hops; hop++) {
          for (int nic = 0; nic < nics; nic++) {
            int from = job.ring().get(i) * nics + nic;
            int to = job.ring().get((i + hop) % n) * nics + nic;
            visitor.connection(j, from, to, 1.0 / hops);
          }
        }
      }
    }
  }
}

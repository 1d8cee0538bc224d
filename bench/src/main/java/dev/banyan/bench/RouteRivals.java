package dev.banyan.bench;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.RouteCertificate;
import dev.banyan.cluster.RouteComparison;
import dev.banyan.cluster.RoutePlan;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.RouteRow;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.Topology.Ecmp;
import dev.banyan.cluster.Topology.Shape;
import dev.banyan.cluster.TrafficJob;
import dev.banyan.cluster.TrafficJob.Collective;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/** Ways of routing on simulated fabrics: C4's testbed, large ones, and random ones. */
public final class RouteRivals {
  private RouteRivals() {}

  /**
   * One setting, means over hash seeds.
   *
   * @param over link rates: 1 for 1:1, 2 for 2:1
   * @param failed links that are down
   */
  public record Setting(
      double over,
      int queuePairs,
      List<String> failed,
      double ecmp,
      double ecmpFixed,
      double c4p,
      double crux,
      double equalWeights,
      double ours,
      double bound) {}

  /** The testbed: 16 nodes of 8 NICs, 2 planes, 8 spines, jobs of two nodes across two leaves. */
  public static Topology testbed(double over) {
    return Topology.uniform(new Shape(2, 2, 8, 1, 200, 362), 1600 / over, 16, 8);
  }

  public static JobTable testbedJobs(int queuePairs) {
    List<TrafficJob> jobs = new ArrayList<>();
    for (int j = 0; j < 8; j++) {
      jobs.add(TrafficJob.allReduce("job " + j, List.of(j, 8 + j)));
    }
    return new JobTable(queuePairs, jobs);
  }

  /** The testbed under one oversubscription, number of queue pairs and failure. */
  public static Setting setting(
      double over, int queuePairs, List<String> failed, int seeds, Seed seed) {
    double[] sums = new double[7];
    for (int i = 0; i < seeds; i++) {
      Topology topology = testbed(over).withEcmp(new Ecmp(seed.of("hash", i).value(), false));
      RoutePlan plan = RoutePlanner.plan(topology, testbedJobs(queuePairs));
      if (!failed.isEmpty()) {
        plan = RoutePlanner.replan(topology.withFailed(failed), plan);
      }
      RouteComparison all = RoutePlanner.compare(plan, 0);
      double[] row = {
        all.ecmp().meanGbps(),
        all.ecmpFixedReceive().meanGbps(),
        all.c4p().meanGbps(),
        all.crux().meanGbps(),
        all.oursEqualWeights().meanGbps(),
        all.ours().meanGbps(),
        all.certificate().meanGbps()
      };
      for (int c = 0; c < row.length; c++) {
        sums[c] += row[c] / seeds;
      }
    }
    return new Setting(
        over, queuePairs, failed, sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
  }

  /**
   * Planning 16,384 NICs.
   *
   * @param spread largest difference of queue pairs between two links of a leaf, in one direction
   * @param firstSeconds in a JVM that has planned nothing yet, or as it comes
   * @param seconds median of the others
   * @param replanSeconds median after one more link failed
   * @param processorSeconds that planning took of its own thread, median; on a machine others use
   *     too this is less than the time on the wall
   * @param replanProcessorSeconds the same after the failure
   * @param ofBound share of the certificate's bound that the slowest job has
   * @param ofBoundAfter the same after the failure
   * @param evenAfter the same with equal weights
   */
  public record Speed(
      int spines,
      int queuePairs,
      int spread,
      double firstSeconds,
      double seconds,
      double replanSeconds,
      double processorSeconds,
      double replanProcessorSeconds,
      double ofBound,
      double ofBoundAfter,
      double evenAfter) {}

  /** 2 planes of 256 leaves, jobs of 128 nodes placed at random, 8 queue pairs to a connection. */
  public static Speed speed(int spines, int repeats, Seed seed) {
    Topology topology = Topology.uniform(new Shape(2, 256, spines, 1, 200, 362), 200, 2048, 8);
    List<TrafficJob> jobs = new ArrayList<>();
    for (int j = 0; j < 16; j++) {
      jobs.add(TrafficJob.allReduce("job " + j, Collections.nCopies(128, 0)));
    }
    JobTable table = new JobTable(4, jobs).shuffled(topology, seed.stream("place"));
    double[] took = new double[repeats];
    double[] again = new double[repeats];
    double[] used = new double[repeats];
    double[] usedAgain = new double[repeats];
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    RoutePlan plan = null;
    RoutePlan after = null;
    Topology broken = topology.withFailed(List.of("p0/leaf3-spine5"));
    for (int i = 0; i < repeats; i++) {
      long start = System.nanoTime();
      long processor = threads.getCurrentThreadCpuTime();
      plan = RoutePlanner.plan(topology, table);
      took[i] = (System.nanoTime() - start) / 1e9;
      used[i] = (threads.getCurrentThreadCpuTime() - processor) / 1e9;
      start = System.nanoTime();
      processor = threads.getCurrentThreadCpuTime();
      after = RoutePlanner.replan(broken, plan);
      again[i] = (System.nanoTime() - start) / 1e9;
      usedAgain[i] = (threads.getCurrentThreadCpuTime() - processor) / 1e9;
    }
    if (plan == null || after == null) {
      throw new IllegalArgumentException("repeats is 0");
    }
    double first = took[0];
    Arrays.sort(took);
    Arrays.sort(again);
    Arrays.sort(used);
    Arrays.sort(usedAgain);
    RouteCertificate before = RoutePlanner.certificate(plan);
    RouteCertificate then = RoutePlanner.certificate(after);
    return new Speed(
        spines,
        plan.queuePairs(),
        spread(plan),
        first,
        took[repeats / 2],
        again[repeats / 2],
        used[repeats / 2],
        usedAgain[repeats / 2],
        slowest(plan) / before.slowestGbps(),
        slowest(after) / then.slowestGbps(),
        slowest(after.withEqualWeights()) / then.slowestGbps());
  }

  private static double slowest(RoutePlan plan) {
    return Arrays.stream(plan.jobGbps()).min().orElse(0);
  }

  /** The largest difference of queue pairs between two links of one leaf, in one direction. */
  public static int spread(RoutePlan plan) {
    int paths = plan.topology().paths();
    int spread = 0;
    for (int[] counts : plan.linkQueuePairs()) {
      for (int leaf = 0; leaf < counts.length; leaf += paths) {
        int[] row = Arrays.copyOfRange(counts, leaf, leaf + paths);
        spread =
            Math.max(
                spread, Arrays.stream(row).max().orElse(0) - Arrays.stream(row).min().orElse(0));
      }
    }
    return spread;
  }

  /**
   * Random fabrics and placements.
   *
   * @param worse in how many a rival's slowest job is faster than ours
   * @param meanWorse in how many a rival's mean is higher than ours
   * @param certified in how many the checker agrees with the certificate and nobody passes it
   * @param ofBound median of our slowest job over the bound
   * @param leastOfBound least of those
   * @param overEcmp median of ours over ECMP, slowest job
   */
  public record Random(
      int fabrics,
      int worse,
      int meanWorse,
      int certified,
      double ofBound,
      double leastOfBound,
      double overEcmp) {}

  /** Tries random fabrics. */
  public static Random random(int fabrics, Seed seed, Progress progress) {
    int worse = 0;
    int meanWorse = 0;
    int certified = 0;
    double[] ofBound = new double[fabrics];
    double[] overEcmp = new double[fabrics];
    for (int i = 0; i < fabrics; i++) {
      RoutePlan plan = randomPlan(seed.stream("fabric", i));
      RouteComparison all = RoutePlanner.compare(plan, 0);
      double ours = all.ours().slowestGbps();
      double best = 0;
      double bestMean = 0;
      double most = ours;
      for (RouteRow row : all.rivals()) {
        best = Math.max(best, row.slowestGbps());
        bestMean = Math.max(bestMean, row.meanGbps());
        most = Math.max(most, row.slowestGbps());
      }
      worse += best > ours * (1 + 1e-9) ? 1 : 0;
      meanWorse += bestMean > all.ours().meanGbps() * (1 + 1e-9) ? 1 : 0;
      double[] checked = RoutePlanner.verify(plan.topology(), plan.jobs(), all.certificate());
      boolean agree =
          Math.abs(checked[0] / all.certificate().slowestGbps() - 1) < 1e-6
              && Math.abs(checked[1] / all.certificate().meanGbps() - 1) < 1e-6;
      boolean above =
          most <= checked[0] * (1 + 1e-9)
              && Math.max(bestMean, all.ours().meanGbps()) <= checked[1] * (1 + 1e-9);
      certified += agree && above ? 1 : 0;
      ofBound[i] = ours / checked[0];
      overEcmp[i] = ours / all.ecmp().slowestGbps();
      progress.step(i + 1L);
    }
    Arrays.sort(ofBound);
    Arrays.sort(overEcmp);
    return new Random(
        fabrics,
        worse,
        meanWorse,
        certified,
        ofBound[fabrics / 2],
        ofBound[0],
        overEcmp[fabrics / 2]);
  }

  /** A plan on a fabric, jobs, placement and failures drawn at random. */
  public static RoutePlan randomPlan(RandomGenerator random) {
    while (true) {
      var shape =
          new Shape(
              1 + random.nextInt(2),
              2 + random.nextInt(7),
              1 + random.nextInt(12),
              1 + random.nextInt(2),
              200,
              random.nextBoolean() ? 362 : 800);
      int perLeaf = 1 + random.nextInt(4);
      int nics = 1 + random.nextInt(4);
      double link = 50 * (1 + random.nextInt(16));
      Topology topology =
          Topology.uniform(shape, link, perLeaf * shape.leaves(), nics)
              .withEcmp(new Ecmp(random.nextLong(), random.nextInt(4) == 0));
      List<TrafficJob> jobs = new ArrayList<>();
      int left = topology.nodes();
      while (left >= 2 && (jobs.isEmpty() || random.nextInt(5) > 0)) {
        int size = 2 + random.nextInt(Math.min(7, left - 1));
        Collective kind = random.nextInt(4) == 0 ? Collective.ALL_TO_ALL : Collective.ALL_REDUCE;
        jobs.add(
            new TrafficJob("job " + jobs.size(), Collections.nCopies(size, 0), kind, 1L << 30, 1));
        left -= size;
      }
      JobTable table = new JobTable(1 + random.nextInt(4), jobs).shuffled(topology, random);
      List<String> failed = new ArrayList<>();
      while (random.nextInt(3) == 0) {
        failed.add(topology.name(random.nextInt(topology.links())));
      }
      try {
        RoutePlan plan = RoutePlanner.plan(topology, table);
        return failed.isEmpty() ? plan : RoutePlanner.replan(topology.withFailed(failed), plan);
      } catch (dev.banyan.core.UserInputException e) {
        // too many links drawn as failed for these jobs: draw again
      }
    }
  }
}

package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.cluster.Topology.Ecmp;
import dev.banyan.cluster.Topology.Shape;
import dev.banyan.cluster.TrafficJob.Collective;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class RoutePlannerTest {
  /** C4's testbed: 8 jobs of two nodes across two leaves, 64 ports of 200 on 8 links of 1600. */
  private static Topology testbed() {
    return Topology.uniform(new Shape(2, 2, 8, 1, 200, 362), 1600, 16, 8);
  }

  private static JobTable testbedJobs(int queuePairs) {
    List<TrafficJob> jobs = new ArrayList<>();
    for (int j = 0; j < 8; j++) {
      jobs.add(TrafficJob.allReduce("job " + j, List.of(j, 8 + j)));
    }
    return new JobTable(queuePairs, jobs);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void onTheTestbedEveryJobHasAllItsNicsCanTakeAndEcmpAboutHalf(int queuePairs) {
    RouteComparison all = RoutePlanner.compare(testbed(), testbedJobs(queuePairs));
    assertThat(all.ours().slowestGbps()).isEqualTo(362);
    assertThat(all.ecmp().meanGbps()).isBetween(190.0, 260.0);
    assertThat(all.ecmpFixedReceive().meanGbps()).isBetween(215.0, 320.0);
    assertThat(all.certificate().slowestGbps()).isEqualTo(362);
  }

  @Test
  void afterALinkFailsWeightsReachWhatEqualSharesCannot() {
    RoutePlan plan = RoutePlanner.plan(testbed(), testbedJobs(2));
    RoutePlan after = RoutePlanner.replan(testbed().withFailed(List.of("p0/leaf0-spine3")), plan);
    // 128 queue pairs over 7 links: some link has 19, and a NIC has 4 queue pairs as slow as those.
    assertThat(slowest(after.withEqualWeights())).isCloseTo(4 * 1600 / 19.0, within(1e-9));
    assertThat(slowest(after)).isCloseTo(362, within(0.4));
    for (PlannedFlow flow : after.flows()) {
      boolean touched = flow.srcNic() < 64 || flow.dstNic() < 64;
      assertThat(touched && flow.plane() == 0 && flow.spine() == 3).isFalse();
    }
  }

  @Test
  void weightsOfEveryConnectionSumToOne() {
    RoutePlan plan =
        RoutePlanner.replan(
            testbed().withFailed(List.of("p0/leaf0-spine3", "p1/leaf1-spine0")),
            RoutePlanner.plan(testbed(), testbedJobs(4)));
    Map<String, Double> sums = new HashMap<>();
    for (PlannedFlow flow : plan.flows()) {
      assertThat(flow.weight()).isNotNegative();
      sums.merge(flow.srcNic() + ">" + flow.dstNic(), flow.weight(), Double::sum);
    }
    assertThat(sums).hasSize(128);
    assertThat(sums.values()).allSatisfy(sum -> assertThat(sum).isCloseTo(1, within(1e-9)));
  }

  /** Every leaf's queue pairs on two of its links differ by at most one, both ways. */
  @ParameterizedTest
  @ValueSource(ints = {7, 24, 63, 64})
  void anyNumberOfSpinesIsUsedEquitably(int spines) {
    Topology topology = Topology.uniform(new Shape(2, 16, spines, 1, 200, 362), 200, 128, 4);
    List<TrafficJob> jobs = new ArrayList<>();
    for (int j = 0; j < 8; j++) {
      jobs.add(TrafficJob.allReduce("job " + j, Collections.nCopies(16, 0)));
    }
    JobTable table = new JobTable(4, jobs).shuffled(topology, new Seed(3).stream("place"));
    RoutePlan plan = RoutePlanner.plan(topology, table);
    for (int[] direction : plan.linkQueuePairs()) {
      for (int leaf = 0; leaf < direction.length; leaf += spines) {
        int[] row = Arrays.copyOfRange(direction, leaf, leaf + spines);
        int most = Arrays.stream(row).max().orElse(0);
        assertThat(most - Arrays.stream(row).min().orElse(0)).isLessThanOrEqualTo(1);
      }
    }
  }

  /** The oracle tries every combination of paths with equal weights. */
  @Test
  void noCombinationOfPathsWithEqualWeightsIsBetterOnSmallFabrics() {
    for (int i = 0; i < 60; i++) {
      RandomGenerator random = new Seed(5).stream("small", i);
      int spines = 2 + random.nextInt(2);
      Topology topology = Topology.uniform(new Shape(1, 3, spines, 1, 400, 400), 100, 6, 1);
      JobTable table =
          new JobTable(
                  1 + random.nextInt(2),
                  List.of(
                      TrafficJob.allReduce("a", List.of(0, 0)),
                      TrafficJob.allReduce("b", List.of(0, 0))))
              .shuffled(topology, random);
      RoutePlan plan = RoutePlanner.plan(topology, table);
      double best = everyCombination(topology, table);
      assertThat(slowest(plan)).as("fabric " + i).isGreaterThanOrEqualTo(best * (1 - 1e-9));
      assertThat(RoutePlanner.certificate(plan).slowestGbps())
          .isGreaterThanOrEqualTo(best * (1 - 1e-9));
    }
  }

  private static double everyCombination(Topology topology, JobTable table) {
    List<int[]> crossing = new ArrayList<>();
    for (TrafficJob job : table.jobs()) {
      for (int i = 0; i < 2; i++) {
        int from = topology.leafOf(job.ring().get(i));
        int to = topology.leafOf(job.ring().get(1 - i));
        for (int q = 0; from != to && q < table.queuePairs(); q++) {
          crossing.add(new int[] {from, to});
        }
      }
    }
    int paths = topology.paths();
    int combinations = (int) Math.pow(paths, crossing.size());
    double best = crossing.isEmpty() ? 400 : 0;
    for (int c = 0; c < combinations; c++) {
      int[] load = new int[2 * 3 * paths];
      int rest = c;
      int most = 0;
      for (int[] pair : crossing) {
        most = Math.max(most, ++load[pair[0] * paths + rest % paths]);
        most = Math.max(most, ++load[(3 + pair[1]) * paths + rest % paths]);
        rest /= paths;
      }
      if (most > 0) {
        best = Math.max(best, Math.min(400, 100.0 * table.queuePairs() / most));
      }
    }
    return best;
  }

  @Test
  void onRandomFabricsNoRivalIsBetterAndNobodyPassesACheckedCertificate() {
    int planned = 0;
    for (int i = 0; planned < 150; i++) {
      RandomGenerator random = new Seed(11).stream("random", i);
      RoutePlan plan;
      try {
        plan = randomPlan(random);
      } catch (UserInputException e) {
        continue; // too much was drawn as failed
      }
      planned++;
      RouteComparison all = RoutePlanner.compare(plan, 0);
      double[] proven = RoutePlanner.verify(plan.topology(), plan.jobs(), all.certificate());
      assertThat(proven[0]).isCloseTo(all.certificate().slowestGbps(), within(1e-6 * proven[0]));
      assertThat(proven[1]).isCloseTo(all.certificate().meanGbps(), within(1e-6 * proven[1]));
      assertThat(all.ours().slowestGbps()).isLessThanOrEqualTo(proven[0] * (1 + 1e-9));
      for (RouteRow rival : all.rivals()) {
        assertThat(rival.slowestGbps())
            .as("fabric %d, %s", i, rival.method())
            .isLessThanOrEqualTo(all.ours().slowestGbps() * (1 + 1e-9))
            .isLessThanOrEqualTo(proven[0] * (1 + 1e-9));
        assertThat(rival.meanGbps()).isLessThanOrEqualTo(proven[1] * (1 + 1e-9));
      }
    }
  }

  private static RoutePlan randomPlan(RandomGenerator random) {
    var shape =
        new Shape(
            1 + random.nextInt(2),
            2 + random.nextInt(4),
            1 + random.nextInt(6),
            1 + random.nextInt(2),
            200,
            362);
    Topology topology =
        Topology.uniform(shape, 100.0 * (1 + random.nextInt(4)), 3 * shape.leaves(), 2)
            .withEcmp(new Ecmp(random.nextLong(), random.nextBoolean()));
    Collective other = random.nextBoolean() ? Collective.ALL_TO_ALL : Collective.ALL_GATHER;
    JobTable table =
        new JobTable(
                1 + random.nextInt(3),
                List.of(
                    TrafficJob.allReduce("a", Collections.nCopies(3, 0)),
                    new TrafficJob("b", Collections.nCopies(3, 0), other, 1 << 20, 2)))
            .shuffled(topology, random);
    List<String> failed = new ArrayList<>();
    while (random.nextInt(2) == 0) {
      failed.add(topology.name(random.nextInt(topology.links())));
    }
    RoutePlan plan = RoutePlanner.plan(topology, table);
    return failed.isEmpty() ? plan : RoutePlanner.replan(topology.withFailed(failed), plan);
  }

  @Test
  void pricesAboveZeroThatProveNothingAreNotTakenForAProof() {
    RoutePlan plan = RoutePlanner.plan(testbed(), testbedJobs(1));
    RouteCertificate lie =
        new RouteCertificate(100, Map.of("up p0/leaf0-spine0", 1.0), 100, Map.of(), "a lie");
    double[] proven = RoutePlanner.verify(plan.topology(), plan.jobs(), lie);
    assertThat(proven[0]).isEqualTo(362);
  }

  @Test
  void aPlanTakesSourcePortsThatWereProbedForItsPath() {
    Topology topology = Topology.uniform(new Shape(1, 2, 4, 1, 1, 1), 0.05, 4, 1);
    JobTable jobs =
        new JobTable(
            2,
            List.of(
                TrafficJob.allReduce("a", List.of(0, 2)),
                TrafficJob.allReduce("b", List.of(1, 3))));
    List<PathCatalogue.Pair> pairs = new ArrayList<>();
    for (int nic = 0; nic < 4; nic++) {
      List<PathCatalogue.Port> ports = new ArrayList<>();
      for (int p = 0; p < 16; p++) {
        ports.add(new PathCatalogue.Port(5000 + p, "10.0.0." + p % 4, p * 7 % 4));
      }
      pairs.add(new PathCatalogue.Pair("a" + nic, "b", nic, (nic + 2) % 4, 0, ports));
    }
    RoutePlan plan =
        RoutePlanner.withPorts(
            RoutePlanner.plan(topology, jobs), PathCatalogue.of("tcp", 5001, pairs));
    assertThat(plan.hasPorts()).isTrue();
    for (PlannedFlow flow : plan.flows()) {
      int port = java.util.Objects.requireNonNull(flow.udpSourcePort());
      assertThat((port - 5000) * 7 % 4).isEqualTo(flow.spine());
    }
    assertThat(plan.flows().stream().map(f -> f.srcNic() + ":" + f.udpSourcePort()).distinct())
        .hasSize(8);
  }

  @Test
  void aWrittenPlanHasALineForEveryFlow(@TempDir Path folder) throws IOException {
    RoutePlan plan = RoutePlanner.plan(testbed(), testbedJobs(2));
    RoutePlanner.write(plan, folder.resolve("plan.json"));
    JsonNode tree = Json.read(folder.resolve("plan.json"), JsonNode.class);
    assertThat(tree.path("format").stringValue()).isEqualTo("banyan.routes");
    assertThat(tree.path("flows")).hasSize(512);
    assertThat(tree.path("flows").get(5).path("weight").doubleValue()).isEqualTo(0.25);
  }

  private static double slowest(RoutePlan plan) {
    return Arrays.stream(plan.jobGbps()).min().orElse(0);
  }
}

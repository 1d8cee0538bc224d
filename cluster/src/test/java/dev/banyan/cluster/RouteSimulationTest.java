package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.cluster.RouteSimulation.Run;
import dev.banyan.cluster.RouteSimulation.Scenario;
import dev.banyan.cluster.Topology.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two leaves, one spine, links of 100 Gb/s, ports of 100: everything can be worked out by hand. */
class RouteSimulationTest {
  private static final Topology FABRIC =
      Topology.uniform(new Shape(1, 2, 1, 1, 100, 100), 100, 4, 1);

  private static TrafficJob job(String name, int a, int b, double gigabits) {
    // Two nodes send each all of the buffer in an all-reduce: 2 × (2 - 1) / 2.
    return new TrafficJob(
        name, List.of(a, b), TrafficJob.Collective.ALL_REDUCE, (long) (gigabits / 8e-9), 1);
  }

  @Test
  void twoJobsShareALinkUntilTheShorterEndsAndThenTheOtherHasItAlone() {
    JobTable jobs = new JobTable(1, List.of(job("short", 0, 2, 50), job("long", 1, 3, 150)));
    for (Run run : RouteSimulation.run(FABRIC, jobs, new Scenario(1, List.of(), 0, 0))) {
      assertThat(run.before().slowestGbps()).as(run.method()).isCloseTo(50, within(1e-9));
      // 50 Gb at 50 Gb/s; then 100 Gb are left at 100 Gb/s.
      assertThat(run.endSeconds().get(0)).isCloseTo(1, within(1e-6));
      assertThat(run.endSeconds().get(1)).isCloseTo(2, within(1e-6));
    }
  }

  @Test
  void aJobStandsStillUntilItsDeadLinkIsRoutedAround() {
    Topology two = Topology.uniform(new Shape(1, 2, 2, 1, 100, 100), 100, 2, 1);
    JobTable jobs = new JobTable(1, List.of(job("only", 0, 1, 100)));
    Run ours =
        RouteSimulation.run(two, jobs, new Scenario(1, List.of("p0/leaf0-spine0"), 0.25, 0.5))
            .getLast();
    boolean used = ours.planBefore().flows().stream().anyMatch(flow -> flow.spine() == 0);
    assertThat(ours.endSeconds().getFirst()).isCloseTo(used ? 1.5 : 1, within(1e-6));
    assertThat(ours.planAfter().flows()).allMatch(flow -> flow.spine() == 1);
  }

  /** Progressive filling: a flow that is held back elsewhere leaves its share to others. */
  @Test
  void aSlowLinkHoldsBackOnlyThoseWhoCrossIt() {
    double[] gbps = {10, 100, 100};
    Topology fabric =
        new Topology(
            new Shape(1, 3, 1, 1, 100, 100),
            1,
            new int[] {0, 1, 1, 2},
            gbps,
            new Topology.Ecmp(1, false));
    JobTable jobs = new JobTable(1, List.of(job("a", 0, 1, 1), job("b", 2, 3, 1)));
    double[] rates = RoutePlanner.plan(fabric, jobs).jobGbps();
    assertThat(rates[0]).isCloseTo(10, within(1e-9));
    assertThat(rates[1]).isCloseTo(90, within(1e-9));
  }
}

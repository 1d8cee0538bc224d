package dev.banyan.cluster;

import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;
import dev.banyan.cluster.route.CruxPriority;
import dev.banyan.cluster.route.Ecmp;
import dev.banyan.cluster.route.GreedyC4p;
import dev.banyan.cluster.simulate.FlowSimulation;
import dev.banyan.cluster.simulate.FlowSimulation.Failure;
import dev.banyan.cluster.simulate.FlowSimulation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Runs jobs through a simulated fabric by each way of routing, with links that fail on the way. */
public final class RouteSimulation {
  private RouteSimulation() {}

  /**
   * What happens.
   *
   * @param collectives each job does
   * @param failed links that go down; none for no failure
   * @param failAtSeconds when
   * @param noticedSeconds until the switches route around, or the new plan is in use; jobs with
   *     bytes on a dead link stand still for so long
   */
  public record Scenario(
      int collectives, List<String> failed, double failAtSeconds, double noticedSeconds) {
    public Scenario {
      failed = List.copyOf(failed);
    }
  }

  /** From this second on the jobs have these rates, Gb/s of a NIC. */
  public record Moment(double seconds, List<Double> jobGbps) {}

  /**
   * One way of routing.
   *
   * @param before rates while all links are up
   * @param after rates once the failure was answered; as before when nothing fails
   * @param endSeconds when each job had done its collectives
   */
  public record Run(
      String method,
      RouteRow before,
      RouteRow after,
      List<Double> endSeconds,
      List<Moment> moments,
      RoutePlan planBefore,
      RoutePlan planAfter) {
    public Run {
      endSeconds = List.copyOf(endSeconds);
      moments = List.copyOf(moments);
    }

    public double lastEndSeconds() {
      return endSeconds.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }
  }

  /** ECMP, ECMP with a fixed receive port, C4P, Crux, ours with equal weights, ours. */
  public static List<Run> run(Topology topology, JobTable jobs, Scenario scenario) {
    Topology broken = topology.withFailed(scenario.failed());
    RoutePlan ours = RoutePlanner.plan(topology, jobs);
    RoutePlan oursAfter = scenario.failed().isEmpty() ? ours : RoutePlanner.replan(broken, ours);
    List<Run> runs = new ArrayList<>();
    for (RouteMethod method :
        List.of(new Ecmp(false), new Ecmp(true), new GreedyC4p(), new CruxPriority(jobs))) {
      // Switches hash what is left; C4P and Crux place all flows again.
      runs.add(run(by(topology, jobs, method), by(broken, jobs, method), method.name(), scenario));
    }
    runs.add(
        run(
            ours.withEqualWeights(),
            oursAfter.withEqualWeights(),
            "Banyan, equal weights",
            scenario));
    runs.add(run(ours, oursAfter, "Banyan", scenario));
    return runs;
  }

  private static RoutePlan by(Topology topology, JobTable jobs, RouteMethod method) {
    Traffic traffic = Traffic.of(topology, jobs);
    Paths paths = method.route(topology, traffic);
    return new RoutePlan(topology, jobs, traffic, paths, method.name(), null);
  }

  private static Run run(RoutePlan before, RoutePlan after, String name, Scenario scenario) {
    List<TrafficJob> jobs = before.jobs().jobs();
    double[] gigabits = new double[jobs.size()];
    for (int j = 0; j < gigabits.length; j++) {
      TrafficJob job = jobs.get(j);
      gigabits[j] =
          job.bytes()
              * 8e-9
              * scenario.collectives()
              * job.collective().wireShare(job.ring().size());
    }
    double at = scenario.failed().isEmpty() ? Double.POSITIVE_INFINITY : scenario.failAtSeconds();
    Outcome outcome =
        FlowSimulation.run(
            before.traffic(),
            new Links(before.topology()),
            before.paths(),
            before.topology().shape().nvlinkGbps(),
            gigabits,
            new Failure(at, scenario.noticedSeconds(), new Links(after.topology()), after.paths()));
    return new Run(
        name,
        RouteRow.of(name, before.jobGbps(), 0),
        RouteRow.of(name, after.jobGbps(), 0),
        list(outcome.endSeconds()),
        outcome.moments().stream().map(m -> new Moment(m.seconds(), list(m.gbps()))).toList(),
        before,
        after);
  }

  private static List<Double> list(double[] values) {
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }
}

package dev.banyan.cluster;

import dev.banyan.cluster.certify.Bound;
import dev.banyan.cluster.fabric.JobsReader;
import dev.banyan.cluster.fabric.PlanWriter;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.TopologyReader;
import dev.banyan.cluster.fabric.Traffic;
import dev.banyan.cluster.proof.CertificateCheck;
import dev.banyan.cluster.route.CruxPriority;
import dev.banyan.cluster.route.Ecmp;
import dev.banyan.cluster.route.GreedyC4p;
import dev.banyan.cluster.route.Planner;
import dev.banyan.cluster.route.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Plans the paths of collective traffic through a leaf–spine fabric so that flows do not collide,
 * and proves how close to the best that is.
 *
 * <pre>{@code
 * Topology topology = RoutePlanner.readTopology(Path.of("topology.yaml"));
 * JobTable jobs = RoutePlanner.readJobs(Path.of("jobs.yaml"));
 * RoutePlan plan = RoutePlanner.plan(topology, jobs);
 * RoutePlan after = RoutePlanner.replan(topology.withFailed(List.of("p0/leaf3-spine5")), plan);
 * }</pre>
 */
public final class RoutePlanner {
  /** Cheapest ways Garg–Könemann may look up: a second or two. */
  private static final long WORK = 60_000_000;

  private RoutePlanner() {}

  /**
   * Reads {@code topology.yaml}.
   *
   * @throws dev.banyan.core.UserInputException when it is none
   */
  public static Topology readTopology(Path file) {
    return TopologyReader.read(file);
  }

  /**
   * Reads {@code jobs.yaml}.
   *
   * @throws dev.banyan.core.UserInputException when it is none
   */
  public static JobTable readJobs(Path file) {
    return JobsReader.read(file);
  }

  /**
   * Plans paths and weights: an equitable colouring, repaired and balanced where it has to be.
   *
   * @throws dev.banyan.core.UserInputException when a job does not fit the fabric or has no path
   */
  public static RoutePlan plan(Topology topology, JobTable jobs) {
    Traffic traffic = Traffic.of(topology, jobs);
    double bound = Bound.byCuts(topology, traffic);
    Planner.Found found = Planner.plan(topology, jobs, traffic, bound);
    return new RoutePlan(topology, jobs, traffic, found.paths(), found.method(), null);
  }

  /**
   * Plans again after links went down or came back; queue pairs with a live path keep it where that
   * costs nothing.
   *
   * @param topology the same fabric with other failures
   */
  public static RoutePlan replan(Topology topology, RoutePlan before) {
    Traffic traffic = before.traffic().onto(topology);
    double bound = Bound.byCuts(topology, traffic);
    Planner.Found found = Planner.replan(topology, before.jobs(), traffic, before.paths(), bound);
    return new RoutePlan(topology, before.jobs(), traffic, found.paths(), found.method(), null);
  }

  /**
   * Finds a source port for every queue pair in a catalogue of probed ports; where a path has none,
   * the queue pair takes another.
   *
   * @throws dev.banyan.core.UserInputException when the catalogue lacks a pair of NICs
   */
  public static RoutePlan withPorts(RoutePlan plan, PathCatalogue catalogue) {
    Topology topology = plan.topology();
    double bound = Bound.byCuts(topology, plan.traffic());
    Ports.Found found = Ports.choose(topology, plan.traffic(), plan.paths(), catalogue, bound);
    String method =
        found.moved() == 0
            ? plan.method()
            : plan.method() + ", " + found.moved() + " moved for want of ports";
    return new RoutePlan(
        topology, plan.jobs(), plan.traffic(), found.paths(), method, found.ports());
  }

  /** What no routing can pass, with prices that show it. */
  public static RouteCertificate certificate(RoutePlan plan) {
    double slowest = RouteRow.of("", plan.jobGbps(), 0).slowestGbps();
    return Bound.of(plan.topology(), plan.traffic(), plan.paths(), slowest, WORK);
  }

  /**
   * Computes anew what a certificate's prices prove; nothing of what made it is used.
   *
   * @return the bound on the slowest job and the bound on the mean, Gb/s
   */
  public static double[] verify(Topology topology, JobTable jobs, RouteCertificate certificate) {
    return new double[] {
      CertificateCheck.slowest(topology, jobs, certificate.slowestPrices()),
      CertificateCheck.mean(topology, jobs, certificate.meanPrices())
    };
  }

  /** The published ways of routing, ours and the bound. */
  public static RouteComparison compare(Topology topology, JobTable jobs) {
    LongSupplier clock = System::nanoTime;
    long start = clock.getAsLong();
    RoutePlan plan = plan(topology, jobs);
    double took = (clock.getAsLong() - start) / 1e9;
    return compare(plan, took);
  }

  /** The same for a plan made before; it took {@code seconds}. */
  public static RouteComparison compare(RoutePlan plan, double seconds) {
    return new RouteComparison(
        row(rival(plan, new Ecmp(false))),
        row(rival(plan, new Ecmp(true))),
        row(rival(plan, new GreedyC4p())),
        row(rival(plan, new CruxPriority(plan.jobs()))),
        RouteRow.of("Banyan: " + plan.method(), plan.jobGbps(), seconds),
        RouteRow.of("Banyan, equal weights", plan.withEqualWeights().jobGbps(), seconds),
        certificate(plan),
        plan);
  }

  /** A plan by every published way, for the fabric and jobs of a plan. */
  public static List<RoutePlan> rivals(RoutePlan plan) {
    return List.of(
        rival(plan, new Ecmp(false)).plan,
        rival(plan, new Ecmp(true)).plan,
        rival(plan, new GreedyC4p()).plan,
        rival(plan, new CruxPriority(plan.jobs())).plan);
  }

  private record Rival(RoutePlan plan, double seconds) {}

  private static Rival rival(RoutePlan like, RouteMethod method) {
    long start = System.nanoTime();
    var paths = method.route(like.topology(), like.traffic());
    double took = (System.nanoTime() - start) / 1e9;
    return new Rival(
        new RoutePlan(like.topology(), like.jobs(), like.traffic(), paths, method.name(), null),
        took);
  }

  private static RouteRow row(Rival rival) {
    return RouteRow.of(rival.plan.method(), rival.plan.jobGbps(), rival.seconds);
  }

  /** Writes a plan as JSON, atomically. */
  public static void write(RoutePlan plan, Path file) throws IOException {
    PlanWriter.write(plan, file);
  }
}

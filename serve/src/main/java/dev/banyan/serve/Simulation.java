package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.Scaler;
import dev.banyan.serve.simulate.Cluster;
import dev.banyan.serve.simulate.Setup;
import dev.banyan.serve.simulate.Tally;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The door to the simulator: one workload, several policies, several seeds. Every policy sees the
 * same requests.
 *
 * <pre>{@code
 * var simulation = Simulation.of(
 *     Workload.generated("M-M", 10_000, 9.5, 1),
 *     FleetPlan.of(EngineProfile.LLAMA_7B_A10, 16));
 * Comparison comparison = simulation.run(
 *     List.of("infaas", "llumnix", "banyan"), 10, new Seed(1), Progress.none());
 * }</pre>
 *
 * @param llumnixThreshold freeness below which the published Llumnix moves requests
 * @param priorities whether classes are told apart; without, figures of a class are those of the
 *     same requests served like all others
 * @param recordStays whether stays of requests on instances are kept, for a trace
 */
public record Simulation(
    Workload workload,
    FleetPlan fleet,
    double llumnixThreshold,
    boolean priorities,
    boolean recordStays) {
  private static final double SAMPLE_SECONDS = 0.25;

  /** With the artifact's threshold for this workload: 10 for M-M and S-L, else 3. */
  public static Simulation of(Workload workload, FleetPlan fleet) {
    boolean uneven = workload.name().equals("M-M") || workload.name().equals("S-L");
    boolean classes = workload.highShare() + workload.lowShare() > 0;
    return new Simulation(workload, fleet, uneven ? 10 : 3, classes, false);
  }

  /** The same with all requests served as one class. */
  public Simulation withoutPriorities() {
    return new Simulation(workload, fleet, llumnixThreshold, false, recordStays);
  }

  /** The same with stays kept. */
  public Simulation recording() {
    return new Simulation(workload, fleet, llumnixThreshold, priorities, true);
  }

  /**
   * Runs every policy on every seed.
   *
   * @param seeds draws of the workload, at least 1
   * @throws UserInputException when a policy is unknown, or a request is longer than the memory of
   *     an instance
   */
  public Comparison run(List<String> policies, int seeds, Seed seed, Progress progress) {
    if (seeds < 1) {
      throw new UserInputException(seeds + " seeds, at least 1 was expected");
    }
    for (String name : policies) {
      PolicyNames.policy(name, llumnixThreshold, priorities, seed);
    }
    List<Tally> tallies = policies.stream().map(Tally::new).toList();
    for (int i = 0; i < seeds; i++) {
      Seed own = seed.of("seed", i);
      List<TraceRequest> requests = workload.draw(own);
      check(requests);
      for (int p = 0; p < policies.size(); p++) {
        Policy policy = PolicyNames.policy(policies.get(p), llumnixThreshold, priorities, own);
        tallies.get(p).add(Cluster.run(requests, policy, setup(i == 0 && recordStays)));
        progress.step((long) i * policies.size() + p + 1, policies.get(p));
      }
    }
    List<PolicyOutcome> outcomes = new ArrayList<>();
    tallies.forEach(each -> outcomes.add(each.outcome()));
    return new Comparison(outcomes, seeds, workload.draw(seed.of("seed", 0)).size());
  }

  private Setup setup(boolean record) {
    @Nullable Scaler scaler =
        fleet
            .scaleLow()
            .map(low -> new Scaler(low, 50, 10, 100, 1, fleet.mostInstances()))
            .orElse(null);
    List<Setup.Failure> failures = new ArrayList<>();
    fleet.failures().forEach(f -> failures.add(new Setup.Failure(f.instance(), f.seconds())));
    return new Setup(
        fleet.profiles(),
        fleet.reportSeconds(),
        scaler,
        failures,
        SAMPLE_SECONDS,
        !priorities,
        record);
  }

  private void check(List<TraceRequest> requests) {
    int room = fleet.profiles().stream().mapToInt(EngineProfile::mostTokens).min().orElseThrow();
    for (int i = 0; i < requests.size(); i++) {
      TraceRequest each = requests.get(i);
      if (each.promptTokens() + each.outputTokens() > room) {
        throw new UserInputException(
            "%s: request %d needs %d tokens of KV memory, an instance has %d; cut lengths"
                    .formatted(
                        workload.name(), i + 1, each.promptTokens() + each.outputTokens(), room)
                + " or take a profile with more blocks");
      }
    }
  }
}

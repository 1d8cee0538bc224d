package dev.banyan.serve.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.policy.Admission;
import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Banyan;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.Infaas;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.Move;
import dev.banyan.serve.policy.Pairing;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.policy.Scaler;
import dev.banyan.serve.policy.SourceView;
import dev.banyan.serve.read.Generator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClusterTest {
  private static final EngineProfile A10 = EngineProfile.LLAMA_7B_A10;

  private static List<String> policies() {
    return PolicyNames.all();
  }

  @Test
  void aLoneRequestTakesWhatTheProfileSays() {
    Outcome outcome = run(List.of(TraceRequest.of(1, 100, 5)), new Infaas(), 1);
    Outcome.Served served = outcome.requests().getFirst();
    assertThat(served.firstTokenSeconds()).isCloseTo(0.004 + 0.000212 * 100, within(1e-9));
    double decode = 0;
    for (int context = 101; context <= 104; context++) {
      decode += 0.024 + 2.2e-6 * context + 0.00008;
    }
    assertThat(served.requestSeconds())
        .isCloseTo(served.firstTokenSeconds() + decode, within(1e-9));
  }

  /**
   * Decodes take 10 ms, prompts 4 ms and 0.1 ms a token, 512 tokens a step. The second request
   * comes in the middle of a step, and its 1,100 tokens take three steps of 511, 511 and 78, in
   * each of which the first one decodes on.
   */
  @Test
  void inChunksAPromptSharesItsStepsWithWhatDecodes() {
    var chunked =
        new EngineProfile(
            "chunked",
            A10.memory(),
            new EngineProfile.Prefill(0.004, 0.0001, 512),
            new EngineProfile.Decode(0.010, 0, 0, 1, 1_600),
            A10.copy(),
            0,
            EngineProfile.Batching.CHUNKED);
    List<TraceRequest> trace =
        List.of(TraceRequest.of(0, 100, 50), TraceRequest.of(0.030, 1100, 2));
    Outcome outcome =
        Cluster.run(
            trace,
            new Infaas(),
            new Setup(List.of(chunked), 0, null, List.of(), 0.25, true, false));
    double first = 0.014 + 2 * 0.010;
    double mixed = 3 * (0.010 + 0.004) + 0.0001 * 1100;
    assertThat(outcome.requests().get(0).firstTokenSeconds()).isCloseTo(0.014, within(1e-9));
    assertThat(outcome.requests().get(1).firstTokenSeconds())
        .isCloseTo(first + mixed - 0.030, within(1e-9));
    assertThat(outcome.requests().get(0).requestSeconds())
        .isCloseTo(first + mixed + 44 * 0.010, within(1e-9));
  }

  @Test
  void whatDoesNotFitWaitsForMemory() {
    // 600 of 851 blocks each: the second is admitted when the first one ends.
    List<TraceRequest> two =
        List.of(TraceRequest.of(0, 9600 - 40, 40), TraceRequest.of(0, 9600 - 40, 40));
    Outcome outcome = run(two, new Infaas(), 1);
    double first = outcome.requests().get(0).requestSeconds();
    double prefill = 0.004 + 0.000212 * 9560;
    assertThat(outcome.requests().get(1).firstTokenSeconds())
        .isCloseTo(first + prefill, within(1e-9));
    assertThat(outcome.fragmentationFraction()).isZero();
  }

  /** A policy that sends everything to instance 0 and only admits as told. */
  private record Admitting(Admission admission) implements Policy {
    @Override
    public String name() {
      return "admitting";
    }

    @Override
    public int dispatch(Arrival request, Fleet fleet) {
      return 0;
    }
  }

  /**
   * While a long decode holds most of the memory, a prompt of 4,000 tokens (0.852 s of prefill)
   * waits for it. One of 160 tokens that comes up to 0.852 · patience later passes it; one that
   * comes after that does not, although it would fit.
   */
  @Test
  void aShortPromptPassesALongOneOnlyAsFarAsPatienceReaches() {
    double patience = 10;
    double reach = patience * (0.000212 * (4000 - 160));
    List<TraceRequest> trace =
        List.of(
            TraceRequest.of(0, 9600, 1500),
            TraceRequest.of(3, 4000, 2),
            TraceRequest.of(3 + reach - 0.5, 160, 2),
            TraceRequest.of(3 + reach + 0.5, 160, 2));
    Outcome patient = run(trace, new Admitting(new Admission(patience, 0)), 1);
    double longStarts = 3 + patient.requests().get(1).firstTokenSeconds();
    double early = trace.get(2).arrivalSeconds() + patient.requests().get(2).firstTokenSeconds();
    double late = trace.get(3).arrivalSeconds() + patient.requests().get(3).firstTokenSeconds();
    assertThat(early).isLessThan(longStarts - 5);
    assertThat(late).isGreaterThanOrEqualTo(longStarts);
    Outcome first = run(trace, new Admitting(Admission.FIRST_COME), 1);
    assertThat(trace.get(2).arrivalSeconds() + first.requests().get(2).firstTokenSeconds())
        .isGreaterThanOrEqualTo(3 + first.requests().get(1).firstTokenSeconds());
  }

  /** Room for growth keeps the newcomer out until it need not be preempted. */
  @Test
  void roomForGrowthSavesAPreemption() {
    List<TraceRequest> trace =
        List.of(TraceRequest.of(0, 800 * 16 - 600, 900), TraceRequest.of(1, 16 * 20, 900));
    Outcome greedy = run(trace, new Admitting(Admission.FIRST_COME), 1);
    Outcome roomy = run(trace, new Admitting(new Admission(0, 80)), 1);
    assertThat(greedy.counts().preemptions()).isPositive();
    assertThat(roomy.counts().preemptions()).isZero();
  }

  /** Two heads lack 120 blocks each while 240 are free, but half on either instance. */
  @Test
  void scatteredFreeMemoryIsCountedAsFragmentation() {
    List<TraceRequest> trace = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      trace.add(TraceRequest.of(0, 720 * 16 - 600, 600));
    }
    // Head 200 blocks; free after the watermark of 8 about 130 to 160 on each of two.
    trace.add(TraceRequest.of(5, 200 * 16, 1));
    trace.add(TraceRequest.of(10, 16, 1));
    Outcome outcome = run(trace, new Infaas(), 2);
    assertThat(outcome.fragmentationFraction()).isBetween(0.05, 200.0 / 1702);
  }

  @Test
  void theNewestIsPreemptedWhenMemoryRunsOutAndItsLossIsMeasured() {
    // Both fit when they come, not when they have grown.
    List<TraceRequest> two =
        List.of(TraceRequest.of(0, 6000, 1200), TraceRequest.of(0.001, 6000, 1200));
    Outcome outcome = run(two, new Infaas(), 1);
    assertThat(outcome.counts().preemptions()).isEqualTo(1);
    assertThat(outcome.requests().get(0).lostSeconds()).isZero();
    assertThat(outcome.requests().get(1).lostSeconds()).isPositive();
    assertThat(outcome.requests().get(1).requestSeconds())
        .isGreaterThan(outcome.requests().get(0).requestSeconds());
  }

  @ParameterizedTest
  @MethodSource("policies")
  void everyPolicyServesEveryRequestInFull(String name) {
    List<TraceRequest> trace = Generator.generate("M-M", 800, 12, 2, new Seed(5));
    Policy policy = PolicyNames.policy(name, 10, false, new Seed(1));
    Outcome outcome = run(trace, policy, 16);
    for (int i = 0; i < trace.size(); i++) {
      Outcome.Served served = outcome.requests().get(i);
      assertThat(served.tokens()).isEqualTo(trace.get(i).outputTokens());
      double fastest = 0.004 + 0.000212 * trace.get(i).promptTokens();
      assertThat(served.firstTokenSeconds()).isGreaterThanOrEqualTo(fastest - 1e-9);
    }
    Outcome again = run(trace, policy, 16);
    assertThat(again.requests()).isEqualTo(outcome.requests());
    assertThat(again.counts()).isEqualTo(outcome.counts());
  }

  @Test
  void aRequestThatMovesTwiceKeepsItsTokensAndStopsBriefly() {
    Outcome outcome =
        run(List.of(TraceRequest.of(0, 2000, 300)), new BackAndForth(Move.Kind.LIVE, 2), 2);
    Outcome.Served served = outcome.requests().getFirst();
    assertThat(outcome.counts().moves()).isEqualTo(2);
    assertThat(served.tokens()).isEqualTo(300);
    assertThat(served.lostSeconds()).isZero();
    assertThat(served.stoppedSeconds()).isBetween(2 * 0.020, 2 * 0.040);
  }

  @Test
  void aReplayedRequestPaysForItsPromptAgain() {
    Outcome outcome =
        run(List.of(TraceRequest.of(0, 2000, 300)), new BackAndForth(Move.Kind.REPLAY, 1), 2);
    assertThat(outcome.counts().replays()).isEqualTo(1);
    assertThat(outcome.requests().getFirst().lostSeconds()).isGreaterThan(0.000212 * 2000);
  }

  @Test
  void sharedPrefixesAreChargedAndComputedOnce() {
    int[] shared = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    List<TraceRequest> two = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      two.add(new TraceRequest(3.0 * i, 5200, 300, PriorityClass.NORMAL, shared, 512));
    }
    Outcome with = run(two, new Infaas(), 1);
    double alone = 0.004 + 0.000212 * 5200;
    assertThat(with.requests().get(0).firstTokenSeconds()).isCloseTo(alone, within(1e-9));
    // 80 of 5,200 tokens are its own; it waits for at most one step of the other.
    assertThat(with.requests().get(1).firstTokenSeconds()).isLessThan(0.06);
    double most = with.load().stream().mapToDouble(used -> used[0]).max().orElseThrow();
    assertThat(most).isBetween(325.0 / 851, 380.0 / 851);
  }

  @Test
  void whenAnInstanceDiesBanyanReplaysAndTheOthersAbort() {
    List<TraceRequest> trace = Generator.generate("S-S", 300, 20, 1, new Seed(2));
    Setup setup =
        new Setup(
            Collections.nCopies(4, A10),
            0,
            null,
            List.of(new Setup.Failure(2, 6)),
            0.25,
            true,
            false);
    Outcome aborting = Cluster.run(trace, new Infaas(), setup);
    Outcome replaying = Cluster.run(trace, Banyan.STANDARD, setup);
    assertThat(aborting.aborted()).isPositive();
    assertThat(replaying.aborted()).isZero();
    assertThat(replaying.counts().replays()).isPositive();
    assertThat(replaying.requests())
        .allSatisfy(each -> assertThat(each.requestSeconds()).isPositive());
  }

  @Test
  void aFleetThatScalesGivesInstancesBackWithoutAborting() {
    List<TraceRequest> trace = Generator.generate("L-L", 700, 1.2, 1, new Seed(1));
    Setup setup =
        new Setup(
            Collections.nCopies(16, A10), 0, Scaler.llumnix(10), List.of(), 0.25, true, false);
    Outcome scaled = Cluster.run(trace, Banyan.STANDARD, setup);
    Outcome fixed = run(trace, Banyan.STANDARD, 16);
    assertThat(scaled.instanceSeconds()).isLessThan(0.8 * fixed.instanceSeconds());
    assertThat(scaled.aborted()).isZero();
  }

  @Test
  void simultaneousArrivalsDoNotHerdWhenReportsAreStale() {
    List<TraceRequest> burst = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      burst.add(TraceRequest.of(1, 64, 50));
    }
    Setup stale = new Setup(Collections.nCopies(4, A10), 0.5, null, List.of(), 0.25, true, true);
    Outcome outcome = Cluster.run(burst, Banyan.STANDARD, stale);
    int[] sent = new int[4];
    outcome.spans().forEach(span -> sent[span.instance()]++);
    assertThat(sent).containsOnly(16);
    Outcome herding = Cluster.run(burst, new Infaas(), stale);
    assertThat(herding.spans().stream().map(Span::instance).distinct().count()).isEqualTo(1);
  }

  private static Outcome run(List<TraceRequest> trace, Policy policy, int instances) {
    return Cluster.run(
        trace,
        policy,
        new Setup(Collections.nCopies(instances, A10), 0, null, List.of(), 0.25, true, false));
  }

  /** Moves the one request to the other instance, so many times. */
  private record BackAndForth(Move.Kind kind, int times) implements Policy {
    @Override
    public String name() {
      return "back-and-forth";
    }

    @Override
    public int dispatch(Arrival request, Fleet fleet) {
      return 0;
    }

    @Override
    public List<Pairing> pair(Fleet fleet) {
      for (InstanceLoad each : fleet.instances()) {
        if (each.batch().requests() > 0 && !each.state().moving()) {
          return List.of(new Pairing(each.id(), 1 - each.id()));
        }
      }
      return List.of();
    }

    @Override
    public Optional<Move> choose(SourceView source, InstanceLoad destination) {
      return source.running().stream()
          .filter(each -> each.moves() < times && each.generated() > 20)
          .map(each -> new Move(each.id(), kind))
          .findFirst();
    }

    @Override
    public int reportsPerRound() {
      return 1;
    }
  }
}

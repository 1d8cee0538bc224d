package dev.banyan.cluster.steer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Placement;
import dev.banyan.cluster.SteeringDecision;
import dev.banyan.cluster.SteeringDecision.Kind;
import dev.banyan.cluster.SteeringLimits;
import dev.banyan.cluster.SteeringState;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class SteeringTest {
  private static final SteeringState START =
      SteeringState.first(
          new Placement(List.of("a", "b", "c", "d"), List.of("spare-0", "spare-1")));

  @Test
  void nothingIsDoneWithoutAVerdictOrForOneThatAsksForAProbe() {
    assertThat(decide(START).kind()).isEqualTo(Kind.GO_ON);
    assertThat(decide(START, hang(1, Action.PROBE)).kind()).isEqualTo(Kind.GO_ON);
  }

  @Test
  void aSureVerdictPutsTheSpareInTheCulpritsPlace() {
    SteeringDecision decision = decide(START, hang(1, Action.ISOLATE));
    assertThat(decision.kind()).isEqualTo(Kind.RESTART);
    assertThat(decision.isolate()).containsExactly("b");
    assertThat(decision.next().placement().slots()).containsExactly("a", "spare-0", "c", "d");
    assertThat(decision.next().placement().spares()).containsExactly("spare-1");
    assertThat(decision.next().generation()).isEqualTo(1);
  }

  @Test
  void anUnsureVerdictRestartsOnTheSameHostsAndTheSecondStrikeIsolates() {
    SteeringDecision first = decide(START, hang(2, Action.RESTART));
    assertThat(first.kind()).isEqualTo(Kind.RESTART);
    assertThat(first.isolate()).isEmpty();
    assertThat(first.next().placement()).isEqualTo(START.placement());
    SteeringDecision second = decide(first.next(), hang(2, Action.RESTART));
    assertThat(second.isolate()).containsExactly("c");
    assertThat(second.next().placement().slots()).containsExactly("a", "b", "spare-0", "d");
  }

  @Test
  void strikesCountHostLabelsAndNotRanks() {
    var shared =
        SteeringState.first(new Placement(List.of("a", "a", "b", "b"), List.of("c", "c", "c")));
    SteeringDecision first = decide(shared, hang(0, Action.RESTART));
    SteeringDecision second = decide(first.next(), hang(1, Action.RESTART));
    assertThat(second.isolate()).containsExactly("a");
    assertThat(second.next().placement().slots()).containsExactly("c", "c", "b", "b");
  }

  @Test
  void softwareIsNeverAReasonToTakeAHostOut() {
    SteeringDecision decision = decide(START, verdict(Syndrome.MISMATCH, 1, Action.FIX_SOFTWARE));
    assertThat(decision.kind()).isEqualTo(Kind.STOP);
    assertThat(decision.isolate()).isEmpty();
    assertThat(decision.next()).isEqualTo(START);
  }

  @Test
  void withoutASpareTheJobStops() {
    var none = SteeringState.first(new Placement(List.of("a", "b"), List.of()));
    assertThat(decide(none, hang(1, Action.ISOLATE)).kind()).isEqualTo(Kind.STOP);
    var sameHost = SteeringState.first(new Placement(List.of("a", "b"), List.of("b")));
    assertThat(decide(sameHost, hang(1, Action.ISOLATE)).reason()).contains("0 of 1 spares");
  }

  @Test
  void theBlastRadiusIsHeld() {
    var tight = new SteeringLimits(2, 0.34, 10); // 2 of 6 hosts
    var ample = SteeringState.first(new Placement(List.of("a", "b", "c"), List.of("s", "t", "u")));
    SteeringDecision three =
        Steering.decide(
            ample,
            findings(hang(0, Action.ISOLATE), hang(1, Action.ISOLATE), hang(2, Action.ISOLATE)),
            tight);
    assertThat(three.kind()).isEqualTo(Kind.STOP);
    assertThat(three.reason()).contains("3 of 6 hosts");
    SteeringDecision two =
        Steering.decide(ample, findings(hang(0, Action.ISOLATE), hang(1, Action.ISOLATE)), tight);
    assertThat(two.kind()).isEqualTo(Kind.RESTART);
  }

  @Test
  void ofAConnectionTheSendersHostIsTaken() {
    var link =
        new Verdict(
            Syndrome.COMMUNICATION_SLOW,
            List.of(2, 3),
            List.of(),
            List.of("3->2"),
            List.of(),
            0.9,
            List.of(),
            Action.ISOLATE);
    assertThat(decide(START, link).isolate()).containsExactly("d");
  }

  @Test
  void aJobIsNotRestartedForever() {
    SteeringState state = START;
    for (int i = 0; i < 3; i++) {
      SteeringDecision decision =
          Steering.decide(state, findings(hang(i, Action.RESTART)), new SteeringLimits(9, 0.5, 2));
      assertThat(decision.kind()).isEqualTo(i < 2 ? Kind.RESTART : Kind.STOP);
      state = decision.next();
    }
  }

  private static SteeringDecision decide(SteeringState state, Verdict... verdicts) {
    return Steering.decide(state, findings(verdicts), SteeringLimits.USUAL);
  }

  private static Findings findings(Verdict... verdicts) {
    return new Findings(List.of(verdicts), List.of(), List.of(), List.of(), List.of(), 4, 4, 0);
  }

  private static Verdict hang(int rank, Action action) {
    return verdict(Syndrome.NON_COMMUNICATION_HANG, rank, action);
  }

  private static Verdict verdict(Syndrome syndrome, int rank, Action action) {
    return new Verdict(
        syndrome, List.of(rank), List.of(), List.of(), List.of(), 0.9, List.of(), action);
  }
}

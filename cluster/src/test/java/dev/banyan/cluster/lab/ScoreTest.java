package dev.banyan.cluster.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Fault;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.Seed;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreTest {
  @Test
  void silenceIsRightOnlyWhereNothingWasDone() {
    assertThat(score(Fault.NONE, -1, -1).syndrome()).isTrue();
    assertThat(score(Fault.SLEEP, 1, -1).syndrome()).isFalse();
    var alarm = verdict(Syndrome.NON_COMMUNICATION_SLOW, List.of(1), List.of(), List.of());
    assertThat(score(Fault.NOISY_NEIGHBOUR, -1, -1, alarm).syndrome()).isFalse();
  }

  @Test
  void aPortIsNotTheRankItBelongsTo() {
    var sends = verdict(Syndrome.COMMUNICATION_SLOW, List.of(1), List.of("1->*"), List.of());
    assertThat(score(Fault.TX_SLOW, 1, -1, sends).exact()).isTrue();
    assertThat(score(Fault.RX_SLOW, 1, -1, sends).culprit()).isFalse();
    assertThat(score(Fault.TX_SLOW, 2, -1, sends).culprit()).isFalse();
  }

  @Test
  void aSetCountsWhenTheCulpritIsInIt() {
    var set =
        verdict(
            Syndrome.COMMUNICATION_SLOW,
            List.of(1, 2),
            List.of("1->2"),
            List.of("tx:1", "rx:2", "link:1->2"));
    assertThat(score(Fault.RX_SLOW, 2, -1, set).inSet()).isTrue();
    assertThat(score(Fault.RX_SLOW, 2, -1, set).exact()).isFalse();
    assertThat(score(Fault.RX_SLOW, 1, -1, set).culprit()).isFalse();
  }

  @Test
  void namingAnInnocentBesidesSpoilsIt() {
    var right = verdict(Syndrome.NON_COMMUNICATION_HANG, List.of(1), List.of(), List.of());
    var wrong = verdict(Syndrome.NON_COMMUNICATION_HANG, List.of(4), List.of(), List.of());
    assertThat(score(Fault.STOP_BETWEEN, 1, -1, right, wrong).culprit()).isFalse();
  }

  @Test
  void ofTwoBothAreNamedOrTheOtherIsDeclaredMasked() {
    var both = verdict(Syndrome.NON_COMMUNICATION_HANG, List.of(1, 3), List.of(), List.of());
    var one = verdict(Syndrome.NON_COMMUNICATION_HANG, List.of(1), List.of(), List.of());
    var planted = new Planted(Fault.TWO_STOPPED, 1, 3, 0);
    assertThat(Score.of(planted, findings(List.of(), both)).exact()).isTrue();
    assertThat(Score.of(planted, findings(List.of(), one)).culprit()).isFalse();
    assertThat(Score.of(planted, findings(List.of(0, 2, 3), one)).exact()).isTrue();
    assertThat(Score.of(planted, findings(List.of(1, 3))).culprit()).isFalse();
  }

  @Test
  void theSameSeedPlantsTheSame() {
    var first = Planted.draw(Fault.LINK_SLOW, 6, new Seed(7));
    assertThat(Planted.draw(Fault.LINK_SLOW, 6, new Seed(7))).isEqualTo(first);
    assertThat(first.rank()).isNotEqualTo(first.other());
    assertThat(first.onRing(6).other()).isEqualTo((first.rank() + 1) % 6);
  }

  private static Score score(Fault fault, int rank, int other, Verdict... verdicts) {
    return Score.of(new Planted(fault, rank, other, 0), findings(List.of(), verdicts));
  }

  private static Findings findings(List<Integer> masked, Verdict... verdicts) {
    return new Findings(List.of(verdicts), List.of(), masked, List.of(), List.of(), 6, 6, 0);
  }

  private static Verdict verdict(
      Syndrome syndrome, List<Integer> ranks, List<String> links, List<String> ambiguity) {
    return new Verdict(
        syndrome, ranks, List.of(), links, ambiguity, 0.9, List.of(), Action.ISOLATE);
  }
}

package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.EventLine.Direction;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClusterViewTest {
  private static final long MILLI = 1_000_000;

  @Test
  void delaysAreFromTheFirstToTheLastByteThatTheReceiverSaw() {
    var view = new ClusterView("a job", null);
    for (int i = 0; i < 3; i++) {
      transfer(view, 0, 1, i * 100L, 5);
      transfer(view, 2, 1, i * 100L, 80);
    }
    ClusterSnapshot shot = view.snapshot(findings(List.of(), 3), 7);
    ClusterSnapshot.Delays delays = Objects.requireNonNull(shot.delays());
    assertThat(delays.millis()).containsExactly(-1, 5, -1, -1, -1, -1, -1, 80, -1);
    assertThat(shot.states()).isEqualTo("hhh");
  }

  @Test
  void aVerdictStandsUntilItIsSaidNoMoreAndKeepsTheTimeItCame() {
    var view = new ClusterView("a job", null);
    var verdict =
        new Verdict(
            Syndrome.COMMUNICATION_SLOW,
            List.of(1),
            List.of(),
            List.of("1->*"),
            List.of(),
            0.9,
            List.of("row 1 is slow"),
            Action.ISOLATE);
    ClusterSnapshot first = view.snapshot(findings(List.of(verdict), 3), 1000);
    assertThat(first.states()).isEqualTo("hch");
    ClusterSnapshot later = view.snapshot(findings(List.of(verdict), 3), 2000);
    assertThat(later.verdicts()).hasSize(1);
    assertThat(later.verdicts().getFirst().atMillis()).isEqualTo(1000);
    assertThat(later.verdicts().getFirst().open()).isTrue();
    ClusterSnapshot over = view.snapshot(findings(List.of(), 3), 3000);
    assertThat(over.states()).isEqualTo("hhh");
    assertThat(over.verdicts().getFirst().open()).isFalse();
  }

  @Test
  void tenThousandRanksFoldToAMatrixThatCanBeSentEverySecond() {
    var view = new ClusterView("a job", null);
    for (int rank = 0; rank < 10_000; rank++) {
      transfer(view, rank, (rank + 1) % 10_000, 0, rank == 7_777 ? 300 : 1);
    }
    ClusterSnapshot.Delays delays =
        Objects.requireNonNull(view.snapshot(findings(List.of(), 10_000), 0).delays());
    assertThat(delays.ranksPerCell()).isEqualTo(80);
    assertThat(delays.millis()[7_777 / 80 * delays.size() + 7_778 / 80]).isEqualTo(300);
    assertThat(delays.worst()).containsExactly(new ClusterSnapshot.Worst(7_777, 7_778, 300));
  }

  private static void transfer(ClusterView view, int from, int to, long atMillis, long takes) {
    view.accept(event(from, to, atMillis * MILLI, EventKind.FIRST));
    view.accept(event(from, to, (atMillis + takes) * MILLI, EventKind.LAST));
  }

  private static EventLine event(int from, int to, long nanos, EventKind kind) {
    return new EventLine.Event(
        nanos,
        to,
        "world",
        0,
        CollectiveOp.ALL_TO_ALL,
        "pairwise",
        1 << 20,
        0,
        from,
        Direction.RX,
        kind);
  }

  private static Findings findings(List<Verdict> verdicts, int ranks) {
    List<Integer> innocent =
        IntStream.range(0, ranks)
            .filter(rank -> verdicts.stream().noneMatch(v -> v.ranks().contains(rank)))
            .boxed()
            .toList();
    return new Findings(verdicts, innocent, List.of(), List.of(), List.of(), ranks, ranks, 0);
  }
}

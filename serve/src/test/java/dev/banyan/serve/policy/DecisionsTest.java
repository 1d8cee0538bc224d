package dev.banyan.serve.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionsTest {
  @Test
  void infaasTakesTheMostFreeMemoryPerRequest() {
    Fleet fleet = new Fleet(List.of(load(0, 400, 10, 0), load(1, 300, 4, 0), load(2, 800, 40, 0)));
    assertThat(new Infaas().dispatch(arrival(PriorityClass.NORMAL), fleet)).isEqualTo(1);
  }

  @Test
  void drainingInstancesTakeNothingNew() {
    Fleet fleet = new Fleet(List.of(draining(load(0, 800, 0, 0)), load(1, 10, 60, 0)));
    for (Policy each : List.of(new Infaas(), new RoundRobin(), Banyan.STANDARD, new KvCost(1))) {
      assertThat(each.dispatch(arrival(PriorityClass.NORMAL), fleet)).isEqualTo(1);
    }
  }

  @Test
  void llumnixZipsTheLeastFreeWithTheFreest() {
    Fleet fleet =
        new Fleet(
            List.of(
                load(0, 30, 20, 0), load(1, 700, 10, 0), load(2, 18, 20, 0), load(3, 400, 10, 0)));
    assertThat(new Llumnix(3, false).pair(fleet))
        .containsExactly(new Pairing(2, 1), new Pairing(0, 3));
  }

  @Test
  void powerOfTwoNeverTakesTheMoreLoadedOfTwoInstances() {
    Fleet fleet = new Fleet(List.of(load(0, 100, 20, 0), load(1, 100, 5, 0)));
    for (int id = 0; id < 50; id++) {
      var request = new Arrival(id, 10, PriorityClass.NORMAL, Arrival.CachedPrefix.NONE);
      assertThat(new PowerOfTwo(new Seed(1)).dispatch(request, fleet)).isEqualTo(1);
    }
  }

  @Test
  void cacheAwareFollowsThePrefixUntilLoadsAreUneven() {
    var request = new Arrival(1, 1000, PriorityClass.NORMAL, id -> id == 2 ? 900 : 0);
    var even = new Fleet(List.of(load(0, 100, 5, 0), load(1, 100, 5, 0), load(2, 100, 60, 0)));
    var uneven = new Fleet(List.of(load(0, 100, 5, 0), load(1, 100, 4, 0), load(2, 100, 90, 0)));
    assertThat(new CacheAware().dispatch(request, even)).isEqualTo(2);
    assertThat(new CacheAware().dispatch(request, uneven)).isEqualTo(1);
  }

  @Test
  void kvCostWeighsCachedBlocksAgainstMemoryInUse() {
    var request = new Arrival(1, 1600, PriorityClass.NORMAL, id -> id == 1 ? 1600 : 0);
    assertThat(
            new KvCost(1)
                .dispatch(request, new Fleet(List.of(load(0, 500, 5, 0), load(1, 450, 5, 0)))))
        .isEqualTo(1);
    assertThat(
            new KvCost(1)
                .dispatch(request, new Fleet(List.of(load(0, 500, 5, 0), load(1, 350, 5, 0)))))
        .isEqualTo(0);
  }

  @Test
  void aBlockedRequestGoesWhereItFitsBeforeAnythingIsCopied() {
    Fleet fleet = new Fleet(List.of(load(0, 100, 20, 300), load(1, 500, 20, 0)));
    Pairing pair = Banyan.STANDARD.pair(fleet).getFirst();
    assertThat(pair).isEqualTo(new Pairing(0, 1));
    var view =
        new SourceView(
            fleet.instances().get(0), List.of(running(1, 200, 0)), List.of(waiting(2, 300)));
    assertThat(Banyan.STANDARD.choose(view, fleet.instances().get(1)))
        .contains(new Move(2, Move.Kind.REQUEUE));
  }

  @Test
  void theSmallestRequestThatUnblocksTheHeadAndFitsIsCopied() {
    InstanceLoad source = load(0, 100, 5, 300);
    InstanceLoad destination = load(1, 290, 5, 0);
    // 208 blocks are lacking; 400 does not fit at the destination.
    var view =
        new SourceView(
            source,
            List.of(running(1, 50, 0), running(2, 230, 0), running(3, 260, 0), running(4, 400, 0)),
            List.of(waiting(9, 300)));
    assertThat(Banyan.STANDARD.choose(view, destination)).contains(new Move(2, Move.Kind.LIVE));
  }

  @Test
  void aRequestThatMovedOftenEnoughStays() {
    InstanceLoad source = load(0, 10, 5, 0);
    var view = new SourceView(source, List.of(running(1, 50, 4), running(2, 60, 3)), List.of());
    assertThat(Banyan.STANDARD.choose(view, load(1, 700, 2, 0)))
        .contains(new Move(2, Move.Kind.LIVE));
  }

  @Test
  void headroomCountsOnlyAgainstLowerClasses() {
    InstanceLoad hosting = high(load(0, 600, 6, 0));
    InstanceLoad full = load(1, 200, 20, 0);
    Fleet fleet = new Fleet(List.of(hosting, full));
    assertThat(Banyan.STANDARD.dispatch(arrival(PriorityClass.HIGH), fleet)).isZero();
    assertThat(Banyan.STANDARD.dispatch(arrival(PriorityClass.NORMAL), fleet)).isEqualTo(1);
  }

  @Test
  void aWaitingLowerClassGetsItsFloor() {
    var order = new ClassOrder(0.05);
    double[] served = new double[PriorityClass.count()];
    var all = new ClassCounts(1000, 1000, 1000);
    for (int i = 0; i < 10_000; i++) {
      served[order.next(all, served).index()] += 100;
    }
    assertThat(served[0] / 1e6).isBetween(0.049, 0.051);
    assertThat(served[1] / 1e6).isBetween(0.049, 0.051);
    assertThat(ClassOrder.STRICT.next(all, served)).isEqualTo(PriorityClass.HIGH);
    assertThat(order.next(new ClassCounts(3, 0, 0), served)).isEqualTo(PriorityClass.LOW);
  }

  @Test
  void theScalerAddsWhatIsMissingAndDrainsOneWhenThereIsPlenty() {
    Scaler scaler = Scaler.llumnix(10);
    Fleet busy = new Fleet(List.of(load(0, 58, 50, 0), load(1, 58, 50, 0)));
    // 100 available blocks over 100 requests; 1,000 are wanted, an instance has 851.
    assertThat(scaler.decide(busy, 0)).isEqualTo(new Scaler.Decision.Add(2));
    assertThat(scaler.decide(busy, 2)).isEqualTo(new Scaler.Decision.Keep());
    List<InstanceLoad> idle = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      idle.add(load(i, 800, 3 - i, 0));
    }
    assertThat(scaler.decide(new Fleet(idle), 0)).isEqualTo(new Scaler.Decision.Drain(2));
    assertThat(scaler.decide(new Fleet(List.of(load(0, 800, 1, 0))), 0))
        .isEqualTo(new Scaler.Decision.Keep());
  }

  private static Arrival arrival(PriorityClass priority) {
    return new Arrival(1, 64, priority, Arrival.CachedPrefix.NONE);
  }

  private static RequestView running(long id, int blocks, int moves) {
    return new RequestView(
        id, PriorityClass.NORMAL, blocks, blocks, blocks * 16, 4000, moves, true, 100);
  }

  private static RequestView waiting(long id, int blocks) {
    return new RequestView(id, PriorityClass.NORMAL, blocks, blocks, blocks * 16, 0, 0, false, 1);
  }

  /** An instance of 851 blocks with a head that waits for so many. */
  private static InstanceLoad load(int id, int free, int running, int head) {
    var memory = new InstanceLoad.Memory(851, free, 8, 16, 0);
    var queue =
        head == 0
            ? InstanceLoad.Queue.EMPTY
            : new InstanceLoad.Queue(
                new ClassCounts(0, 1, 0), head, head * 16, head, free - head < 8, 1, 0);
    return new InstanceLoad(
        id,
        memory,
        new InstanceLoad.Batch(new ClassCounts(0, running, 0), (851 - free) * 16L),
        queue,
        new InstanceLoad.InFlight(0, 0, 0),
        new InstanceLoad.Pace(0.05, 0.06, 0.01, 0.0002),
        new InstanceLoad.State(false, false, true));
  }

  private static InstanceLoad draining(InstanceLoad load) {
    return new InstanceLoad(
        load.id(),
        load.memory(),
        load.batch(),
        load.queue(),
        load.inFlight(),
        load.pace(),
        new InstanceLoad.State(true, false, true));
  }

  private static InstanceLoad high(InstanceLoad load) {
    return new InstanceLoad(
        load.id(),
        load.memory(),
        new InstanceLoad.Batch(new ClassCounts(0, load.batch().requests(), 1), 100),
        load.queue(),
        load.inFlight(),
        load.pace(),
        load.state());
  }
}

package dev.banyan.serve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.serve.DecisionLog;
import dev.banyan.serve.policy.Banyan;
import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The cluster before engines that only say what they are told to say. */
final class LiveClusterTest {
  private static final int BLOCKS = 100;
  private static final long PATIENCE_MILLIS = 30_000;

  @TempDir private Path folder;
  private final List<Mute> engines = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (Mute each : engines) {
      each.close();
    }
  }

  /** An engine that hears requests and never computes one. */
  private static final class Mute implements AutoCloseable {
    final int id;
    final ServerSocketChannel server;
    final LinkedBlockingQueue<Say.Submit> came = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<Wire> gateways = new LinkedBlockingQueue<>();

    Mute(int id, String address) throws IOException {
      this.id = id;
      this.server = Wire.listen(address);
      Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
      try {
        Wire wire = Wire.over(server.accept(), "mute");
        wire.start(say -> heard(wire, say), (migration, stage, index) -> null, () -> {});
        gateways.add(wire);
      } catch (IOException e) {
        // closed
      }
    }

    private void heard(Wire wire, Say say) {
      switch (say) {
        case Say.Hello hello ->
            wire.say(new Say.Ready(id, 1, "none", "exact", List.of(), BLOCKS, 16, 16, 1600, 64));
        case Say.Submit submit -> came.add(submit);
        default -> {}
      }
    }

    /** Reports an idle engine that has heard of so many requests. */
    void report(long heard) throws InterruptedException {
      var load =
          new InstanceLoad(
              id,
              new InstanceLoad.Memory(BLOCKS, BLOCKS, 1, 16, 0),
              new InstanceLoad.Batch(ClassCounts.NONE, 0),
              InstanceLoad.Queue.EMPTY,
              new InstanceLoad.InFlight(0, 0, heard),
              new InstanceLoad.Pace(0.01, 0.01, 0.001, 2e-6),
              new InstanceLoad.State(false, false, true));
      say(new Say.Load(load, new EngineFigures(heard + 1, 0, 0, 0, 0, 0.01, 0, 0)));
    }

    void say(Say say) throws InterruptedException {
      Wire gateway = gateways.take();
      gateways.add(gateway);
      gateway.say(say);
    }

    /** As if its process had been killed. */
    void die() throws InterruptedException {
      gateways.take().close();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static TokenRequest asked() {
    return TokenRequest.greedy(new int[40], 8);
  }

  private void join(LiveCluster cluster, int count) throws IOException {
    join(cluster, count, 0);
  }

  /** Those from a number on. */
  private void join(LiveCluster cluster, int count, int from) throws IOException {
    for (int id = from; id < count; id++) {
      String address = "unix:" + folder.resolve("mute-" + id);
      engines.add(new Mute(id, address));
      Say.Ready ready = cluster.join(id, address);
      assertThat(ready.instance()).isEqualTo(id);
    }
  }

  @Test
  void whatAnInstanceThatDiedHadGoesOnElsewhereWithTheTokensItsClientHas() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 2);
      Stream stream = cluster.submit(asked());
      assertThat(cluster.ownerOf(stream.id)).isZero();
      engines.getFirst().say(new Say.Tokens(List.of(token(stream, 0), token(stream, 1))));
      assertThat(stream.next(PATIENCE_MILLIS)).isNotNull();
      assertThat(stream.next(PATIENCE_MILLIS)).isNotNull();
      engines.getFirst().die();
      Say.Submit again = engines.get(1).came.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      assertThat(again).isNotNull();
      assertThat(again.request()).isEqualTo(stream.id);
      assertThat(again.generated()).containsExactly(9, 9);
      assertThat(cluster.counts().died()).isEqualTo(1);
    }
  }

  @Test
  void whenTheLastDiesRequestsEndUnlessAnotherComesInItsPlace() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 1);
      Stream unkept = cluster.submit(asked());
      engines.getFirst().die();
      assertThat(unkept.next(PATIENCE_MILLIS))
          .isNotNull()
          .extracting(Token::finish)
          .isEqualTo(Token.Finish.ERROR);

      var dead = new LinkedBlockingQueue<Integer>();
      cluster.keep(dead::add);
      join(cluster, 2, 1);
      Stream kept = cluster.submit(asked());
      engines.get(1).say(new Say.Tokens(List.of(token(kept, 0))));
      assertThat(kept.next(PATIENCE_MILLIS)).isNotNull();
      engines.get(1).die();
      assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(1);
      assertThat(cluster.open()).isEqualTo(1);
      assertThat(cluster.staying()).isZero();
      join(cluster, 3, 2);
      Say.Submit again = engines.get(2).came.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      assertThat(again).isNotNull();
      assertThat(again.generated()).containsExactly(9);
    }
  }

  @Test
  void aRequestUnderWhichThreeInstancesDiedIsNotGivenToAFourth() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      var dead = new LinkedBlockingQueue<Integer>();
      cluster.keep(dead::add);
      join(cluster, 1);
      Stream stream = cluster.submit(asked());
      for (int id = 0; id < 3; id++) {
        assertThat(engines.get(id).came.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isNotNull();
        engines.get(id).die();
        assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(id);
        assertThat(cluster.open()).isEqualTo(id < 2 ? 1 : 0);
        join(cluster, id + 2, id + 1);
      }
      assertThat(stream.next(0))
          .isNotNull()
          .extracting(Token::finish)
          .isEqualTo(Token.Finish.ERROR);
      Stream innocent = cluster.submit(asked());
      Say.Submit next = engines.get(3).came.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      assertThat(next).isNotNull().extracting(Say.Submit::request).isEqualTo(innocent.id);
    }
  }

  @Test
  void whenNobodyComesInItsPlaceThoseWhoWaitForItAreTold() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      var dead = new LinkedBlockingQueue<Integer>();
      cluster.keep(dead::add);
      join(cluster, 1);
      Stream stream = cluster.submit(asked());
      engines.getFirst().die();
      assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isZero();
      assertThat(stream.next(0)).isNull();
      cluster.giveUpWaiting();
      assertThat(stream.next(0))
          .isNotNull()
          .extracting(Token::finish)
          .isEqualTo(Token.Finish.ERROR);
      assertThat(cluster.open()).isZero();
      assertThatThrownBy(() -> cluster.submit(asked()))
          .isInstanceOf(LiveCluster.NobodyException.class);
      join(cluster, 2, 1);
      engines.get(1).die();
      assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(1);
      Stream late = cluster.submit(asked());
      join(cluster, 3, 2);
      Say.Submit came = engines.get(2).came.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      assertThat(came).isNotNull().extracting(Say.Submit::request).isEqualTo(late.id);
      assertThat(late.next(0)).isNull();
    }
  }

  /** Else whoever waits for an instance would wait on when the server has ended. */
  @Test
  void whenItIsClosedNobodyWaitsForAnotherInstance() throws Exception {
    var dead = new LinkedBlockingQueue<Integer>();
    Stream waits;
    Stream runs;
    try (var cluster = new LiveCluster(Banyan.STANDARD);
        var other = new LiveCluster(Banyan.STANDARD)) {
      cluster.keep(dead::add);
      other.keep(id -> {});
      join(cluster, 1);
      waits = cluster.submit(asked());
      engines.getFirst().die();
      assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isZero();
      assertThat(waits.next(0)).isNull();
      join(other, 2, 1);
      runs = other.submit(asked());
    }
    engines.get(1).die();
    for (Stream each : List.of(waits, runs)) {
      assertThat(each.next(PATIENCE_MILLIS))
          .isNotNull()
          .extracting(Token::finish)
          .isEqualTo(Token.Finish.ERROR);
    }
  }

  /** A full disk ends no answers and loses no instance. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void decisionsThatCannotBeWrittenDisturbNothing() throws Exception {
    DecisionLog log = DecisionLog.create(Path.of("/dev/full"));
    try (var cluster = new LiveCluster(Banyan.STANDARD, log)) {
      join(cluster, 2);
      for (int i = 0; i < 4; i++) {
        Stream unused = cluster.submit(asked());
      }
      for (long heard = 0; heard < 4; heard++) {
        reported(cluster, engines.getFirst(), heard);
      }
      assertThat(cluster.shown()).hasSize(2);
      assertThat(cluster.open()).isEqualTo(4);
    }
    assertThatThrownBy(log::close).isInstanceOf(IOException.class);
  }

  /** One that was told to go is missed by nobody; one that was wanted back stays. */
  @Test
  void anInstanceThatRetiresIsNoDeath() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      var dead = new LinkedBlockingQueue<Integer>();
      cluster.keep(dead::add);
      join(cluster, 2);
      cluster.retire(1);
      cluster.retire(0);
      assertThat(cluster.staying()).isZero();
      assertThat(cluster.drain(0, false)).isTrue();
      assertThat(cluster.staying()).isEqualTo(1);
      assertThat(cluster.stopWhenEmpty(0)).isTrue();
      engines.get(1).die();
      while (cluster.isUp(1)) {
        Thread.onSpinWait();
      }
      engines.get(0).die();
      assertThat(dead.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isZero();
      assertThat(dead).isEmpty();
      assertThat(cluster.counts().died()).isEqualTo(1);
    }
  }

  /** Else the thread of a client that left would wait on for what nobody computes any more. */
  @Test
  void whoWaitsForTheNextTokenOfACancelledRequestWaitsNoLonger() throws Exception {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 1);
      Stream stream = cluster.submit(asked());
      Thread.ofVirtual().start(() -> cluster.cancel(stream));
      Token last = stream.next(60_000);
      assertThat(last).isNotNull().extracting(Token::finish).isEqualTo(Token.Finish.ERROR);
      cluster.cancel(stream);
      assertThat(stream.next(0)).as("told once").isNull();
    }
  }

  @Test
  void whatComesAtOnceIsSpreadEvenlyWhileNobodyReports() throws IOException {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 4);
      for (int i = 0; i < 64; i++) {
        Stream unused = cluster.submit(asked());
      }
      for (int id = 0; id < 4; id++) {
        assertThat(cluster.owned(id)).isEqualTo(16);
      }
    }
  }

  /**
   * A report that was written before a request came says nothing of it: the request goes on
   * counting as on its way, and the next one goes to the other instance.
   */
  @Test
  void aReportFromBeforeARequestDoesNotHideIt() throws IOException, InterruptedException {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 2);
      Stream first = cluster.submit(asked());
      assertThat(cluster.ownerOf(first.id)).isZero();
      assertThat(engines.getFirst().came.poll(10, TimeUnit.SECONDS)).isNotNull();
      reported(cluster, engines.getFirst(), 0);
      assertThat(cluster.shown().getFirst().load().inFlight().requests()).isEqualTo(1);
      Stream second = cluster.submit(asked());
      assertThat(cluster.ownerOf(second.id)).isEqualTo(1);
      reported(cluster, engines.getFirst(), 1);
      assertThat(cluster.shown().getFirst().load().inFlight().requests()).isZero();
      assertThat(cluster.shown().getLast().load().inFlight().requests()).isEqualTo(1);
      assertThat(cluster.ownerOf(cluster.submit(asked()).id)).isZero();
    }
  }

  /** A client has waited for the first since it asked; all of one step come together. */
  @Test
  void ofOneStepFirstTokensAreHandedOnBeforeOthers() throws IOException, InterruptedException {
    try (var cluster = new LiveCluster(Banyan.STANDARD)) {
      join(cluster, 1);
      Stream older = cluster.submit(asked());
      Stream newer = cluster.submit(asked());
      engines.getFirst().say(new Say.Tokens(List.of(token(older, 0))));
      assertThat(older.next(PATIENCE_MILLIS)).isNotNull();
      List<Token> step = new ArrayList<>();
      step.add(token(older, 1));
      step.addAll(Collections.nCopies(100_000, token(older, 7))); // not the next: nobody's
      step.add(token(newer, 0));
      engines.getFirst().say(new Say.Tokens(step));
      assertThat(older.next(PATIENCE_MILLIS)).isNotNull();
      assertThat(newer.next(0)).isNotNull();
    }
  }

  private static Token token(Stream of, int number) {
    return new Token(of.id, 1, number, 9, Token.Finish.NONE, Float.NaN, new int[0], new float[0]);
  }

  /**
   * Waits until the cluster has taken a report in: none of its figures but these was shown before.
   */
  private static void reported(LiveCluster cluster, Mute engine, long heard)
      throws InterruptedException {
    EngineFigures before = cluster.shown().getFirst().figures();
    engine.report(heard);
    while (cluster.shown().getFirst().figures().equals(before)) {
      Thread.onSpinWait();
    }
  }
}

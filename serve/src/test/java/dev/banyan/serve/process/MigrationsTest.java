package dev.banyan.serve.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.serve.engine.Engine;
import dev.banyan.serve.engine.Forward;
import dev.banyan.serve.engine.Guide;
import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.RoundRobin;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Migration;
import dev.banyan.serve.protocol.RequestState;
import dev.banyan.serve.wire.Portable;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an engine does for requests that move. */
final class MigrationsTest {
  private static final int BLOCKS = 8;
  private static final int BLOCK_BYTES = 32;
  private static final Migration MOVE = new Migration(7, 1, 5, 0, 1);

  @TempDir private Path folder = Path.of("");

  /** Memory without a model. */
  private static final class Memory implements Forward {
    private final ByteBuffer all = ByteBuffer.allocate(BLOCKS * BLOCK_BYTES);

    @Override
    public List<float[]> step(List<Piece> pieces) {
      return pieces.stream().map(piece -> new float[] {0, 0, 1, 0}).toList();
    }

    @Override
    public ByteBuffer block(int block) {
      return all.slice(block * BLOCK_BYTES, BLOCK_BYTES);
    }

    @Override
    public long blockBytes() {
      return BLOCK_BYTES;
    }

    @Override
    public Guide guide(String schema) {
      throw new IllegalStateException(schema);
    }

    @Override
    public void close() {}
  }

  private static final class Silent implements Engine.Listener {
    @Override
    public void token(Token token) {}

    @Override
    public void prompt(long request, List<Token> tokens) {}
  }

  private final List<Say> said = new ArrayList<>();
  private final Engine engine =
      new Engine(
          new Memory(),
          new Engine.Size(1, BLOCKS, 4, 1, 8, 2),
          Engine.Rules.FIRST_COME,
          () -> 0,
          new Silent());
  private final Migrations migrations =
      new Migrations(
          1, engine, new RoundRobin(), said::add, address -> Wire.connect(address, "destination"));

  private Wire source() throws IOException {
    String address = "unix:" + folder.resolve("source");
    try (ServerSocketChannel server = Wire.listen(address)) {
      return Wire.connect(address, "source");
    }
  }

  @Test
  void aBlockThatIsBeingReadIsNotGivenToAnotherRequest() throws IOException {
    try (Wire source = source()) {
      migrations.heard(new Message.Reserve(MOVE, 1, 3), source);
      Wire.Place place = Objects.requireNonNull(migrations.room(MOVE, 1, 2));
      migrations.cancelled(MOVE.request());
      assertThat(engine.freeBlocks()).as("while it is read").isEqualTo(BLOCKS - 3);
      assertThat(migrations.busy()).isTrue();
      assertThat(migrations.room(MOVE, 1, 0)).as("of a move that is over").isNull();
      migrations.look();
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS - 3);
      place.close();
      migrations.look();
      assertThat(engine.freeBlocks()).as("once it was read").isEqualTo(BLOCKS);
      assertThat(migrations.busy()).isFalse();
    }
  }

  @Test
  void aMoveNobodyReadsOfIsGivenBackAtOnce() throws IOException {
    try (Wire source = source()) {
      migrations.heard(new Message.Reserve(MOVE, 1, 3), source);
      try (Wire.Place place = migrations.room(MOVE, 1, 0)) {
        assertThat(Objects.requireNonNull(place).bytes().remaining()).isEqualTo(BLOCK_BYTES);
      }
      migrations.heard(new Message.Abort(MOVE), source);
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS);
      assertThat(migrations.busy()).isFalse();
    }
  }

  @Test
  void aRequestOfWhichNothingWentAheadIsNotClaimed() throws IOException {
    try (Wire source = source()) {
      migrations.heard(new Message.Reserve(MOVE, 1, 0), source);
      migrations.heard(new Message.Reserve(MOVE, 2, 2), source);
      for (int index = 0; index < 2; index++) {
        migrations.came(new Say.BlockCame(MOVE, 2, index, 5, 5));
      }
      var adopt = new Message.Adopt(MOVE, new RequestState(4, 1, 1, "{}"));
      migrations.heard(adopt, source);
      assertThat(said).isEmpty();

      migrations.comes(new Say.Coming(MOVE, new Portable(asked(), 0, new int[0], List.of())));
      migrations.heard(adopt, source);
      assertThat(said).containsExactly(new Say.Protocol(new Message.Claim(MOVE, 1)));
    }
  }

  /** The block that was set aside to grow into is given back. */
  @Test
  void aRequestThatDidNotGrowTakesOnlyItsOwnBlocks() throws IOException {
    try (Wire source = source()) {
      migrations.heard(new Message.Reserve(MOVE, 1, 0), source);
      migrations.comes(new Say.Coming(MOVE, new Portable(asked(), 0, new int[] {2}, List.of())));
      migrations.heard(new Message.Reserve(MOVE, 2, 2), source);
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS - 2);
      migrations.came(new Say.BlockCame(MOVE, 2, 0, 5, 5));
      String rest = "{\"generated\": [], \"told\": [], \"computed\": 3}";
      migrations.heard(new Message.Adopt(MOVE, new RequestState(4, 1, 1, rest)), source);
      migrations.heard(new Message.Claimed(MOVE, true, 6, 1), source);
      assertThat(engine.epoch(MOVE.request())).isEqualTo(6);
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS - 1);
      assertThat(engine.cancel(MOVE.request())).isTrue();
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS);
    }
  }

  @Test
  void onlyBlocksOfThePresentStageHaveAPlace() throws IOException {
    try (Wire source = source()) {
      migrations.heard(new Message.Reserve(MOVE, 1, 3), source);
      assertThat(migrations.room(MOVE, 2, 0)).isNull();
      assertThat(migrations.room(MOVE, 1, 3)).isNull();
      assertThat(migrations.room(MOVE, 1, -1)).isNull();
      assertThat(migrations.room(new Migration(8, 1, 5, 0, 1), 1, 0)).isNull();
    }
  }

  /** It took the request and died; the gateway gives it back here before it answers this side. */
  @Test
  void aRequestThatComesBackIsNotFreedByTheAnswerToTheMoveBeforeIt() throws IOException {
    TokenRequest asked = asked();
    String address = "unix:" + folder.resolve("destination");
    try (ServerSocketChannel server = Wire.listen(address)) {
      migrations.submit(new Say.Submit(7, 1, asked, new int[0], 0, 0));
      assertThat(engine.step()).isTrue();
      migrations.give(new Say.Give(7, 1, destination(), address));
      var move = new Migration(7, 1, 1, 1, 2);
      Wire unheard = source();
      for (int stage : new int[] {1, 2}) { // most of it, and the rest when it is held
        migrations.heard(new Message.Reserved(move, stage, true), unheard);
        migrations.heard(new Message.Copied(move, stage, true), unheard);
      }
      migrations.heard(new Message.Committed(move, false), unheard);
      assertThat(said).contains(new Say.Protocol(new Message.Ask(move)));

      migrations.submit(new Say.Submit(7, 3, asked, new int[] {2}, 1, 0));
      migrations.heard(new Message.Owner(move, false, 3, 1), unheard);
      assertThat(engine.has(7)).isTrue();
      assertThat(engine.epoch(7)).isEqualTo(3);
      assertThat(migrations.busy()).isFalse();
      unheard.close();
    }
  }

  /** It left, came back by another move, and only then comes the answer to the first one. */
  @Test
  void aRequestThatMovesBackIsNotFreedByTheAnswerToItsLeaving() throws IOException {
    String address = "unix:" + folder.resolve("destination");
    try (ServerSocketChannel server = Wire.listen(address);
        Wire other = source()) {
      migrations.submit(new Say.Submit(7, 1, asked(), new int[0], 0, 0));
      assertThat(engine.step()).isTrue();
      migrations.give(new Say.Give(7, 1, destination(), address));
      var leaving = new Migration(7, 1, 1, 1, 2);
      migrations.heard(new Message.Reserved(leaving, 1, true), other);
      migrations.heard(new Message.Copied(leaving, 1, true), other);
      migrations.heard(new Message.Reserved(leaving, 2, true), other);

      var back = new Migration(7, 2, 2, 2, 1);
      migrations.heard(new Message.Reserve(back, 1, 0), other);
      migrations.comes(new Say.Coming(back, new Portable(asked(), 1, new int[] {2}, List.of())));
      migrations.heard(new Message.Reserve(back, 2, 2), other);
      migrations.came(new Say.BlockCame(back, 2, 0, 5, 5));
      String rest = "{\"generated\": [], \"told\": [], \"computed\": 3}";
      migrations.heard(new Message.Adopt(back, new RequestState(4, 1, 1, rest)), other);
      migrations.heard(new Message.Claimed(back, true, 3, 1), other);
      migrations.heard(new Message.Committed(leaving, true), other);
      assertThat(engine.has(7)).isTrue();
      assertThat(engine.epoch(7)).isEqualTo(3);
      assertThat(engine.freeBlocks()).isEqualTo(BLOCKS - 1);
      assertThat(migrations.busy()).isFalse();
      assertThat(server.isOpen()).isTrue();
    }
  }

  private static TokenRequest asked() {
    return TokenRequest.greedy(new int[] {1, 2, 3}, 9);
  }

  private static InstanceLoad destination() {
    return new InstanceLoad(
        2,
        new InstanceLoad.Memory(BLOCKS, BLOCKS, 1, 4, 0),
        new InstanceLoad.Batch(new ClassCounts(0, 0, 0), 0),
        InstanceLoad.Queue.EMPTY,
        new InstanceLoad.InFlight(0, 0, 0),
        new InstanceLoad.Pace(0.01, 0.01, 0.001, 2e-6),
        new InstanceLoad.State(false, false, true));
  }
}

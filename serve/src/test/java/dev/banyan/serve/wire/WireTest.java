package dev.banyan.serve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.model.Sampling;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Migration;
import dev.banyan.serve.protocol.RequestState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WireTest {
  private static final Migration MOVE = new Migration(7, 3, 5, 0, 1);

  @TempDir private Path folder = Path.of("");

  private record Held(ByteBuffer bytes, AtomicInteger closed) implements Wire.Place {
    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private record Ends(
      Wire near, LinkedBlockingQueue<Say> heard, CountDownLatch gone, AtomicInteger closed) {
    Say next() throws InterruptedException {
      return Objects.requireNonNull(heard.poll(10, TimeUnit.SECONDS), "nothing was heard");
    }
  }

  private Ends ends(@Nullable ByteBuffer room) throws IOException {
    String address = "unix:" + folder.resolve("wire");
    try (ServerSocketChannel server = Wire.listen(address)) {
      Wire near = Wire.connect(address, "near");
      Wire far = Wire.over(server.accept(), "far");
      var heard = new LinkedBlockingQueue<Say>();
      var gone = new CountDownLatch(1);
      var closed = new AtomicInteger();
      near.start(say -> {}, (migration, stage, index) -> null, () -> {});
      far.start(
          heard::add,
          (migration, stage, index) -> room == null ? null : new Held(room, closed),
          gone::countDown);
      return new Ends(near, heard, gone, closed);
    }
  }

  @Test
  void whatIsSaidIsHeardInOrder() throws IOException, InterruptedException {
    Ends ends = ends(null);
    var asked =
        new TokenRequest(
            new int[] {1, 2, 70_000},
            new Sampling(0.7, 3, 0.9, 0.1, 1.2, 0.5, -0.5),
            Long.MIN_VALUE,
            9,
            List.of(2, 4),
            Map.of(5, -100.0),
            3,
            true,
            PriorityClass.HIGH,
            "a",
            "{}");
    var submit = new Say.Submit(7, 5, asked, new int[] {3}, 2, 0.5);
    var adopt = new Say.Protocol(new Message.Adopt(MOVE, new RequestState(3, 1, 1, "é\"\n")));
    var token =
        new Token(7, 5, 1, 9, Token.Finish.LENGTH, -0.25f, new int[] {9, 4}, new float[] {-1, -2});
    var tokens = new Say.Tokens(List.of(token, token.under(6)));
    ends.near.say(submit);
    ends.near.say(adopt);
    ends.near.say(tokens);
    assertThat(ends.next()).usingRecursiveComparison().isEqualTo(submit);
    assertThat(ends.next()).isEqualTo(adopt);
    assertThat(ends.next()).usingRecursiveComparison().isEqualTo(tokens);
    ends.near.close();
    assertThat(ends.gone.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aBlockLandsInItsMemoryAndOneOfAnotherSizeDoesNotCount()
      throws IOException, InterruptedException {
    byte[] bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    ByteBuffer into = ByteBuffer.allocateDirect(bytes.length);
    Ends ends = ends(into);
    ends.near.sayBlock(MOVE, 2, 1, ByteBuffer.wrap(bytes));
    var came = (Say.BlockCame) ends.next();
    assertThat(came.received()).isEqualTo(came.sent());
    assertThat(came.migration()).isEqualTo(MOVE);
    byte[] there = new byte[bytes.length];
    into.get(0, there);
    assertThat(there).isEqualTo(bytes);
    ends.near.sayBlock(MOVE, 2, 2, ByteBuffer.wrap(bytes, 0, 50));
    var strange = (Say.BlockCame) ends.next();
    assertThat(strange.received()).isNotEqualTo(strange.sent());
    assertThat(ends.closed).as("places that are free again").hasValue(2);
    ends.near.close();
  }

  /** Whatever comes, the connection ends: nothing else happens. */
  @FuzzTest
  void nonsenseEndsTheConnection(byte[] bytes) throws IOException, InterruptedException {
    Path at = Files.createTempDirectory("wire");
    String address = "unix:" + at.resolve("s");
    try (ServerSocketChannel server = Wire.listen(address)) {
      SocketChannel near = Wire.channel(address);
      Wire far = Wire.over(server.accept(), "far");
      var gone = new CountDownLatch(1);
      far.start(say -> {}, (migration, stage, index) -> null, gone::countDown);
      try (near) {
        ByteBuffer all = ByteBuffer.wrap(bytes);
        while (all.hasRemaining()) {
          int unused = near.write(all);
        }
      } catch (IOException e) {
        // it was closed before everything was said
      }
      assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      Files.deleteIfExists(at.resolve("s"));
      Files.deleteIfExists(at);
    }
  }
}

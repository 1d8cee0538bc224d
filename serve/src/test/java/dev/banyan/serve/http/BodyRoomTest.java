package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BodyRoomTest {
  private static final int BODY = 300_000;

  @Test
  void bodiesTogetherHaveNoMoreThanTheirRoom() throws BadRequestException {
    var room = new BodyRoom(100);
    try (BodyRoom.Share one = room.share();
        BodyRoom.Share other = room.share()) {
      one.take(60);
      other.take(40);
      assertRefused(other, 1);
      one.close();
      other.take(60);
      other.give(1);
      other.take(1);
      assertRefused(other, 1);
    }
    try (BodyRoom.Share all = room.share()) {
      all.take(100);
    }
  }

  @Test
  void largeBodiesLeaveSmallOnesTheirPart() throws BadRequestException {
    int small = BodyRoom.SMALL_BYTES;
    var room = new BodyRoom(16L * small);
    try (BodyRoom.Share large = room.share();
        BodyRoom.Share grown = room.share();
        BodyRoom.Share little = room.share()) {
      large.take(10 * small);
      grown.take(small);
      assertRefused(grown, 2 * small);
      grown.take(small);
      assertRefused(large, 1);
      little.take(small);
      large.give(10 * small);
      grown.take(10 * small);
    }
  }

  /**
   * While an array of 256 kB grows both are held, and at the end of chunks one of just their size:
   * three quarters of the room, which large bodies have, must take them.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ofABodyThatComesEveryByteIsCountedThatIsHeld(boolean chunked) throws IOException {
    int held = chunked ? 2 * (1 << 18) + BODY : (1 << 18) + BODY;
    byte[] sent = new byte[BODY];
    new Random(3).nextBytes(sent);
    var enough = new BodyRoom(held * 4L / 3 + 8);
    try (BodyRoom.Share share = enough.share();
        BodyRoom.Share rest = enough.share()) {
      assertThat(read(sent, chunked, share)).isEqualTo(sent);
      rest.take(held - BODY);
      assertRefused(rest, 8);
    }
    try (BodyRoom.Share share = new BodyRoom(held * 4L / 3 - 8).share()) {
      assertThatThrownBy(() -> read(sent, chunked, share))
          .isInstanceOfSatisfying(
              BadRequestException.class, e -> assertThat(e.status).isEqualTo(503));
    }
  }

  /** Over a real connection, in chunks of 1,000 bytes or whole. */
  private static byte[] read(byte[] sent, boolean chunked, BodyRoom.Share share)
      throws IOException {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var client = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket here = server.accept()) {
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(
              () -> {
                try {
                  write(client.getOutputStream(), sent, chunked);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              });
      var in = new Incoming(here);
      byte[] body = Request.head(in, in.first()).body(in, BODY * 10, share, new Outgoing(here));
      writer.join();
      return body;
    }
  }

  private static void write(OutputStream out, byte[] sent, boolean chunked) throws IOException {
    String frame = chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + sent.length;
    out.write(ascii("POST / HTTP/1.1\r\nHost: a\r\n" + frame + "\r\n\r\n"));
    int piece = chunked ? 1000 : sent.length;
    for (int at = 0; at < sent.length; at += piece) {
      out.write(ascii(chunked ? Integer.toHexString(piece) + "\r\n" : ""));
      out.write(sent, at, piece);
      out.write(ascii(chunked ? "\r\n" : ""));
    }
    out.write(ascii(chunked ? "0\r\n\r\n" : ""));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void assertRefused(BodyRoom.Share share, int bytes) {
    assertThatThrownBy(() -> share.take(bytes))
        .isInstanceOfSatisfying(
            BadRequestException.class, e -> assertThat(e.status).isEqualTo(503));
  }
}

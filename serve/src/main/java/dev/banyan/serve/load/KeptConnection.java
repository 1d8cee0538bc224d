package dev.banyan.serve.load;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A connection to an OpenAI server on this machine that is used for one streamed completion after
 * the other, and costs its client as little as can be: nothing of an answer is parsed but the
 * beginnings of its events and its end (HTTP/1.1 chunks, RFC 9112).
 */
public final class KeptConnection implements AutoCloseable {
  private static final byte[] EVENT = "data: ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final String GOOD = "HTTP/1.1 200";

  /** Events of an answer that are no tokens: how it ended, and that it did. */
  private static final int LAST_EVENTS = 2;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private byte[] answer = new byte[16 << 10];

  private KeptConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  /** Connects to a port of loopback. */
  public static KeptConnection open(int port) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    return new KeptConnection(socket);
  }

  /** The bytes of a request. */
  public static byte[] request(String body) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    byte[] head =
        String.join(
                "\r\n",
                "POST /v1/completions HTTP/1.1",
                "Host: localhost",
                "Content-Type: application/json",
                "Content-Length: " + content.length,
                "",
                "")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(head, head.length + content.length);
    System.arraycopy(content, 0, all, head.length, content.length);
    return all;
  }

  /**
   * Sends a request and reads the stream to its end.
   *
   * @throws IOException when the answer is no stream, or is cut off
   */
  public AnswerTimes ask(byte[] request) throws IOException {
    out.write(request);
    int length = 0;
    int events = 0;
    int seen = 0;
    long first = 0;
    while (true) {
      if (length == answer.length) {
        answer = Arrays.copyOf(answer, 2 * length);
      }
      int count = in.read(answer, length, answer.length - length);
      long now = System.nanoTime();
      if (count < 0) {
        throw new EOFException("cut off after %d bytes".formatted(length));
      }
      length += count;
      for (int at = find(EVENT, seen, length); at >= 0; at = find(EVENT, seen, length)) {
        first = events++ == 0 ? now : first;
        seen = at + EVENT.length;
      }
      boolean refused = events == 0 && length > GOOD.length() && !starts();
      if (refused) {
        throw new IOException(new String(answer, 0, length, StandardCharsets.UTF_8));
      }
      if (length >= END.length
          && Arrays.equals(answer, length - END.length, length, END, 0, END.length)) {
        return new AnswerTimes(first, now, events - LAST_EVENTS);
      }
    }
  }

  private boolean starts() {
    return new String(answer, 0, GOOD.length(), StandardCharsets.US_ASCII).equals(GOOD);
  }

  private int find(byte[] what, int from, int to) {
    for (int i = from; i + what.length <= to; i++) {
      if (Arrays.equals(answer, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

package dev.banyan.serve.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;

/**
 * What comes over a connection, with a deadline for all of a request instead of a time-out for each
 * read: a client that sends a byte now and then gets no longer than one that sends none.
 */
final class Incoming {
  private static final int BUFFER_BYTES = 8 * 1024;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Socket socket;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int end;

  Incoming(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
  }

  /** The next byte, however long it takes; -1 at the end. */
  int await(int millis) throws IOException {
    if (next == end) {
      socket.setSoTimeout(millis);
      if (!filled()) {
        return -1;
      }
    }
    return buffer[next++] & 0xff;
  }

  /**
   * The next byte.
   *
   * @param deadline of {@link System#nanoTime}
   * @throws SocketTimeoutException when it has not come by then
   */
  int read(long deadline) throws IOException {
    if (next == end) {
      fill(deadline);
    }
    return buffer[next++] & 0xff;
  }

  /** The next bytes, all of them. */
  byte[] read(int count, long deadline) throws IOException {
    byte[] all = new byte[count];
    int at = 0;
    while (at < count) {
      if (next == end) {
        fill(deadline);
      }
      int some = Math.min(count - at, end - next);
      System.arraycopy(buffer, next, all, at, some);
      next += some;
      at += some;
    }
    return all;
  }

  private void fill(long deadline) throws IOException {
    int left = (int) ((deadline - System.nanoTime()) / NANOS_PER_MILLI);
    if (left <= 0) {
      throw new SocketTimeoutException();
    }
    socket.setSoTimeout(left);
    if (!filled()) {
      throw new IOException("gone");
    }
  }

  private boolean filled() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }

  /** Reads and forgets what still comes, until the end or the deadline. */
  void drain(long deadline) throws IOException {
    boolean more = true;
    while (more && deadline > System.nanoTime()) {
      socket.setSoTimeout((int) Math.max(1, (deadline - System.nanoTime()) / NANOS_PER_MILLI));
      more = filled();
    }
  }
}

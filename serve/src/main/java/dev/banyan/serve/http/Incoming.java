package dev.banyan.serve.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.LockSupport;

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

  /**
   * The first byte of a request; -1 at the end. Line ends before it are none, since some clients
   * end a body with one (RFC 9112, section 2.2).
   *
   * <p>It waits for ever: who has the connection closes it when it was waited for long enough.
   */
  int first() throws IOException {
    int c;
    do {
      if (next == end) {
        socket.setSoTimeout(0);
        if (!filled()) {
          return -1;
        }
      }
      c = buffer[next++] & 0xff;
    } while (c == '\r' || c == '\n');
    return c;
  }

  /**
   * The next byte.
   *
   * @param deadline of {@link System#nanoTime}
   * @throws SocketTimeoutException when it has not come by then
   */
  int read(long deadline) throws IOException {
    await(deadline);
    return buffer[next++] & 0xff;
  }

  /** Waits until something is there that was not read yet. */
  void await(long deadline) throws IOException {
    if (next == end) {
      fill(deadline);
    }
  }

  /** Moves what is there to an array, from a place until another; gives how many bytes it was. */
  int take(byte[] to, int from, int until) {
    int some = Math.min(until - from, end - next);
    System.arraycopy(buffer, next, to, from, some);
    next += some;
    return some;
  }

  /**
   * Looks for the end behind what came and was not read yet, for some time.
   *
   * @return false when there is nothing more to come
   */
  boolean goesOn(int millis) throws IOException {
    if (next > 0) {
      System.arraycopy(buffer, next, buffer, 0, end - next);
      end -= next;
      next = 0;
    }
    if (end == buffer.length) {
      LockSupport.parkNanos(millis * NANOS_PER_MILLI); // it is told when some of it was read
      return true;
    }
    socket.setSoTimeout(millis);
    try {
      int count = in.read(buffer, end, buffer.length - end);
      end += Math.max(0, count);
      return count >= 0;
    } catch (SocketTimeoutException e) {
      return true;
    }
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

package dev.banyan.serve.http;

import java.io.IOException;
import java.util.Arrays;

/**
 * A request's body as it comes: one array that doubles, of which every byte that is held at any
 * time is taken of the {@link BodyRoom}, also the copy while it grows.
 */
final class Body {
  private static final int FIRST_BYTES = 8 * 1024;

  private final int most;
  private final BodyRoom.Share room;
  private byte[] bytes = {};
  private int length;

  /**
   * @param most its bytes
   * @param room what they are taken of
   */
  Body(int most, BodyRoom.Share room) {
    this.most = most;
    this.room = room;
  }

  /** Bytes that may still come. */
  int left() {
    return most - length;
  }

  /** Reads the next bytes, all of them and at most {@link #left}; memory grows with what comes. */
  void read(Incoming in, int count, long deadline) throws IOException {
    int end = length + count;
    while (length < end) {
      in.await(deadline);
      if (length == bytes.length) {
        hold(Math.min(most, Math.max(FIRST_BYTES, 2 * length)));
      }
      length += in.take(bytes, length, Math.min(end, bytes.length));
    }
  }

  /** All of it. */
  byte[] whole() throws IOException {
    if (length < bytes.length) {
      hold(length);
    }
    return bytes;
  }

  private void hold(int size) throws IOException {
    room.take(size);
    int before = bytes.length;
    bytes = Arrays.copyOf(bytes, size);
    room.give(before);
  }
}

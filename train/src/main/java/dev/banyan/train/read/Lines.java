package dev.banyan.train.read;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The lines of a byte stream one at a time, each with its line end, offset and number. The current
 * line is a part of a buffer that the next one overwrites.
 */
final class Lines {
  private static final int LONGEST_BYTES = 1 << 30;

  private final InputStream in;
  private final Path file;
  private byte[] buffer = new byte[1 << 16];
  private int filled;
  private int from;
  private int to;
  private long bufferOffset;
  private long number;

  Lines(InputStream in, Path file) {
    this.in = in;
    this.file = file;
  }

  /** Goes to the next line; false at the end. */
  boolean next() throws IOException {
    from = to;
    int scanned = from;
    while (true) {
      for (int at = scanned; at < filled; at++) {
        if (buffer[at] == '\n') {
          to = at + 1;
          number++;
          return true;
        }
      }
      scanned = filled - from;
      if (!fill()) {
        to = filled;
        number++;
        return to > from;
      }
    }
  }

  /** Moves the open line to the buffer's start and reads on; afterwards {@code from} is 0. */
  private boolean fill() throws IOException {
    System.arraycopy(buffer, from, buffer, 0, filled - from);
    bufferOffset += from;
    filled -= from;
    from = 0;
    if (filled == buffer.length) {
      if (filled >= LONGEST_BYTES) {
        throw new UserInputException(
            "%s:%d: a line of more than %d bytes; is this a text file?"
                .formatted(file, number + 1, LONGEST_BYTES));
      }
      buffer = Arrays.copyOf(buffer, filled * 2);
    }
    int read = in.read(buffer, filled, buffer.length - filled);
    if (read <= 0) {
      return false;
    }
    filled += read;
    return true;
  }

  byte[] buffer() {
    return buffer;
  }

  /** Where the line starts in {@link #buffer()}. */
  int from() {
    return from;
  }

  /** Where the line ends in {@link #buffer()}, behind its line end. */
  int to() {
    return to;
  }

  /** Where the line starts in the stream, in bytes. */
  long offset() {
    return bufferOffset + from;
  }

  /** Counted from 1. */
  long number() {
    return number;
  }

  int length() {
    return to - from;
  }

  boolean isBlank() {
    for (int at = from; at < to; at++) {
      byte value = buffer[at];
      if (value != ' ' && (value < '\t' || value > '\r')) {
        return false;
      }
    }
    return true;
  }
}

package dev.banyan.cluster.read;

import java.io.IOException;

/** A place in a file that cannot be understood. The rest of the world goes on. */
public final class BrokenInput extends IOException {
  private final long offset;

  public BrokenInput(long offset, String reason) {
    super(reason);
    this.offset = offset;
  }

  /** Bytes from the beginning. */
  public long offset() {
    return offset;
  }

  /** What was wrong. */
  public String reason() {
    String message = getMessage();
    return message == null ? "cannot be read" : message;
  }
}

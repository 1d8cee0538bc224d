package dev.banyan.cluster.write;

import dev.banyan.cluster.EventLineWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.locks.ReentrantLock;

/** Event lines that gather in a buffer; safe for several threads, each line whole. */
abstract class LockedLines implements EventLineWriter {
  final OutputStream to;
  private final ReentrantLock lock = new ReentrantLock();

  LockedLines(OutputStream to) {
    this.to = to;
  }

  /** Hands the buffer to the stream and empties it; only within {@link #locked}. */
  abstract void drain() throws IOException;

  /** Work that may write. */
  interface Writing {
    void run() throws IOException;
  }

  final void locked(Writing work) {
    lock.lock();
    try {
      work.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void flush() {
    locked(
        () -> {
          drain();
          to.flush();
        });
  }

  @Override
  public final void close() {
    locked(
        () -> {
          try (to) {
            drain();
          }
        });
  }
}

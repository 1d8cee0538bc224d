package dev.banyan.serve.http;

import dev.banyan.serve.http.HttpServer.BadRequestException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory for the bodies of all requests together. It counts bytes that came, not those a client
 * says will come, so no number of clients takes the heap of a server.
 */
final class BodyRoom {
  private final long most;
  private final AtomicLong taken = new AtomicLong();

  BodyRoom(long most) {
    this.most = most;
  }

  /** The part of one request. */
  Share share() {
    return new Share();
  }

  /** What one request has of it, until it is closed. */
  final class Share implements AutoCloseable {
    private long own;

    private Share() {}

    /**
     * Takes more.
     *
     * @throws BadRequestException with 503 when there is none
     */
    void take(int bytes) throws BadRequestException {
      if (taken.addAndGet(bytes) > most) {
        taken.addAndGet(-bytes);
        throw new BadRequestException(
            503, "the bodies of other requests take all the room there is; ask again");
      }
      own += bytes;
    }

    @Override
    public void close() {
      taken.addAndGet(-own);
      own = 0;
    }
  }
}

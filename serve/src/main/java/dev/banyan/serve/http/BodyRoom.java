package dev.banyan.serve.http;

/**
 * Memory for the bodies of all requests together. It counts bytes that are held, not those a client
 * says will come, so no number of clients takes the heap of a server. A part of it is kept for
 * small bodies: large ones never make small ones wait.
 */
final class BodyRoom {
  /**
   * What a small request holds at most: a body of 64 kB and, while it grows, what it was before.
   */
  static final int SMALL_BYTES = 2 * 64 * 1024;

  /** Of all room, only for small requests. */
  private static final int SMALL_SHARE = 4;

  private final long most;
  private final long mostOfLarge;
  private long taken;
  private long takenByLarge;

  BodyRoom(long most) {
    this.most = most;
    this.mostOfLarge = most - most / SMALL_SHARE;
  }

  /** The part of one request. */
  Share share() {
    return new Share();
  }

  /** Whether it was free; a request that holds more than a small one counts as large with all. */
  private synchronized boolean changed(long from, long to) {
    long all = taken + to - from;
    long large = takenByLarge + ofLarge(to) - ofLarge(from);
    if (to > from && (all > most || (to > SMALL_BYTES && large > mostOfLarge))) {
      return false;
    }
    taken = all;
    takenByLarge = large;
    return true;
  }

  private static long ofLarge(long bytes) {
    return bytes > SMALL_BYTES ? bytes : 0;
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
      if (!changed(own, own + bytes)) {
        throw new BadRequestException(
            503, "the bodies of other requests take all the room there is; ask again");
      }
      own += bytes;
    }

    /** Gives some of it back. */
    void give(int bytes) {
      boolean unused = changed(own, own - bytes);
      own -= bytes;
    }

    @Override
    public void close() {
      boolean unused = changed(own, 0);
      own = 0;
    }
  }
}

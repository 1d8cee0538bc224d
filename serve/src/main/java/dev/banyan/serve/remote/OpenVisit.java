package dev.banyan.serve.remote;

import org.jspecify.annotations.Nullable;

/**
 * A time at a backend with a request that is open there: when the backend is lost or the gateway
 * ends, it is hung up, and so it is when the time is over.
 */
abstract class OpenVisit implements Backend.Stay, AutoCloseable {
  final Backend backend;
  private volatile @Nullable Upstream upstream;

  OpenVisit(Backend backend) {
    this.backend = backend;
  }

  /** From now on this is what is hung up. */
  final void opens(Upstream now) {
    upstream = now;
  }

  final void hangUp() {
    Upstream now = upstream;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public void lost() {
    hangUp();
  }

  @Override
  public void end() {
    hangUp();
  }

  @Override
  public void close() {
    try {
      hangUp();
    } finally {
      backend.exit(this);
    }
  }
}

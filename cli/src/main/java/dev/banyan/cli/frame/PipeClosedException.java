package dev.banyan.cli.frame;

/** Whoever read standard output has gone, as {@code head} does; there is nothing left to do. */
final class PipeClosedException extends RuntimeException {
  PipeClosedException(Throwable cause) {
    super("standard output was closed", cause);
  }
}

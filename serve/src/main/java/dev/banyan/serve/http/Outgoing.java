package dev.banyan.serve.http;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/**
 * What goes over a connection, in pieces, with the time at which the piece began that is being
 * written: a client that reads slowly is waited for, one that reads nothing is seen.
 */
final class Outgoing {
  private static final int PIECE_BYTES = 64 * 1024;

  /** Nothing is being written. */
  private static final long NEVER = Long.MAX_VALUE;

  private final Socket socket;
  private final OutputStream out;
  private volatile long since = NEVER;

  Outgoing(Socket socket) throws IOException {
    this.socket = socket;
    this.out = socket.getOutputStream();
  }

  /** Writes, and returns when it is on its way. */
  void write(byte[] bytes) throws IOException {
    try {
      for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
        since = System.nanoTime();
        out.write(bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
      }
      out.flush();
    } finally {
      since = NEVER;
    }
  }

  /** Ends what is sent; over TLS that is written too. */
  void end() throws IOException {
    since = System.nanoTime();
    try {
      socket.shutdownOutput();
    } finally {
      since = NEVER;
    }
  }

  /** Closes the connection; over TLS that is written too. */
  void close() throws IOException {
    since = System.nanoTime();
    try {
      socket.close();
    } finally {
      since = NEVER;
    }
  }

  /** Whether one write has lasted longer. */
  boolean lasts(long nanos) {
    long began = since;
    return began != NEVER && System.nanoTime() - began > nanos;
  }
}

package dev.banyan.cluster.lab;

import java.io.IOException;
import java.util.List;

/** Where the ranks of a lane run. */
sealed interface Place extends AutoCloseable permits Namespaces, Loopback {
  /** {@code host:port} by rank, free to listen on. */
  List<String> addresses() throws IOException;

  /** What stands before a rank's command. */
  List<String> prefix(int rank);

  /** Limits what a rank sends. */
  void slowSending(int rank) throws IOException;

  /** Limits what a rank receives. */
  void slowReceiving(int rank) throws IOException;

  /** Limits what a rank sends to one other. */
  void slowLink(int rank, int peer) throws IOException;

  /** Swallows what a rank sends to one other. */
  void blackhole(int rank, int peer) throws IOException;

  /** Takes a rank's port down. */
  void portDown(int rank) throws IOException;

  /** Undoes everything. */
  void restore() throws IOException;

  @Override
  void close();
}

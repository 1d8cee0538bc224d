package dev.banyan.cluster.process;

import java.util.List;

/**
 * What one lab rank is told, as the JSON file its {@code main} takes.
 *
 * @param rank this one, from 0
 * @param program {@code ring} or {@code exchange}
 * @param addresses {@code host:port} each rank listens on, by rank
 * @param bytes of the large collective of an iteration
 * @param burnMillis of processor time an iteration computes
 * @param restMillis an iteration waits, as a host does while its accelerator computes
 * @param iterations after which the rank ends; 0 for none
 * @param events the file that event lines are written to, as they happen
 * @param host the label this rank says it runs on
 */
public record RankJob(
    int rank,
    String program,
    List<String> addresses,
    int bytes,
    int burnMillis,
    int restMillis,
    int iterations,
    String events,
    String host) {
  public RankJob {
    addresses = List.copyOf(addresses);
    if (rank < 0 || rank >= addresses.size()) {
      throw new IllegalArgumentException(
          "rank is %d, must be one of %d addresses".formatted(rank, addresses.size()));
    }
    if (addresses.size() < 2) {
      throw new IllegalArgumentException("a collective needs at least 2 ranks");
    }
    int parts = Float.BYTES * addresses.size();
    if (bytes < parts || bytes % parts != 0) {
      throw new IllegalArgumentException(
          "bytes is %d, must be a multiple of %d".formatted(bytes, parts));
    }
  }

  /** Ranks of the job. */
  public int world() {
    return addresses.size();
  }
}

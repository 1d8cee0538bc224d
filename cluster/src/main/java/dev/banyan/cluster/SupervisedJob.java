package dev.banyan.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A job of several ranks that a supervisor starts again and again until it ends. */
public interface SupervisedJob {
  /** Flags of the JVM a rank or spare runs in, beside those of this one. */
  default List<String> flags() {
    return List.of();
  }

  /** Classes a waiting process loads while it waits. */
  default List<String> warm() {
    return List.of();
  }

  /** The class whose {@code main} is one rank. */
  String main();

  /**
   * The arguments of a rank's {@code main}; written files go to {@code place.folder()}.
   *
   * @throws IOException when a file it needs cannot be written
   */
  List<String> arguments(RankPlace place) throws IOException;

  /**
   * Whether a rank ends with this code because another was lost: it proves nothing against the one
   * that ended.
   */
  default boolean consequence(int exitCode) {
    return false;
  }

  /** Step of the last complete checkpoint; 0 when there is none. */
  long checkpointStep();

  /**
   * Where a rank stands in a generation.
   *
   * @param generation from 0; names the store's prefix
   * @param rank in the job
   * @param world ranks of the job
   * @param host label
   * @param port of the rendezvous, free when the generation was planned
   * @param folder of this generation
   * @param events the event lines file this rank must write
   */
  record RankPlace(
      int generation, int rank, int world, String host, int port, Path folder, Path events) {}
}

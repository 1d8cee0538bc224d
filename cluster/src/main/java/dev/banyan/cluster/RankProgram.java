package dev.banyan.cluster;

import dev.banyan.cluster.lab.CollectiveProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** A job whose ranks the fault lab starts, harms and watches. */
public interface RankProgram {
  /** Short, for tables. */
  String name();

  /** The faults a diagnosis can be expected to name from what these ranks tell. */
  Set<Fault> faults();

  /**
   * The command that runs one rank until its standard input ends. It writes event lines to {@link
   * #events}.
   *
   * @param folder of this run, empty but for what the program puts there
   * @param addresses {@code host:port} by rank, free to listen on
   */
  List<String> command(Path folder, int rank, List<String> addresses) throws IOException;

  /** Where a rank writes its event lines. */
  default Path events(Path folder, int rank) {
    return folder.resolve("events-" + rank + ".jsonl");
  }

  /** What is written to a rank's standard input to make it late by {@code millis} every step. */
  default String lateOrder(int millis) {
    return "late " + millis;
  }

  /** Whether ranks can be held at a known place ({@code hold between}, answered {@code held}). */
  default boolean canHold() {
    return false;
  }

  /** The same with more to compute in a step, so that a processor quota is felt there. */
  default RankProgram busier() {
    return this;
  }

  /** Banyan's ring all-reduce with receiver credits. */
  static RankProgram ring() {
    return CollectiveProgram.ring();
  }

  /** Banyan's pairwise all-to-all with receiver credits. */
  static RankProgram exchange() {
    return CollectiveProgram.exchange();
  }
}

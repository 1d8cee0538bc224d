package dev.banyan.cluster.lab;

import dev.banyan.cluster.Fault;
import dev.banyan.cluster.RankProgram;
import dev.banyan.cluster.process.RankJob;
import dev.banyan.cluster.process.RankProcess;
import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Banyan's own collectives as a job: one small JVM a rank.
 *
 * @param name {@code ring} or {@code exchange}
 * @param burnMillis of processor time an iteration
 * @param restMillis of an iteration
 */
public record CollectiveProgram(String name, int burnMillis, int restMillis)
    implements RankProgram {
  private static final int PART_BYTES = 256 << 10;
  private static final int BURN_MILLIS = 2;
  private static final int BUSY_MILLIS = 8;
  private static final int REST_MILLIS = 200;

  /** The ring, in which every rank has one connection out and one in. */
  public static CollectiveProgram ring() {
    return new CollectiveProgram("ring", BURN_MILLIS, REST_MILLIS);
  }

  /** The exchange, in which every ordered pair has one. */
  public static CollectiveProgram exchange() {
    return new CollectiveProgram("exchange", BURN_MILLIS, REST_MILLIS);
  }

  @Override
  public CollectiveProgram busier() {
    return new CollectiveProgram(name, BUSY_MILLIS, restMillis);
  }

  @Override
  public Set<Fault> faults() {
    return EnumSet.allOf(Fault.class);
  }

  @Override
  public boolean canHold() {
    return true;
  }

  @Override
  public List<String> command(Path folder, int rank, List<String> addresses) throws IOException {
    Path file = folder.resolve("rank-" + rank + ".json");
    Json.write(
        file,
        new RankJob(
            rank,
            name,
            addresses,
            addresses.size() * PART_BYTES,
            burnMillis,
            restMillis,
            0,
            events(folder, rank).toString(),
            "host-" + rank));
    List<String> command = new ArrayList<>(Jvm.small());
    command.add(RankProcess.class.getName());
    command.add(file.toString());
    return command;
  }
}

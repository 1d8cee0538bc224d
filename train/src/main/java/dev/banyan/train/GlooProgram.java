package dev.banyan.train;

import dev.banyan.cluster.Fault;
import dev.banyan.cluster.RankProgram;
import dev.banyan.core.Json;
import dev.banyan.train.process.GlooRank;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A job of libtorch's c10d ranks for the fault lab: an all-reduce over Gloo and a small broadcast a
 * step, told in the event lines that {@link Trainer}'s ranks write. They say when a rank entered
 * and left a collective and nothing of its connections, so no network fault can be named from them,
 * nor a stop inside of one.
 *
 * @param burnMillis of processor time a step
 */
public record GlooProgram(int burnMillis) implements RankProgram {
  private static final int BURN_MILLIS = 2;
  private static final int BUSY_MILLIS = 8;

  /** None of the parent's own flags; what libtorch's threads and code need is not heap. */
  private static final List<String> SMALL =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xmx64m",
          "-XX:-UsePerfData",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-Dorg.bytedeco.javacpp.nopointergc=true");

  /** Ranks that compute little. */
  public static GlooProgram usual() {
    return new GlooProgram(BURN_MILLIS);
  }

  @Override
  public GlooProgram busier() {
    return new GlooProgram(BUSY_MILLIS);
  }

  @Override
  public String name() {
    return "c10d";
  }

  @Override
  public Set<Fault> faults() {
    return EnumSet.of(
        Fault.NONE,
        Fault.NOISY_NEIGHBOUR,
        Fault.CPU_QUOTA,
        Fault.SLEEP,
        Fault.STOP_BETWEEN,
        Fault.KILL,
        Fault.SKIP,
        Fault.WRONG_SIZE,
        Fault.TWO_STOPPED);
  }

  @Override
  public boolean canHold() {
    return true;
  }

  @Override
  public List<String> command(Path folder, int rank, List<String> addresses) throws IOException {
    String first = addresses.getFirst();
    int colon = first.lastIndexOf(':');
    Path file = folder.resolve("rank-" + rank + ".json");
    Json.write(
        file,
        new GlooRank.Job(
            rank,
            addresses.size(),
            first.substring(0, colon),
            Integer.parseInt(first.substring(colon + 1)),
            events(folder, rank).toString(),
            burnMillis));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SMALL);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(GlooRank.class.getName());
    command.add(file.toString());
    return command;
  }
}

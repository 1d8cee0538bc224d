package dev.banyan.train;

import dev.banyan.cluster.Fault;
import dev.banyan.cluster.RankProgram;
import dev.banyan.core.JavaCommand;
import dev.banyan.train.process.GlooRank;
import java.nio.file.Path;
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

  /** What libtorch's threads and code need is not heap. */
  private static final List<String> SMALL =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-XX:-UsePerfData");

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
  public List<String> command(Path folder, int rank, List<String> addresses) {
    return JavaCommand.of(
        SMALL,
        GlooRank.class.getName(),
        List.of(
            Integer.toString(rank),
            Integer.toString(addresses.size()),
            addresses.getFirst(),
            events(folder, rank).toString(),
            Integer.toString(burnMillis)));
  }
}

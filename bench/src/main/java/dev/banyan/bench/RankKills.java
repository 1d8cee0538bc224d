package dev.banyan.bench;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.model.Precision;
import dev.banyan.train.RankLostException;
import dev.banyan.train.Ranks;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One of two ranks is killed with SIGKILL in the middle of training, again and again: how long
 * until the run has ended, and whether it said who was lost.
 *
 * @param seconds from each kill to the end of the run and of all its processes
 * @param named how many ends named the rank that was killed
 * @param orphans rank processes that lived on
 */
public record RankKills(List<Double> seconds, int named, int orphans) {
  public RankKills {
    seconds = List.copyOf(seconds);
  }

  /** Whether every run ended within this time, named the lost rank and left nobody. */
  public boolean holds(double mostSeconds) {
    return named == seconds.size()
        && orphans == 0
        && seconds.stream().allMatch(each -> each <= mostSeconds);
  }

  /** Kills so many times, either rank as the seed has it. */
  public static RankKills run(int kills, Seed seed, Progress progress) {
    RandomGenerator random = seed.stream("rank-kills");
    List<Double> seconds = new ArrayList<>();
    int named = 0;
    int orphans = 0;
    try (WorkFolder work = WorkFolder.open()) {
      Settings settings =
          TrainSpeed.settings(work, new TrainSpeed.Rows(2, 32), Precision.F32, 0, seed)
              .with("steps", "1000000")
              .with("hidden", "64")
              .with("layers", "2")
              .with("ffn", "176");
      for (int kill = 0; kill < kills; kill++) {
        var killer = new Killer(random.nextInt(2), 2 + random.nextInt(20));
        String out = work.file("run-" + kill).toString();
        try {
          var unused = Ranks.run(settings.with("ranks", "2").with("out", out), killer);
          throw new IllegalStateException("a run of a million steps ended by itself");
        } catch (RankLostException e) {
          seconds.add((System.nanoTime() - killer.at) / 1e9);
          named += String.valueOf(e.getMessage()).startsWith("rank " + killer.rank + " ") ? 1 : 0;
        }
        orphans += children().size();
        progress.step(kill + 1);
      }
    }
    return new RankKills(seconds, named, orphans);
  }

  private static List<ProcessHandle> children() {
    return ProcessHandle.current()
        .children()
        .filter(child -> JavaCommand.lastArgument(child).matches(".*rank-\\d+\\.json"))
        .toList();
  }

  /** Kills a rank after a step. */
  private static final class Killer implements Progress {
    private final int rank;
    private final long step;
    private volatile long at;

    private Killer(int rank, long step) {
      this.rank = rank;
      this.step = step;
    }

    @Override
    public void step(long done, String note) {
      if (done >= step && at == 0) {
        at = System.nanoTime();
        children().stream()
            .filter(child -> JavaCommand.lastArgument(child).endsWith("rank-" + rank + ".json"))
            .forEach(ProcessHandle::destroyForcibly);
      }
    }

    @Override
    public void close() {}
  }
}

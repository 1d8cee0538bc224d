package dev.banyan.cli.bench;

import dev.banyan.bench.MemoryCurve;
import dev.banyan.bench.MemorySoak;
import dev.banyan.bench.Pairs;
import dev.banyan.bench.RankKills;
import dev.banyan.bench.RankSpeed;
import dev.banyan.bench.ResumeKills;
import dev.banyan.bench.TrainSoak;
import dev.banyan.bench.TrainSpeed;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.Chart;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Precision;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench train}. */
@UsesLibtorch
@Command(
    name = "train",
    description = {
      "Training speed beside PyTorch, resident memory over many steps, kill -9 and resume,",
      "two ranks beside one process.",
      "Exit 1 where memory grows, a resumed run differs from one left alone, or a lost rank is not"
          + " named."
    },
    footer = "  banyan bench train --python venv/bin/python")
public final class BenchTrainCommand implements Callable<ExitCode> {
  /** Until here caches fill; from here memory has to be flat. */
  private static final int SETTLED_STEP = 200;

  private static final double MOST_GROWTH = 1.05;
  private static final double MOST_SLOPE_BYTES = 2e6;
  private static final double MOST_LOSS_DIFFERENCE = 1e-4;
  private static final double MOST_SECONDS_TO_END = 10;
  private static final double MOST_FOLDER_GROWTH = 1.5;

  @Mixin private final Common common = new Common();
  @Mixin private final Peers peers = new Peers();

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      split = ",",
      defaultValue = "f32,bf16",
      description = "What to measure the speed of (default: ${DEFAULT-VALUE}).")
  private List<Precision> precisions = List.of(Precision.F32, Precision.BF16);

  @Option(
      names = "--pairs",
      paramLabel = "N",
      description = "Speed: runs of each side; 0 for none (default: 5; 15 with --full).")
  private @Nullable Integer pairs;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Speed: timed steps of a run (default: 10; 20 with --full).")
  private @Nullable Integer steps;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of both sides; 0 for one per core (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--soak-steps",
      paramLabel = "N",
      description = "Memory: steps; 0 for none (default: 1000; 5000 with --full).")
  private @Nullable Integer soakSteps;

  @Option(
      names = "--resume-kills",
      paramLabel = "N",
      description = "Resume: how often it is killed; 0 for none (default: 20; 60 with --full).")
  private @Nullable Integer resumeKills;

  @Option(
      names = "--resume-steps",
      paramLabel = "N",
      description = "Resume: steps of the run (default: 300; 900 with --full).")
  private @Nullable Integer resumeSteps;

  @Option(
      names = "--rank-pairs",
      paramLabel = "N",
      description =
          "Two ranks beside one process: runs of each; 0 for none (default: 3; 9 with --full).")
  private @Nullable Integer rankPairs;

  @Option(
      names = "--rank-kills",
      paramLabel = "N",
      description = "Two ranks, one killed: how often; 0 for none (default: 5; 20 with --full).")
  private @Nullable Integer rankKills;

  @Option(
      names = "--soak-hours",
      paramLabel = "HOURS",
      defaultValue = "0",
      description = {
        "Soak: a run killed at random moments for this long, e.g. 2; 0 for none.",
        "With it alone say --pairs 0 --soak-steps 0 --resume-kills 0 --rank-pairs 0 --rank-kills 0."
      })
  private double soakHours;

  @Option(names = "--full", description = "More of everything; says first how long it takes.")
  private boolean full;

  @Override
  public ExitCode call() throws IOException {
    if (full) {
      common.err().println("bench train --full takes about 45 minutes on two cores with a peer");
      common.err().flush();
    }
    Table table = Table.of("what", "Banyan", "peer", "ratio", "note");
    List<TrainSpeed> speeds = speeds(table);
    MemoryCurve memory = memory(table);
    ResumeKills resume = resume(table);
    List<RankSpeed> rankSpeeds = rankSpeeds(table);
    RankKills lost = rankKills(table);
    TrainSoak soak = soak(table);
    boolean held =
        (memory == null || flat(memory))
            && rankSpeeds.stream().allMatch(each -> each.lossDifference() <= MOST_LOSS_DIFFERENCE)
            && (lost == null || lost.holds(MOST_SECONDS_TO_END))
            && (resume == null || resume.same())
            && (soak == null || holds(soak));
    common.out().print(TextTable.of(table));
    var result = common.result().put("held", held).put("speeds", speeds);
    for (TrainSpeed speed : speeds) {
      if (speed.pairs().compared()) {
        result.put(name(speed.precision()) + "Ratio", speed.pairs().medianRatio());
      }
    }
    if (memory != null) {
      result.put("residentRatio", growth(memory));
      result.put("residentBytesPer100Steps", slope(memory));
      result.put("residentBytes", sampled(memory));
    }
    if (resume != null) {
      result.put("resume", resume);
    }
    result.put("ranks", rankSpeeds);
    if (lost != null) {
      result.put("rankKills", lost);
    }
    if (soak != null) {
      result.put("soak", soak);
      result.put("soakMostGrowth", soak.mostGrowth());
      result.put("soakGrowthOverLives", soak.growthOverLives());
      result.put("soakFolderGrowth", soak.folderGrowth());
    }
    common.emit(result, () -> page(table, memory));
    return held ? ExitCode.DONE : ExitCode.NO;
  }

  private List<TrainSpeed> speeds(Table table) {
    int runs = chosen(pairs, 5, 15);
    int timed = Math.max(1, chosen(steps, 10, 20));
    int cores = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    List<TrainSpeed> speeds = new ArrayList<>();
    for (Precision precision : runs == 0 ? List.<Precision>of() : precisions) {
      try (Progress progress = common.progress("speed", runs, "pairs")) {
        speeds.add(
            TrainSpeed.measure(
                precision, runs, timed, cores, peers.python(), common.seed(), progress));
      }
      TrainSpeed speed = speeds.getLast();
      table.row(
          "training, 6.5 M parameters, %s, %d threads".formatted(name(precision), cores),
          Peers.rate(speed.pairs().ourMedian(), "tokens/s"),
          Peers.rate(speed.pairs(), "tokens/s"),
          Peers.ratio(speed.pairs()),
          speed.pairs().compared()
              ? Peers.scatter(speed.pairs()) + ", " + speed.peer()
              : "median of " + runs + " runs");
    }
    return speeds;
  }

  private @Nullable MemoryCurve memory(Table table) {
    int count = chosen(soakSteps, 1000, 5000);
    if (count == 0) {
      return null;
    }
    if (count < 2) {
      throw new UserInputException("--soak-steps is " + count + ", must be 0 or at least 2");
    }
    try (Progress progress = common.progress("memory", count, "steps")) {
      MemoryCurve memory = MemorySoak.run(count, common.seed(), progress);
      int settled = settled(memory);
      table.row(
          "resident memory, step %,d beside step %,d".formatted(count, settled),
          Format.bytes(memory.after(count)),
          "",
          String.format(Locale.ROOT, "%.3f", growth(memory)),
          "%s per 100 steps from step %d: %s"
              .formatted(
                  Format.bytes(Math.round(slope(memory))),
                  settled,
                  flat(memory) ? "flat" : "it GROWS"));
      return memory;
    }
  }

  private @Nullable ResumeKills resume(Table table) {
    int kills = chosen(resumeKills, 20, 60);
    int count = chosen(resumeSteps, 300, 900);
    if (kills == 0) {
      return null;
    }
    if (kills > count - 5) {
      throw new UserInputException(
          "--resume-kills is %d; a run of %d steps has room for %d"
              .formatted(kills, count, Math.max(0, count - 5)));
    }
    try (Progress progress = common.progress("resume", kills, "kills")) {
      ResumeKills resume = ResumeKills.run(kills, count, common.seed(), progress);
      table.row(
          "killed and resumed, %d steps".formatted(count),
          resume.killedAt().size() + " kills",
          "",
          "",
          "%s, weights %s"
              .formatted(
                  resume.differentLosses() == 0
                      ? "all losses the same bits"
                      : resume.differentLosses() + " losses DIFFER",
                  resume.sameWeights() ? "the same bytes" : "DIFFER"));
      return resume;
    }
  }

  private List<RankSpeed> rankSpeeds(Table table) {
    int runs = chosen(rankPairs, 3, 9);
    int timed = Math.max(1, chosen(steps, 10, 20));
    List<RankSpeed> speeds = new ArrayList<>();
    for (Precision precision : runs == 0 ? List.<Precision>of() : precisions) {
      try (Progress progress = common.progress("two ranks", runs, "pairs")) {
        speeds.add(RankSpeed.measure(precision, runs, timed, common.seed(), progress));
      }
      RankSpeed speed = speeds.getLast();
      table.row(
          "two ranks beside one process, %s".formatted(name(precision)),
          Peers.rate(speed.pairs().ourMedian(), "tokens/s"),
          Peers.rate(speed.pairs(), "tokens/s"),
          Peers.ratio(speed.pairs()),
          "%s, largest difference of losses %.2g"
              .formatted(Peers.scatter(speed.pairs()), speed.lossDifference()));
    }
    return speeds;
  }

  private @Nullable RankKills rankKills(Table table) {
    int kills = chosen(rankKills, 5, 20);
    if (kills == 0) {
      return null;
    }
    try (Progress progress = common.progress("ranks killed", kills, "kills")) {
      RankKills lost = RankKills.run(kills, common.seed(), progress);
      table.row(
          "one of two ranks killed, until the run has ended",
          "%.2f s".formatted(Pairs.median(lost.seconds())),
          "",
          "",
          "%d kills, slowest %.2f s; named %d times, %d orphans"
              .formatted(
                  kills,
                  lost.seconds().stream().mapToDouble(Double::doubleValue).max().orElse(0),
                  lost.named(),
                  lost.orphans()));
      return lost;
    }
  }

  private @Nullable TrainSoak soak(Table table) {
    if (!(soakHours >= 0 && soakHours <= 1000)) {
      throw new UserInputException("--soak-hours is " + soakHours + ", expected 0 to 1000");
    }
    if (soakHours == 0) {
      return null;
    }
    var duration = Duration.ofMillis(Math.round(soakHours * 3_600_000));
    try (Progress progress = common.progress("soak", duration.toSeconds(), "seconds")) {
      TrainSoak soak = TrainSoak.run(duration, threads, common.seed(), progress);
      table.row(
          "soak, " + Format.duration(Duration.ofSeconds(Math.round(soak.seconds()))),
          "%d kills, %,d steps".formatted(soak.lives().size(), soak.steps()),
          "",
          String.format(Locale.ROOT, "%.3f", soak.growthOverLives()),
          ("%,d steps made again, %s; first %,d steps %s a run left alone; resident memory grew"
                  + " within a life %.3f at most, folder %.3f")
              .formatted(
                  soak.replayed(),
                  soak.lost() + soak.different() == 0
                      ? "none lost, all the same bits"
                      : soak.lost() + " LOST, " + soak.different() + " DIFFER",
                  soak.compared(),
                  soak.differentFromAlone() == 0 ? "as in" : "DIFFER from",
                  soak.mostGrowth(),
                  soak.folderGrowth()));
      return soak;
    }
  }

  /** Checkpoints come and go, so a folder may be caught with one more than usual. */
  private static boolean holds(TrainSoak soak) {
    return soak.exact()
        && soak.mostGrowth() <= MOST_GROWTH
        && soak.growthOverLives() <= MOST_GROWTH
        && soak.folderGrowth() <= MOST_FOLDER_GROWTH;
  }

  private int chosen(@Nullable Integer said, int usual, int whenFull) {
    int value = said != null ? said : full ? whenFull : usual;
    if (value < 0) {
      throw new UserInputException("a number of runs, steps or kills is " + value + ", below 0");
    }
    return value;
  }

  private static boolean flat(MemoryCurve memory) {
    return growth(memory) <= MOST_GROWTH && slope(memory) < MOST_SLOPE_BYTES;
  }

  private static int settled(MemoryCurve memory) {
    return Math.min(SETTLED_STEP, Math.max(1, memory.steps() / 2));
  }

  private static double growth(MemoryCurve memory) {
    return memory.ratio(memory.steps(), settled(memory));
  }

  private static double slope(MemoryCurve memory) {
    return memory.bytesPer100Steps(settled(memory));
  }

  /** Every tenth step is enough for a picture and for the file. */
  private static List<Long> sampled(MemoryCurve memory) {
    return IntStream.rangeClosed(1, memory.steps())
        .filter(step -> step % 10 == 0)
        .mapToObj(memory::after)
        .toList();
  }

  private static String name(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  private static Report page(Table table, @Nullable MemoryCurve memory) {
    Report report = Report.titled("banyan bench train").table(table);
    if (memory == null || memory.steps() < 10) {
      return report;
    }
    double[] megabytes = sampled(memory).stream().mapToDouble(bytes -> bytes / 1e6).toArray();
    double[] at = IntStream.rangeClosed(1, megabytes.length).mapToDouble(i -> 10.0 * i).toArray();
    return report.chart(
        Chart.lines("Resident memory").x("step").y("MB").series("resident", at, megabytes));
  }
}

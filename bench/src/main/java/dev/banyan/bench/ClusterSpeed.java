package dev.banyan.bench;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.Diagnosis;
import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.EventLineWriter;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.LiveDiagnosis;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** How fast event lines become a diagnosis, and how long a pass over very many ranks takes. */
public final class ClusterSpeed {
  private static final int RANKS = 8;
  private static final long STEP_NANOS = 2_000_000;

  private ClusterSpeed() {}

  /**
   * Events from files to findings.
   *
   * @param form {@code json} or {@code binary}
   * @param events how many there were
   * @param seconds with opening, parsing, windows and judgement
   * @param healthy whether no fault was found, as there is none
   */
  public record Ingest(String form, long events, double seconds, boolean healthy) {
    public double eventsPerSecond() {
      return events / seconds;
    }
  }

  /**
   * Judging very many ranks at once.
   *
   * @param ranks how many
   * @param seconds the longest of the passes, a window's end in each
   * @param usedBytes heap in use afterwards
   */
  public record Pass(int ranks, double seconds, long usedBytes) {}

  /** Writes files of healthy ranks into a folder and reads them. */
  public static Ingest ingest(Path folder, boolean binary, long events)
      throws IOException, InterruptedException {
    List<Path> files = new ArrayList<>();
    long perRank = events / RANKS;
    for (int rank = 0; rank < RANKS; rank++) {
      Path file = folder.resolve("rank" + rank + (binary ? ".bnev" : ".jsonl"));
      try (var lines = EventLineWriter.open(file)) {
        write(lines, rank, perRank);
      }
      files.add(file);
    }
    Findings findings = Diagnosis.of(files, DiagnosisOptions.standard());
    return new Ingest(
        binary ? "binary" : "json",
        perRank * RANKS,
        findings.seconds(),
        !findings.faulty() && findings.ranksSeen() == RANKS);
  }

  private static void write(EventLineWriter lines, int rank, long events) {
    lines.hello(new EventLine.Hello("node-" + rank, rank, 100 + rank, RANKS, 1, 1));
    lines.group(new EventLine.Group("world", IntStream.range(0, RANKS).boxed().toList()));
    int from = (rank + RANKS - 1) % RANKS;
    long written = 0;
    for (long seq = 0; written < events; seq++) {
      long t = 1_000_000 + seq * STEP_NANOS;
      EventKind[] kinds = {
        EventKind.ENTER, EventKind.POST, EventKind.FIRST, EventKind.LAST, EventKind.LEAVE
      };
      for (int k = 0; k < kinds.length && written < events; k++) {
        boolean own = k == 0 || k == kinds.length - 1;
        lines.event(
            t + k * 100_000L,
            rank,
            "world",
            seq,
            CollectiveOp.ALL_REDUCE,
            "ring",
            own ? 1 << 20 : 1 << 17,
            0,
            own ? -1 : from,
            own ? EventLine.Direction.NONE : EventLine.Direction.RX,
            kinds[k]);
        written++;
      }
    }
  }

  /** Feeds a live diagnosis with a ring of so many ranks, window by window. */
  public static Pass pass(int ranks, int windows) {
    var live = new LiveDiagnosis(4, true);
    List<Integer> all = IntStream.range(0, ranks).boxed().toList();
    for (int rank : all) {
      live.accept(new EventLine.Hello("node-" + rank / 8, rank, rank, ranks, 1, 1));
    }
    live.accept(new EventLine.Group("world", all));
    live.at(0);
    double longest = 0;
    for (int window = 0; window < windows; window++) {
      long t = window * 4_000_000_000L + 1_000_000_000L;
      for (int rank : all) {
        int from = (rank + ranks - 1) % ranks;
        one(live, t, rank, window, -1, EventKind.ENTER);
        one(live, t + 1000, rank, window, from, EventKind.POST);
        one(live, t + 2000, rank, window, from, EventKind.FIRST);
        one(live, t + 500_000, rank, window, from, EventKind.LAST);
        one(live, t + 600_000, rank, window, -1, EventKind.LEAVE);
      }
      long start = System.nanoTime();
      live.at((window + 1) * 4_000_000_000L + 400_000_000L);
      longest = Math.max(longest, (System.nanoTime() - start) / 1e9);
    }
    try {
      System.gc();
      var runtime = Runtime.getRuntime();
      return new Pass(ranks, longest, runtime.totalMemory() - runtime.freeMemory());
    } finally {
      Reference.reachabilityFence(live);
    }
  }

  private static void one(
      LiveDiagnosis live, long t, int rank, long seq, int peer, EventKind kind) {
    live.accept(
        new EventLine.Event(
            t,
            rank,
            "world",
            seq,
            CollectiveOp.ALL_REDUCE,
            "ring",
            1 << 20,
            0,
            peer,
            peer < 0 ? EventLine.Direction.NONE : EventLine.Direction.RX,
            kind));
  }
}

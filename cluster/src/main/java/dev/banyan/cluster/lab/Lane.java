package dev.banyan.cluster.lab;

import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.LabRun;
import dev.banyan.cluster.LiveDiagnosis;
import dev.banyan.cluster.RankProgram;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.follow.EventTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs that follow each other in one place: start, wait, harm, watch, score, tidy up. */
final class Lane {
  private static final long SECOND = 1_000_000_000L;
  private static final double WINDOW_SECONDS = 4;
  private static final int POLL_MILLIS = 250;
  private static final long START_SECONDS = 180;
  private static final long SILENT_SECONDS = 16;
  private static final long HANG_SECONDS = 30;
  private static final long SLOW_SECONDS = 45;

  /** How long the first verdict may take to become the last. */
  private static final long SETTLE_SECONDS = 2;

  private final Place place;
  private final Path folder;
  private final boolean keepAll;

  Lane(Place place, Path folder, boolean keepAll) {
    this.place = place;
    this.folder = folder;
    this.keepAll = keepAll;
  }

  /** One run. Trouble that is the lab's own is told in the result, not thrown. */
  LabRun run(int number, RankProgram program, Planted planted) throws InterruptedException {
    Path mine =
        folder.resolve("run-%04d-%s-%s".formatted(number, program.name(), planted.fault().word()));
    LabRun run;
    try {
      place.restore();
      delete(mine); // of an earlier lab
      Files.createDirectories(mine);
      run = watched(number, program, planted, mine);
    } catch (IOException e) {
      run = trouble(number, program, planted, String.valueOf(e.getMessage()));
    }
    if (run.right() && !keepAll) {
      delete(mine);
    }
    return run;
  }

  private LabRun watched(int number, RankProgram program, Planted planted, Path mine)
      throws IOException, InterruptedException {
    String group = Owner.self().name("run" + number);
    try (Fleet fleet = Fleet.start(program, place, mine);
        Injection injection = new Injection(group);
        Watching watching = new Watching(program, mine, fleet)) {
      watching.untilAllMove();
      long begun = System.nanoTime();
      boolean early = watching.alarmBefore(begun + planted.healthyMillis() * 1_000_000L);
      if (!early && !fleet.whole()) {
        throw new IOException("a rank ended before anything was done to it; see " + mine);
      }
      long harmed = early ? System.nanoTime() : injection.plant(planted, program, fleet, place);
      long patience =
          SECOND
              * (planted.fault().silent()
                  ? SILENT_SECONDS
                  : planted.fault().slow() ? SLOW_SECONDS : HANG_SECONDS);
      boolean alarmed = early || watching.alarmBefore(harmed + patience);
      if (!alarmed) {
        return scored(number, program, planted, watching.findings, null, null, early);
      }
      long detected = System.nanoTime();
      long settled = planted.fault().silent() ? detected : watching.settle(detected);
      return scored(
          number,
          program,
          planted,
          watching.findings,
          seconds(harmed, detected),
          seconds(detected, settled),
          early);
    }
  }

  private static LabRun scored(
      int number,
      RankProgram program,
      Planted planted,
      @Nullable Findings findings,
      @Nullable Double detect,
      @Nullable Double cause,
      boolean early) {
    if (findings == null) {
      return trouble(number, program, planted, "no diagnosis was asked for");
    }
    Score score = early ? new Score(false, false, false) : Score.of(planted, findings);
    List<String> said = new ArrayList<>();
    List<String> evidence = new ArrayList<>();
    for (Verdict verdict : findings.verdicts()) {
      String set =
          verdict.ambiguity().isEmpty() ? "" : " {" + String.join(", ", verdict.ambiguity()) + "}";
      said.add(verdict.headline() + set + (early ? " (before the fault)" : ""));
      evidence.addAll(verdict.evidence());
    }
    return new LabRun(
        number,
        program.name(),
        planted.fault(),
        planted.toString(),
        score.syndrome(),
        score.exact(),
        score.inSet(),
        early || planted.fault().silent() ? null : detect,
        early || planted.fault().silent() ? null : cause,
        said,
        evidence,
        "");
  }

  private static LabRun trouble(int number, RankProgram program, Planted planted, String why) {
    return new LabRun(
        number,
        program.name(),
        planted.fault(),
        planted.toString(),
        false,
        false,
        false,
        null,
        null,
        List.of(),
        List.of(),
        why);
  }

  private static double seconds(long from, long to) {
    return (to - from) / 1e9;
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (var walk = Files.walk(folder)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // it is only scratch
    }
  }

  /** What the lab sees of one run. */
  private static final class Watching implements AutoCloseable {
    private final List<EventTail> tails = new ArrayList<>();
    private final Set<Integer> moving = new HashSet<>();
    private final Fleet fleet;
    private final LiveDiagnosis diagnosis = new LiveDiagnosis(WINDOW_SECONDS, true);
    private @Nullable Findings findings;

    Watching(RankProgram program, Path folder, Fleet fleet) {
      this.fleet = fleet;
      for (int rank = 0; rank < fleet.size(); rank++) {
        tails.add(new EventTail(program.events(folder, rank)));
      }
    }

    private void feed() throws IOException {
      for (EventTail tail : tails) {
        tail.poll(
            line -> {
              if (line instanceof EventLine.Event event && event.ev() == EventKind.LEAVE) {
                moving.add(event.rank());
              }
              diagnosis.accept(line);
            });
      }
      fleet.observed().forEach(diagnosis::accept);
    }

    /** Waits until every rank has left a collective. */
    void untilAllMove() throws IOException, InterruptedException {
      long until = System.nanoTime() + START_SECONDS * SECOND;
      while (moving.size() < fleet.size()) {
        feed();
        if (System.nanoTime() > until || !fleet.whole()) {
          throw new IOException(
              "%d of %d ranks came to a collective".formatted(moving.size(), fleet.size()));
        }
        Thread.sleep(POLL_MILLIS);
      }
    }

    /** Watches until something is said; false when the time is over first. */
    boolean alarmBefore(long until) throws IOException, InterruptedException {
      do {
        Thread.sleep(POLL_MILLIS);
        feed();
        findings = diagnosis.at(System.nanoTime());
        if (findings.faulty()) {
          return true;
        }
      } while (System.nanoTime() < until);
      return false;
    }

    /** Goes on until what is said does not change any more; gives when it last did. */
    long settle(long detected) throws IOException, InterruptedException {
      long changed = detected;
      while (System.nanoTime() < detected + SETTLE_SECONDS * SECOND) {
        Thread.sleep(POLL_MILLIS);
        feed();
        Findings before = findings;
        Findings now = diagnosis.at(System.nanoTime());
        if (before != null && now.faulty()) {
          if (!same(before, now)) {
            changed = System.nanoTime();
          }
          findings = now;
        }
      }
      return changed;
    }

    private static boolean same(Findings a, Findings b) {
      if (a.verdicts().size() != b.verdicts().size()) {
        return false;
      }
      for (int i = 0; i < a.verdicts().size(); i++) {
        if (!a.verdicts().get(i).sameFault(b.verdicts().get(i))) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void close() throws IOException {
      for (EventTail tail : tails) {
        tail.close();
      }
    }
  }
}

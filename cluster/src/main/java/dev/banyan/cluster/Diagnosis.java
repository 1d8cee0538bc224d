package dev.banyan.cluster;

import dev.banyan.cluster.diagnose.DumpDiagnosis;
import dev.banyan.cluster.diagnose.RasRules;
import dev.banyan.cluster.ingest.EventFiles;
import dev.banyan.cluster.ingest.Intake;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the faulty part of a training cluster in what its collectives left behind: PyTorch Flight
 * Recorder dumps, NCCL Inspector and RAS files, Kineto traces, our own event lines, host counters,
 * in any mixture, partly missing or broken.
 *
 * <pre>{@code
 * Findings findings = Diagnosis.of(List.of(Path.of("dumps")), DiagnosisOptions.standard());
 * findings.verdicts().forEach(verdict -> log(verdict.headline(), verdict.evidence()));
 * }</pre>
 *
 * The same rules follow a running job as {@link LiveDiagnosis}.
 */
public final class Diagnosis {
  private Diagnosis() {}

  /**
   * Reads files, and folders with all that is in them, and judges.
   *
   * @throws dev.banyan.core.UserInputException when a path does not exist
   * @throws IOException when a file cannot be read at all
   */
  public static Findings of(List<Path> paths, DiagnosisOptions options)
      throws IOException, InterruptedException {
    long start = options.nanoTime().getAsLong();
    Intake intake = Intake.read(paths, options);
    List<Unreadable> unreadable = new ArrayList<>(intake.unreadable());
    List<String> notes = new ArrayList<>(intake.notes());
    DumpDiagnosis.Outcome dumps = DumpDiagnosis.judge(intake.dumps());
    notes.addAll(dumps.notes());
    List<Verdict> verdicts = new ArrayList<>(dumps.verdicts());
    Set<Integer> masked = new TreeSet<>(dumps.masked());
    Set<Integer> seen = new TreeSet<>(dumps.seen());
    int expected = dumps.expected();
    if (!intake.snapshots().isEmpty()) {
      RasRules.Outcome ras = RasRules.judge(intake.snapshots());
      add(verdicts, ras.verdicts());
      masked.addAll(ras.masked());
      seen.addAll(ras.seen());
      notes.addAll(ras.notes());
      expected = Math.max(expected, ras.expected());
    }
    if (!intake.events().isEmpty()) {
      EventFiles.Outcome events =
          EventFiles.read(intake.events(), options.windowSeconds(), options.threads());
      add(verdicts, events.verdicts());
      masked.addAll(events.masked());
      seen.addAll(events.seen());
      unreadable.addAll(events.unreadable());
      expected = Math.max(expected, events.expected());
    }
    verdicts.forEach(verdict -> masked.removeAll(verdict.ranks()));
    Set<Integer> innocent = new TreeSet<>(seen);
    innocent.removeAll(masked);
    verdicts.forEach(verdict -> innocent.removeAll(verdict.ranks()));
    return new Findings(
        verdicts,
        List.copyOf(innocent),
        List.copyOf(masked),
        unreadable,
        notes,
        seen.size(),
        Math.max(expected, seen.size()),
        (options.nanoTime().getAsLong() - start) / 1e9);
  }

  private static void add(List<Verdict> verdicts, List<Verdict> more) {
    more.stream()
        .filter(each -> verdicts.stream().noneMatch(known -> known.sameFault(each)))
        .forEach(verdicts::add);
  }
}

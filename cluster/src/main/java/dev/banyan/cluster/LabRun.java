package dev.banyan.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run of the fault lab and what the diagnosis made of it.
 *
 * @param number from 0
 * @param program its ranks ran
 * @param fault that was done
 * @param planted the truth in words
 * @param syndromeRight whether the surest verdict has the right syndrome; of a silent run, whether
 *     there was no alarm
 * @param exact whether the culprit and nobody else was named
 * @param inSet whether it is inside a stated set of at most three
 * @param detectSeconds from the fault to the first verdict; null without one
 * @param causeSeconds from there to the verdicts that were scored
 * @param verdicts what was said, one line each
 * @param evidence of the verdicts
 * @param trouble why the run could not be made; empty when it was
 */
public record LabRun(
    int number,
    String program,
    Fault fault,
    String planted,
    boolean syndromeRight,
    boolean exact,
    boolean inSet,
    @Nullable Double detectSeconds,
    @Nullable Double causeSeconds,
    List<String> verdicts,
    List<String> evidence,
    String trouble) {
  public LabRun {
    verdicts = List.copyOf(verdicts);
    evidence = List.copyOf(evidence);
  }

  /** Whether the run was made. */
  public boolean made() {
    return trouble.isEmpty();
  }

  /** Whether syndrome and culprit are right. */
  public boolean right() {
    return syndromeRight && (exact || inSet);
  }
}

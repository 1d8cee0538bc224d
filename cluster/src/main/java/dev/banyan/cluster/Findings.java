package dev.banyan.cluster;

import java.util.List;

/**
 * What a diagnosis found.
 *
 * @param verdicts the faults, surest first
 * @param innocent ranks that did their part, ascending
 * @param masked ranks that cannot be judged beside a culprit, ascending: they wait behind it, it
 *     hides what they do, or too few windows have shown them to be slow; never also innocent
 * @param unreadable what could not be read
 * @param notes what the reader should know: what the records lack, and how to record it
 * @param ranksSeen ranks with any record
 * @param ranksExpected ranks that the records say there are
 * @param seconds the diagnosis took
 */
public record Findings(
    List<Verdict> verdicts,
    List<Integer> innocent,
    List<Integer> masked,
    List<Unreadable> unreadable,
    List<String> notes,
    int ranksSeen,
    int ranksExpected,
    double seconds) {
  public Findings {
    verdicts = List.copyOf(verdicts);
    innocent = List.copyOf(innocent);
    masked = List.copyOf(masked);
    unreadable = List.copyOf(unreadable);
    notes = List.copyOf(notes);
  }

  /** Whether anything is wrong with the cluster or the job. */
  public boolean faulty() {
    return !verdicts.isEmpty();
  }
}

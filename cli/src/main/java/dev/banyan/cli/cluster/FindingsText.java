package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.Result;
import java.io.PrintWriter;
import java.util.List;

/** Findings for people and for programs. */
final class FindingsText {
  private static final int MOST_SHOWN = 20;

  private FindingsText() {}

  /** Writes verdicts with their evidence, who was seen, and what was not read. */
  static void print(Findings findings, PrintWriter to) {
    for (Verdict verdict : findings.verdicts()) {
      to.printf("%s  (confidence %.2f)%n", verdict.headline(), verdict.confidence());
      if (!verdict.hosts().isEmpty()) {
        to.println("  hosts: " + String.join(", ", verdict.hosts()));
      }
      verdict.evidence().forEach(sentence -> to.println("  - " + sentence));
      if (!verdict.ambiguity().isEmpty()) {
        to.println("  cannot be told apart: " + String.join(", ", verdict.ambiguity()));
      }
    }
    if (!findings.faulty() && findings.ranksSeen() > 0) {
      to.println("no fault found");
    }
    if (!findings.masked().isEmpty()) {
      to.println("masked by a culprit, not judged: " + some(findings.masked()));
    }
    if (!findings.innocent().isEmpty()) {
      to.println("innocent: " + some(findings.innocent()));
    }
    for (Unreadable each : findings.unreadable().stream().limit(MOST_SHOWN).toList()) {
      to.printf("not read: %s at byte %d: %s%n", each.path(), each.offset(), each.reason());
    }
    if (findings.unreadable().size() > MOST_SHOWN) {
      to.printf("not read: %d more%n", findings.unreadable().size() - MOST_SHOWN);
    }
    findings.notes().forEach(note -> to.println("note: " + note));
    to.printf(
        "%d of %d ranks seen, %.2f s%n",
        findings.ranksSeen(), findings.ranksExpected(), findings.seconds());
  }

  /** Ranks, with runs of neighbours as {@code 3–7}. */
  static String some(List<Integer> ranks) {
    var text = new StringBuilder();
    int i = 0;
    int written = 0;
    while (i < ranks.size() && written < MOST_SHOWN) {
      int end = i;
      while (end + 1 < ranks.size() && ranks.get(end + 1) == ranks.get(end) + 1) {
        end++;
      }
      text.append(written++ == 0 ? "" : ", ").append(ranks.get(i));
      text.append(end == i ? "" : (end == i + 1 ? ", " : "–") + ranks.get(end));
      i = end + 1;
    }
    return i < ranks.size() ? text + ", … (" + ranks.size() + " in all)" : text.toString();
  }

  /** What {@code --json} gives. */
  static Result result(Findings findings, Common common) {
    return common
        .result()
        .put("verdicts", findings.verdicts())
        .put("innocent", findings.innocent())
        .put("masked", findings.masked())
        .put("unreadable", findings.unreadable())
        .put("notes", findings.notes())
        .put("ranksSeen", findings.ranksSeen())
        .put("ranksExpected", findings.ranksExpected())
        .put("seconds", findings.seconds());
  }
}

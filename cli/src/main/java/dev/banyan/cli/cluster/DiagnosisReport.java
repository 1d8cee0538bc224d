package dev.banyan.cli.cluster;

import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import java.nio.file.Path;
import java.util.List;

/** The page of a diagnosis. */
final class DiagnosisReport {
  private static final int MOST_ROWS = 200;

  private DiagnosisReport() {}

  static Report of(List<Path> paths, Findings findings) {
    Report report =
        Report.titled(findings.faulty() ? "A fault was found" : "No fault was found")
            .subtitle(
                paths.getFirst()
                    + (paths.size() > 1 ? " and " + (paths.size() - 1) + " more paths" : ""));
    report
        .figure("ranks seen", "" + findings.ranksSeen(), "of " + findings.ranksExpected())
        .figure("masked", "" + findings.masked().size(), "not judged beside a culprit")
        .figure("innocent", "" + findings.innocent().size(), "did their part")
        .figure("not read", "" + findings.unreadable().size(), "places");
    int number = 0;
    for (Verdict verdict : findings.verdicts()) {
      verdict(report.section(++number + ". " + verdict.headline()), verdict);
    }
    report.section("Ranks");
    report.table(
        Table.of("what", "ranks")
            .row("masked", none(findings.masked()))
            .row("innocent", none(findings.innocent())));
    if (!findings.unreadable().isEmpty()) {
      Table table = Table.of("file", "byte", "why");
      for (Unreadable each : findings.unreadable().stream().limit(MOST_ROWS).toList()) {
        table.row(each.path(), each.offset(), each.reason());
      }
      report.section("What could not be read").table(table);
    }
    if (!findings.notes().isEmpty()) {
      report.section("Notes").list(findings.notes());
    }
    return report.command("banyan cluster diagnose " + paths.getFirst());
  }

  private static String none(List<Integer> ranks) {
    return ranks.isEmpty() ? "none" : FindingsText.some(ranks);
  }

  private static void verdict(Report report, Verdict verdict) {
    report.list(verdict.evidence());
    Table table = Table.of("what", "value").row("confidence", verdict.confidence());
    if (!verdict.hosts().isEmpty()) {
      table.row("hosts", String.join(", ", verdict.hosts()));
    }
    if (!verdict.ambiguity().isEmpty()) {
      table.row("cannot be told apart", String.join(", ", verdict.ambiguity()));
    }
    report.table(table.row("what to do", verdict.action().word()));
  }
}

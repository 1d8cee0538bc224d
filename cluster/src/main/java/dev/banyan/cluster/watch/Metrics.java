package dev.banyan.cluster.watch;

import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Syndrome;
import java.util.Locale;

/** The state of a watch as Prometheus reads it (text format 0.0.4). */
public final class Metrics {
  private Metrics() {}

  /**
   * @param events taken in so far
   * @param files that are followed
   */
  public static String text(Findings findings, long events, int files) {
    var text = new StringBuilder();
    add(text, "banyan_cluster_ranks_seen", "gauge", "Ranks with records.", findings.ranksSeen());
    add(
        text,
        "banyan_cluster_ranks_expected",
        "gauge",
        "Ranks the records speak of.",
        findings.ranksExpected());
    add(
        text,
        "banyan_cluster_ranks_masked",
        "gauge",
        "Ranks that wait behind a culprit.",
        findings.masked().size());
    add(text, "banyan_cluster_events_total", "counter", "Events taken in.", events);
    add(text, "banyan_cluster_files", "gauge", "Files followed.", files);
    add(
        text,
        "banyan_cluster_unreadable",
        "gauge",
        "Places that could not be read.",
        findings.unreadable().size());
    text.append("# HELP banyan_cluster_verdicts Faults that stand.\n");
    text.append("# TYPE banyan_cluster_verdicts gauge\n");
    for (Syndrome syndrome : Syndrome.values()) {
      long count = findings.verdicts().stream().filter(v -> v.syndrome() == syndrome).count();
      text.append(
          String.format(
              Locale.ROOT,
              "banyan_cluster_verdicts{syndrome=\"%s\"} %d%n",
              syndrome.word(),
              count));
    }
    return text.toString();
  }

  private static void add(StringBuilder text, String name, String type, String help, long value) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    text.append(name).append(' ').append(value).append('\n');
  }
}

package dev.banyan.cli.serve;

import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.LoadRequest;
import dev.banyan.serve.OpenLoop;
import dev.banyan.serve.Percentiles;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a load test measured, as lines, figures and a page. */
record LoadReport(
    OpenLoop test,
    String workload,
    List<LoadRequest> asked,
    LoadOutcome outcome,
    String url,
    long seed) {
  private static final double LATE_ENOUGH_TO_SAY = 0.01;

  void print(PrintWriter out) {
    out.printf("%s at %s, seed %d%n", test.model(), url, seed);
    out.printf("%s%n", sentence());
    outcome
        .failures()
        .forEach(
            (kind, count) ->
                out.printf("failed    %,d × %s: %s%n", count, kind, outcome.reason(kind)));
    out.print(TextTable.of(percentiles()));
    out.printf(
        "%s tokens/s out, %s in; %d requests open at most%n",
        Format.number(outcome.tokensPerSecond()),
        Format.number(outcome.promptTokens() / outcome.seconds()),
        outcome.mostOpen());
    if (outcome.late().p99() > LATE_ENOUGH_TO_SAY) {
      out.printf(
          "the generator itself sent late: P99 %.0f ms, at most %.0f ms (counted in)%n",
          outcome.late().p99() * 1e3, outcome.late().most() * 1e3);
    }
    if (!test.countsTokens()) {
      out.printf("the server counts no tokens: a word was taken for one, a piece of text too%n");
    }
  }

  private String sentence() {
    String left =
        outcome.endedEarly()
            ? "; stopped with %,d open and %,d to come"
                .formatted(outcome.stopped(), outcome.unsent())
            : "";
    return "requests  %,d in %s: %,d answered, %,d failed%s"
        .formatted(
            outcome.answers().size(),
            Format.number(outcome.seconds()) + " s",
            outcome.answered(),
            outcome.failed(),
            left);
  }

  private Table percentiles() {
    Table table = Table.of("from the scheduled arrival, ms", "P50", "P90", "P99", "most");
    row(table, "time to first token", outcome.first());
    row(table, "time per output token", outcome.perToken());
    row(table, "end to end", outcome.whole());
    return table;
  }

  private static void row(Table table, String name, Percentiles of) {
    table.row(name, milli(of.p50()), milli(of.p90()), milli(of.p99()), milli(of.most()));
  }

  private static Object milli(double seconds) {
    return Double.isNaN(seconds) ? "-" : (Object) (seconds * 1e3);
  }

  /** Every figure; counts are of requests. */
  Result into(Result result) {
    double last = asked.getLast().arrivalSeconds();
    return result
        .put("url", url)
        .put("model", test.model())
        .put("workload", workload)
        .put("askedRequests", asked.size())
        .put("scheduledRequestsPerSecond", last > 0 ? asked.size() / last : Double.NaN)
        .put("requests", outcome.answers().size())
        .put("answered", outcome.answered())
        .put("failed", outcome.failed())
        .put("stopped", outcome.stopped())
        .put("unsent", outcome.unsent())
        .put("endedEarly", outcome.endedEarly())
        .put("failures", outcome.failures())
        .put("seconds", outcome.seconds())
        .put("mostOpen", outcome.mostOpen())
        .put("promptTokens", outcome.promptTokens())
        .put("outputTokens", outcome.outputTokens())
        .put("tokensPerSecond", outcome.tokensPerSecond())
        .put("firstTokenSeconds", figures(outcome.first()))
        .put("perOutputTokenSeconds", figures(outcome.perToken()))
        .put("endToEndSeconds", figures(outcome.whole()))
        .put("generatorLateSeconds", figures(outcome.late()));
  }

  private static Map<String, Double> figures(Percentiles of) {
    Map<String, Double> map = new LinkedHashMap<>();
    map.put("p50", of.p50());
    map.put("p90", of.p90());
    map.put("p99", of.p99());
    map.put("most", of.most());
    return map;
  }

  Report page() {
    Report report =
        Report.titled("Load on " + test.model())
            .subtitle(
                "%s requests to %s, workload %s, seed %d"
                    .formatted(Format.count(asked.size()), url, workload, seed));
    if (outcome.endedEarly()) {
      report.figure(
          "ended early",
          Format.count(outcome.answers().size()) + " sent",
          "of "
              + Format.count(asked.size())
              + ", "
              + Format.count(outcome.answered())
              + " answered");
    }
    report.figure(
        "failed", Format.count(outcome.failed()), "of " + Format.count(outcome.answers().size()));
    report.figure("first token, P99", seconds(outcome.first().p99()), "from scheduled arrival");
    report.figure("end to end, P99", seconds(outcome.whole().p99()), "from scheduled arrival");
    report.figure("out", Format.number(outcome.tokensPerSecond()) + " tokens/s", "of full answers");
    report
        .section("Latency")
        .paragraph(
            sentence()
                + ". Each request was sent at its time, however many were still open, and counts from it.")
        .table(percentiles())
        .chart(
            Chart.lines("Shares of requests by latency")
                .x("seconds")
                .y("share of requests")
                .logX()
                .distribution("first token", outcome.values(LoadAnswer::firstSeconds))
                .distribution("end to end", whole()));
    report.section("Over time").chart(overTime());
    if (outcome.failed() > 0) {
      Table table = Table.of("failed", "requests", "what was said");
      outcome.failures().forEach((kind, count) -> table.row(kind, count, outcome.reason(kind)));
      report.section("What failed").table(table);
    }
    return report;
  }

  private double[] whole() {
    return outcome.values(LoadAnswer::seconds);
  }

  private Chart overTime() {
    return Chart.scatter("Latency by scheduled arrival")
        .x("seconds since the start")
        .y("seconds")
        .series(
            "first token",
            outcome.values(LoadAnswer::arrivalSeconds),
            outcome.values(LoadAnswer::firstSeconds))
        .series("end to end", outcome.values(LoadAnswer::arrivalSeconds), whole());
  }

  private static String seconds(double seconds) {
    return Double.isNaN(seconds) ? "-" : Format.number(seconds) + " s";
  }
}

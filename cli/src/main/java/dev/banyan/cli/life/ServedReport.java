package dev.banyan.cli.life;

import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.serve.Percentiles;
import java.util.List;
import java.util.Map;

/** What serving under disturbance did to clients. */
final class ServedReport {
  private ServedReport() {}

  /** In one line. */
  static String line(Lived.Served served) {
    return "%d requests on two instances, %s: %d failed%s, %d of %d answers as undisturbed; %d moved running, %d waiting, %d computed again; end to end P99 %s (undisturbed %s)"
        .formatted(
            served.requests(),
            served.happened()
                ? "one drained and one killed"
                : "%d of %d disturbances, as the load was over too early"
                    .formatted(served.disturbances().size(), Lived.Served.ALL),
            served.disturbed().failed(),
            served.calm().failed() > 0 ? " (undisturbed %d)".formatted(served.calm().failed()) : "",
            served.compared() - served.differing(),
            served.requests(),
            served.moved(),
            served.requeued(),
            served.replayed(),
            seconds(served.disturbed().endToEnd().p99()),
            seconds(served.calm().endToEnd().p99()));
  }

  static void add(Report report, Lived.Served served, String command) {
    report
        .section("How it serves")
        .paragraph(
            "The tuned model on two instances, asked to go on with %d beginnings of held-out documents by %d tokens each, %s a second on average, whether or not earlier answers had ended. Twice: once nothing happened; once an instance was drained and another killed."
                .formatted(served.requests(), served.outputTokens(), Format.number(served.rate())))
        .list(served.disturbances())
        .paragraph(verdict(served));
    report.table(table(served.calm(), served.disturbed()));
    report
        .chart(
            Chart.lines("Shares of requests by time to the end")
                .x("seconds")
                .y("share of requests")
                .logX()
                .distribution("undisturbed", array(served.calm().whole()))
                .distribution("drained and killed", array(served.disturbed().whole())))
        .chart(
            Chart.scatter("Time to the end, by scheduled arrival")
                .x("seconds since the load began")
                .y("seconds")
                .fromZero()
                .series("undisturbed", array(served.calm().at()), array(served.calm().whole()))
                .series(
                    "drained and killed",
                    array(served.disturbed().at()),
                    array(served.disturbed().whole())))
        .command(command);
  }

  private static String verdict(Lived.Served served) {
    long failed = served.calm().failed() + served.disturbed().failed();
    return (served.happened()
            ? ""
            : "NOT ALL OF IT HAPPENED: the load was over before both instances had requests, as often as it was tried; more serve-requests help. ")
        + (failed == 0
            ? "0 requests failed. "
            : "%d REQUESTS FAILED: %s. "
                .formatted(failed, kinds(served.calm().failures(), served.disturbed().failures())))
        + "%d running requests moved with their memory and %d waiting ones without, %d were computed again. "
            .formatted(served.moved(), served.requeued(), served.replayed())
        + (served.differing() == 0
            ? "All %d answers that both loads have were the same.".formatted(served.compared())
            : "%d of %d ANSWERS DIFFERED from the undisturbed ones."
                .formatted(served.differing(), served.compared()));
  }

  private static String kinds(Map<String, Integer> calm, Map<String, Integer> disturbed) {
    return "undisturbed " + calm + ", drained and killed " + disturbed;
  }

  private static Table table(Lived.Load calm, Lived.Load disturbed) {
    Table table =
        Table.of("from scheduled arrivals, ms", "undisturbed", "drained and killed")
            .row("answered, requests", calm.answered(), disturbed.answered())
            .row("failed, requests", calm.failed(), disturbed.failed());
    rows(table, "time to first token", calm.firstToken(), disturbed.firstToken());
    rows(table, "time per output token", calm.perToken(), disturbed.perToken());
    rows(table, "end to end", calm.endToEnd(), disturbed.endToEnd());
    return table.row(
        "tokens per second",
        Math.round(calm.tokensPerSecond()),
        Math.round(disturbed.tokensPerSecond()));
  }

  private static void rows(Table table, String name, Percentiles calm, Percentiles disturbed) {
    table
        .row(name + ", P50", milli(calm.p50()), milli(disturbed.p50()))
        .row(name + ", P90", milli(calm.p90()), milli(disturbed.p90()))
        .row(name + ", P99", milli(calm.p99()), milli(disturbed.p99()));
  }

  private static double milli(double seconds) {
    return Math.round(seconds * 1e4) / 10.0;
  }

  private static String seconds(double seconds) {
    return Double.isNaN(seconds) ? "none" : "%.2f s".formatted(seconds);
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(value -> value).toArray();
  }
}

package dev.banyan.cli.bench;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.Progress;
import dev.banyan.serve.ForcedMoves;
import dev.banyan.serve.MoveTimes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What of {@code banyan bench live} is about requests that move, and how quickly they go. */
record MoveBench(Common common, Bars bars) {
  /** Moves that are forced, one after the other. */
  ForcedMoves.Tally forced(Path folder, long moves) throws IOException {
    ForcedMoves.Tally tally;
    try (Progress progress = common.progress("forced moves", moves, "moves")) {
      tally = ForcedMoves.run(folder, moves, common.seed(), progress);
    }
    bars.line(
        "moves",
        String.format(
            Locale.ROOT,
            "%,d committed, %,d given up, %,d answers, %,d tokens",
            tally.moves(),
            tally.givenUp(),
            tally.answers(),
            tally.tokens()),
        String.format(
            Locale.ROOT,
            "%d differing, %d lost, %d duplicated",
            tally.differing(),
            tally.lost(),
            tally.duplicated()),
        "0",
        tally.wrong() == 0);
    return tally;
  }

  /** How long a request stands still, of short and long contexts. */
  List<MoveTimes.Downtime> downtime(Path folder, int timed) throws IOException {
    MoveTimes.Downtime brief;
    MoveTimes.Downtime lengthy;
    try (Progress progress = common.progress("downtime", timed, "moves")) {
      brief = MoveTimes.downtime(folder, 256, timed, common.seed(), progress);
    }
    try (Progress progress = common.progress("downtime", timed, "moves")) {
      lengthy = MoveTimes.downtime(folder, 2048, timed, common.seed(), progress);
    }
    MoveTimes.Downtime pacedBrief;
    MoveTimes.Downtime pacedLengthy;
    try (Progress progress = common.progress("downtime, paced", timed, "moves")) {
      pacedBrief = MoveTimes.pacedDowntime(folder, 256, timed, common.seed(), progress);
    }
    try (Progress progress = common.progress("downtime, paced", timed, "moves")) {
      pacedLengthy = MoveTimes.pacedDowntime(folder, 2048, timed, common.seed(), progress);
    }
    pauses("a model", List.of(brief, lengthy));
    pauses("paced engines", List.of(pacedBrief, pacedLengthy));
    double longer = lengthy.stoppedMedianSeconds() / brief.stoppedMedianSeconds();
    bars.line(
        "downtime",
        String.format(
            Locale.ROOT,
            "in no batch: median %.2f ms (256 tokens), %.2f ms (2,048)",
            1e3 * brief.stoppedMedianSeconds(),
            1e3 * lengthy.stoppedMedianSeconds()),
        String.format(Locale.ROOT, "%.2f ×", longer),
        "≤ 1.2 ×",
        longer <= 1.2);
    double anew = lengthy.recomputeSeconds() / lengthy.stoppedMedianSeconds();
    bars.line(
        "downtime",
        String.format(
            Locale.ROOT,
            "recomputing 2,048 tokens takes %.0f ms",
            1e3 * lengthy.recomputeSeconds()),
        String.format(Locale.ROOT, "%.0f × longer", anew),
        "≥ 20 ×",
        anew >= 20);
    return List.of(brief, lengthy, pacedBrief, pacedLengthy);
  }

  private void pauses(String engines, List<MoveTimes.Downtime> found) {
    for (MoveTimes.Downtime each : found) {
      String of = engines + ", " + each.contextTokens() + " tokens";
      bars.line(
          "downtime",
          String.format(
              Locale.ROOT,
              "from the last token of the source to the first of the destination, %s, steps of"
                  + " %.2f ms",
              of,
              1e3 * each.stepSeconds()),
          String.format(
              Locale.ROOT,
              "median %.2f, P99 %.2f steps",
              each.gapMedianSteps(),
              each.gapP99Steps()),
          "≤ 2, ≤ 5",
          each.gapMedianSteps() <= 2 && each.gapP99Steps() <= 5);
      bars.figure(
          "downtime",
          "longest pause of twelve from the move on, and of twelve before it",
          String.format(
              Locale.ROOT,
              "medians %.2f, %.2f steps",
              each.longestMedianSteps(),
              each.longestQuietMedianSteps()));
      bars.line(
          "downtime",
          String.format(
              Locale.ROOT,
              "a neighbour's step while one moves, %s, against %.2f ms",
              of,
              1e3 * each.neighbourQuietStepSeconds()),
          String.format(
              Locale.ROOT,
              "%+.1f %%",
              100 * (each.neighbourStepSeconds() / each.neighbourQuietStepSeconds() - 1)),
          "≤ +3 %",
          each.neighbourStepSeconds() <= 1.03 * each.neighbourQuietStepSeconds());
    }
  }

  /** An instance gives away all it has. */
  MoveTimes.Drains drain(Path folder) throws IOException {
    MoveTimes.Drains drains;
    try (Progress progress = common.progress("drain", 10, "drains")) {
      drains = MoveTimes.drains(folder, 16, 10, common.seed(), progress);
    }
    double longest = drains.seconds().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    bars.line(
        "drain",
        String.format(
            Locale.ROOT,
            "%d streams, %d times: longest",
            drains.streams(),
            drains.seconds().size()),
        String.format(Locale.ROOT, "%.2f s, %d failures", longest, drains.failed()),
        "≤ 2 s, 0",
        longest <= 2 && drains.failed() == 0);
    return drains;
  }

  /** Clients go away. */
  MoveTimes.Cancels cancel(Path folder, int cancels) throws IOException {
    MoveTimes.Cancels found;
    try (Progress progress = common.progress("cancel", cancels, "clients")) {
      found = MoveTimes.cancels(folder, cancels, common.seed(), progress);
    }
    bars.line(
        "cancel",
        String.format(
            Locale.ROOT,
            "blocks free after, half of them while moving: median %.1f, P99 %.1f, longest %.1f ms",
            1e3 * found.median(),
            1e3 * found.p99(),
            1e3 * found.longest()),
        String.format(Locale.ROOT, "%,d of %,d in 50 ms", found.inTime(), found.count()),
        "all",
        found.inTime() == found.count());
    return found;
  }
}

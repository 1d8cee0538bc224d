package dev.banyan.cli.bench;

import dev.banyan.bench.Pairs;
import dev.banyan.bench.Peer;
import dev.banyan.core.Format;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which peers are run, and how a bench's cells are written. */
final class Peers {
  /** What a cell says of what was left out. */
  static final String NOT_RUN = "not run";

  @Option(
      names = "--python",
      paramLabel = "PATH",
      description = "A Python with the peers' libraries; without it our side is measured alone.")
  private @Nullable Path python;

  Optional<Peer> python() {
    return Optional.ofNullable(python).map(Peer::new);
  }

  /** The peer's median rate with its unit, or that it was not run. */
  static String rate(Pairs pairs, String unit) {
    return pairs.compared() ? rate(pairs.peerMedian(), unit) : NOT_RUN;
  }

  static String rate(double value, String unit) {
    return Format.number(value >= 100 ? Math.round(value) : value) + " " + unit;
  }

  static String ratio(Pairs pairs) {
    return pairs.compared() ? String.format(Locale.ROOT, "%.2f", pairs.medianRatio()) : "";
  }

  /** The ratio of every pair, so that a reader sees how far they scatter. */
  static String scatter(Pairs pairs) {
    if (!pairs.compared()) {
      return "";
    }
    double[] sorted = pairs.ratios().stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return String.format(
        Locale.ROOT,
        "%d pairs, ratios %.2f to %.2f",
        sorted.length,
        sorted[0],
        sorted[sorted.length - 1]);
  }
}

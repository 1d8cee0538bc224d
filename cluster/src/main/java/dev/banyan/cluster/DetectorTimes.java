package dev.banyan.cluster;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * How quick and how right a detector is, as the fault lab measures it.
 *
 * @param source where the numbers come from
 * @param processLoss from the fault to the alarm when a process dies
 * @param hang from the fault to the alarm when one hangs
 * @param cause from the alarm to the verdict
 * @param culpritExact share of verdicts that name the right part
 * @param falseIsolationsPerMonth healthy nodes taken out in 30 days
 */
public record DetectorTimes(
    String source,
    Spread processLoss,
    Spread hang,
    Spread cause,
    double culpritExact,
    double falseIsolationsPerMonth) {

  /** Half of the times are below one, 95 % below the other. */
  public record Spread(double p50Seconds, double p95Seconds) {
    public Spread {
      if (!(p50Seconds > 0) || !(p95Seconds >= p50Seconds)) {
        throw new UserInputException(
            "times with p50Seconds %s and p95Seconds %s: expected 0 < p50 ≤ p95"
                .formatted(p50Seconds, p95Seconds));
      }
    }
  }

  public DetectorTimes {
    if (!(culpritExact >= 0 && culpritExact <= 1) || !(falseIsolationsPerMonth >= 0)) {
      throw new UserInputException(
          "culpritExact is %s and falseIsolationsPerMonth %s: expected 0 to 1, and 0 or more"
              .formatted(culpritExact, falseIsolationsPerMonth));
    }
  }

  /**
   * Reads a file.
   *
   * @throws UserInputException when it is none
   */
  public static DetectorTimes read(Path file) {
    DetectorTimes times = Json.read(file, DetectorTimes.class);
    return complete(times, file.toString());
  }

  @SuppressWarnings("NullAway") // Jackson leaves what a file lacks null
  private static DetectorTimes complete(DetectorTimes times, String where) {
    if (times.source == null
        || times.processLoss == null
        || times.hang == null
        || times.cause == null) {
      throw new UserInputException(
          where
              + ": lacks one of source, processLoss, hang, cause; each time has p50Seconds and p95Seconds");
    }
    return times;
  }

  /** What is taken until the lab has measured: the bars the detector is to reach. */
  public static DetectorTimes standard() {
    try (InputStream in = DetectorTimes.class.getResourceAsStream("month/detector.json")) {
      if (in == null) {
        throw new IllegalStateException("month/detector.json is not on the class path");
      }
      return Json.mapper().readValue(in.readAllBytes(), DetectorTimes.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

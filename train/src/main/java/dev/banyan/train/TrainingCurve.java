package dev.banyan.train;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;

/**
 * The loss of a run over its steps, smoothed over at most {@value #POINTS} points.
 *
 * @param steps the last step of each point
 * @param losses mean nats per learned token of the steps of a point
 */
@SuppressWarnings("ArrayRecordComponent") // goes straight into a chart
public record TrainingCurve(double[] steps, double[] losses) {
  private static final int POINTS = 200;

  /** Reads {@code metrics.jsonl}. */
  public static TrainingCurve read(Path metrics) {
    try (var lines = Files.lines(metrics)) {
      var number = new AtomicLong();
      List<JsonNode> all =
          lines
              .map(line -> Json.readLine(line, metrics, number.incrementAndGet(), JsonNode.class))
              .toList();
      int width = Math.max(1, (all.size() + POINTS - 1) / POINTS);
      int points = (all.size() + width - 1) / width;
      double[] steps = new double[points];
      double[] losses = new double[points];
      for (int point = 0; point < points; point++) {
        List<JsonNode> some = all.subList(point * width, Math.min(all.size(), (point + 1) * width));
        steps[point] = some.getLast().path("step").asDouble(0);
        losses[point] =
            some.stream().mapToDouble(line -> line.path("loss").asDouble(0)).average().orElse(0);
      }
      return new TrainingCurve(steps, losses);
    } catch (IOException e) {
      throw new UserInputException(metrics + ": cannot be read", e);
    }
  }
}

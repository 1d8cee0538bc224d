package dev.banyan.train.write;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Appends one JSON object per step to {@code metrics.jsonl}. Every line is written in one go, so a
 * killed process leaves at most one torn line, and a run that resumes at a step drops that and all
 * lines of later steps: the file is then what an uninterrupted run would have written. Not safe for
 * several threads.
 */
public final class MetricsLog implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 16;

  private final FileChannel channel;

  private MetricsLog(FileChannel channel) {
    this.channel = channel;
  }

  /** Begins an empty log; what was in the file is gone. */
  public static MetricsLog create(Path file) throws IOException {
    return resume(file, Long.MIN_VALUE);
  }

  /**
   * Goes on with a log behind its last whole line whose {@code step} is at most {@code lastStep}; a
   * file that is not there is begun.
   *
   * @throws UserInputException if a line before that has no {@code step}
   */
  public static MetricsLog resume(Path file, long lastStep) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    long kept = Files.exists(file) ? keptBytes(file, lastStep) : 0;
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    channel.truncate(kept);
    channel.position(kept);
    return new MetricsLog(channel);
  }

  /** Appends one line; numbers that are not finite are written as null, which JSON has. */
  public void write(long step, Map<String, ? extends Object> values) throws IOException {
    var line = new LinkedHashMap<String, Object>();
    line.put("step", step);
    values.forEach((name, value) -> line.put(name, isFinite(value) ? value : null));
    String json = Json.mapper().writeValueAsString(line) + "\n";
    var bytes = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Makes what was written survive a power cut; done at every checkpoint. */
  public void sync() throws IOException {
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static boolean isFinite(Object value) {
    return switch (value) {
      case Double number -> Double.isFinite(number);
      case Float number -> Float.isFinite(number);
      default -> true;
    };
  }

  private static long keptBytes(Path file, long lastStep) throws IOException {
    long from = 0;
    long number = 1;
    var line = new ByteArrayOutputStream();
    byte[] block = new byte[BLOCK_BYTES]; // a log of many steps is never in memory whole
    try (InputStream in = Files.newInputStream(file)) {
      for (int got = in.read(block); got > 0; got = in.read(block)) {
        int begin = 0;
        for (int at = 0; at < got; at++) {
          if (block[at] == '\n') {
            line.write(block, begin, at - begin);
            if (step(line.toString(StandardCharsets.UTF_8), file, number) > lastStep) {
              return from;
            }
            from += line.size() + 1;
            number++;
            line.reset();
            begin = at + 1;
          }
        }
        line.write(block, begin, got - begin);
      }
    }
    return from;
  }

  private static long step(String line, Path file, long number) {
    try {
      JsonNode step = Json.mapper().readTree(line).path("step");
      if (step.isIntegralNumber()) {
        return step.longValue();
      }
    } catch (JacksonException notJson) {
      throw new UserInputException(
          "%s:%d: not a line of metrics: %s".formatted(file, number, notJson.getOriginalMessage()),
          notJson);
    }
    throw new UserInputException(
        "%s:%d: a line of metrics has a whole number 'step', this one has none; move the file away"
            .formatted(file, number));
  }
}

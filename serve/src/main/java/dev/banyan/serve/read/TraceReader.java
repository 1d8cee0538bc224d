package dev.banyan.serve.read;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.Trace;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.policy.PriorityClass;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Reads a trace in the format its first line shows: CSV of Azure LLM inference (2023 and 2024),
 * BurstGPT, Vidur and splitwise-sim, JSON lines of Mooncake and LLMServingSim 2. Times become
 * seconds since the first row; rows must be in order of time, several may share one. Rows without
 * output (failed requests) are left out and counted.
 */
public final class TraceReader {
  private static final Map<String, List<String>> CSV =
      Map.of(
          "azure", List.of("TIMESTAMP", "ContextTokens", "GeneratedTokens"),
          "burstgpt", List.of("Timestamp", "Model", "Request tokens", "Response tokens"),
          "vidur", List.of("arrived_at", "num_prefill_tokens", "num_decode_tokens"),
          "splitwise", List.of("request_id", "arrival_timestamp", "prompt_size", "token_size"));

  private static final double MOST_SECONDS = 1e12;
  private static final int MOONCAKE_PIECE_TOKENS = 512;

  private final Path file;
  private final List<TraceRequest> requests = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private double first = Double.NaN;
  private double last = Double.NEGATIVE_INFINITY;
  private int failed;

  private TraceReader(Path file) {
    this.file = file;
  }

  /**
   * Reads {@code file}.
   *
   * @throws UserInputException when it is missing, empty, of no known format, or a row is wrong;
   *     the message names the line
   */
  public static Trace read(Path file) {
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      return new TraceReader(file).read(in);
    } catch (NoSuchFileException e) {
      throw new UserInputException(file + ": there is no such file", e);
    } catch (MalformedInputException e) {
      throw new UserInputException(
          file + ": is not UTF-8 text, a CSV or JSONL trace was expected", e);
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private Trace read(BufferedReader in) throws IOException {
    String head = in.readLine();
    if (head == null || head.isBlank()) {
      throw new UserInputException(file + ": is empty, a trace was expected");
    }
    if (head.startsWith("\ufeff")) {
      head = head.substring(1);
    }
    String format = head.stripLeading().startsWith("{") ? jsonFormat(head) : null;
    if (format == null) {
      Columns columns = Columns.of(file, head);
      format = csvFormat(columns);
      rows(in, columns, format);
    } else {
      lines(in, head, format);
    }
    if (requests.isEmpty()) {
      throw new UserInputException(file + ": holds no request");
    }
    return new Trace(String.valueOf(file.getFileName()), format, requests, failed);
  }

  private void rows(BufferedReader in, Columns columns, String format) throws IOException {
    long line = 1;
    for (String text = in.readLine(); text != null; text = in.readLine()) {
      line++;
      if (text.isBlank()) {
        continue;
      }
      Columns.Row row = columns.row(line, text);
      switch (format) {
        case "azure" ->
            add(
                line,
                azureSeconds(row),
                row.tokens("ContextTokens"),
                row.tokens("GeneratedTokens"));
        case "burstgpt" ->
            add(
                line,
                row.number("Timestamp"),
                row.tokens("Request tokens"),
                row.tokens("Response tokens"));
        case "vidur" ->
            add(
                line,
                row.number("arrived_at"),
                row.tokens("num_prefill_tokens"),
                row.tokens("num_decode_tokens"));
        default -> {
          if (!ids.add(row.text("request_id"))) {
            throw new UserInputException(
                "%s:%d: request_id %s came before".formatted(file, line, row.text("request_id")));
          }
          add(
              line,
              row.number("arrival_timestamp"),
              row.tokens("prompt_size"),
              row.tokens("token_size"));
        }
      }
    }
  }

  private void lines(BufferedReader in, String head, String format) throws IOException {
    long line = 1;
    for (String text = head; text != null; text = in.readLine(), line++) {
      if (text.isBlank()) {
        continue;
      }
      JsonNode row = Json.readLine(text, file, line, JsonNode.class);
      if (format.equals("mooncake")) {
        add(
            line,
            number(row, line, "timestamp") / 1e3,
            tokens(row, line, "input_length"),
            tokens(row, line, "output_length"),
            pieces(row, line));
      } else {
        add(
            line,
            number(row, line, "arrival_time_ns") / 1e9,
            tokens(row, line, "input_toks"),
            tokens(row, line, "output_toks"));
      }
    }
  }

  private void add(long line, double seconds, int prompt, int output, int... pieces) {
    if (!(Math.abs(seconds) < MOST_SECONDS)) {
      throw new UserInputException(
          "%s:%d: arrives at %s s, which is no time".formatted(file, line, seconds));
    }
    if (seconds < last) {
      throw new UserInputException(
          "%s:%d: arrives before the line above it; sort the trace by time".formatted(file, line));
    }
    last = seconds;
    if (Double.isNaN(first)) {
      first = seconds;
    }
    if (output == 0 || prompt == 0) {
      failed++;
      return;
    }
    requests.add(
        new TraceRequest(
            seconds - first,
            prompt,
            output,
            PriorityClass.NORMAL,
            pieces,
            pieces.length == 0 ? 0 : MOONCAKE_PIECE_TOKENS));
  }

  private static String csvFormat(Columns columns) {
    for (Map.Entry<String, List<String>> each : CSV.entrySet()) {
      if (columns.has(each.getValue().toArray(String[]::new))) {
        return each.getKey();
      }
    }
    List<String> known = CSV.values().stream().flatMap(List::stream).distinct().sorted().toList();
    throw new UserInputException(
        columns.file()
            + ":1: the columns "
            + columns.names()
            + " are none of Azure, BurstGPT, Vidur or splitwise"
            + Columns.hint(columns.names(), known));
  }

  private String jsonFormat(String head) {
    JsonNode row = Json.readLine(head, file, 1, JsonNode.class);
    if (row.has("input_length") && row.has("output_length") && row.has("timestamp")) {
      return "mooncake";
    }
    if (row.has("input_toks") && row.has("output_toks") && row.has("arrival_time_ns")) {
      return "llmservingsim";
    }
    throw new UserInputException(
        file
            + ":1: has the fields "
            + row.propertyNames()
            + ", those of Mooncake (timestamp, input_length, output_length) or LLMServingSim"
            + " (arrival_time_ns, input_toks, output_toks) were expected");
  }

  private int tokens(JsonNode row, long line, String field) {
    return Columns.checkedTokens(file, line, field, number(row, line, field));
  }

  private double number(JsonNode row, long line, String field) {
    JsonNode value = row.get(field);
    if (value == null || !value.isNumber() || !Double.isFinite(value.asDouble())) {
      throw new UserInputException(
          "%s:%d: %s is %s, a number was expected".formatted(file, line, field, value));
    }
    return value.asDouble();
  }

  private int[] pieces(JsonNode row, long line) {
    JsonNode ids = row.get("hash_ids");
    if (ids == null) {
      return new int[0];
    }
    if (!ids.isArray()) {
      throw new UserInputException(
          "%s:%d: hash_ids is %s, a list was expected".formatted(file, line, ids));
    }
    int[] pieces = new int[ids.size()];
    for (int i = 0; i < pieces.length; i++) {
      if (!ids.get(i).canConvertToInt()) {
        throw new UserInputException(
            "%s:%d: hash_ids[%d] is %s, a 32-bit whole number was expected"
                .formatted(file, line, i, ids.get(i)));
      }
      pieces[i] = ids.get(i).asInt();
    }
    return pieces;
  }

  /** {@code 2023-11-16 18:15:46.6805900}, or with {@code +00:00} as in 2024. */
  private double azureSeconds(Columns.Row row) {
    String text = row.text("TIMESTAMP").replace(' ', 'T');
    try {
      boolean zoned = text.endsWith("Z") || text.lastIndexOf('+') > 10;
      LocalDateTime time =
          zoned
              ? OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime()
              : LocalDateTime.parse(text);
      Instant instant = time.toInstant(ZoneOffset.UTC);
      return instant.getEpochSecond() + instant.getNano() / 1e9;
    } catch (DateTimeException e) {
      throw new UserInputException(
          "%s:%d: TIMESTAMP is '%s', a time like 2023-11-16 18:15:46.6805900 was expected"
              .formatted(file, row.line, row.text("TIMESTAMP")),
          e);
    }
  }
}

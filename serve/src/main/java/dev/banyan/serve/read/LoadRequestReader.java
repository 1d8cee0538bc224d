package dev.banyan.serve.read;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.LoadRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads requests of a load test from JSON lines. */
public final class LoadRequestReader {
  private LoadRequestReader() {}

  /**
   * Reads {@code file}.
   *
   * @param outputTokens of lines that do not say
   * @throws UserInputException when it is missing, empty, or a line is wrong, which it names
   */
  public static List<LoadRequest> read(Path file, int outputTokens) {
    List<LoadRequest> all = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          LoadRequest one = request(file + ":" + number, line, outputTokens);
          requireOrder(file + ":" + number, all, one);
          all.add(one);
        }
      }
    } catch (MalformedInputException e) {
      throw new UserInputException(file + " is no text in UTF-8", e);
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be read: " + e.getMessage(), e);
    }
    if (all.isEmpty()) {
      throw new UserInputException(file + " has no request");
    }
    return all;
  }

  private static LoadRequest request(String where, String line, int outputTokens) {
    JsonNode node;
    try {
      node = Json.mapper().readTree(line);
    } catch (JacksonException e) {
      throw new UserInputException(where + ": no JSON", e);
    }
    JsonNode prompt = node.path("prompt");
    JsonNode tokens = node.path("outputTokens");
    JsonNode arrival = node.path("arrivalSeconds");
    if (!prompt.isString() || prompt.asString().isEmpty()) {
      throw new UserInputException(where + ": 'prompt' is missing, a text was expected");
    }
    boolean counts = tokens.isIntegralNumber() && tokens.canConvertToInt() && tokens.intValue() > 0;
    if (!tokens.isMissingNode() && !counts) {
      throw new UserInputException(
          "%s: 'outputTokens' is %s, a whole number from 1 was expected".formatted(where, tokens));
    }
    boolean times = arrival.isNumber() && arrival.doubleValue() >= 0;
    if (!arrival.isMissingNode() && !times) {
      throw new UserInputException(
          "%s: 'arrivalSeconds' is %s, a number from 0 was expected".formatted(where, arrival));
    }
    return new LoadRequest(
        times ? arrival.doubleValue() : Double.NaN,
        prompt.asString(),
        counts ? tokens.intValue() : outputTokens);
  }

  private static void requireOrder(String where, List<LoadRequest> before, LoadRequest one) {
    if (before.isEmpty()) {
      return;
    }
    double last = before.getLast().arrivalSeconds();
    if (Double.isNaN(last) != Double.isNaN(one.arrivalSeconds())) {
      throw new UserInputException(where + ": all lines have 'arrivalSeconds' or none has");
    }
    if (one.arrivalSeconds() < last) {
      throw new UserInputException(
          "%s: 'arrivalSeconds' is %s after %s, they must not go back"
              .formatted(where, one.arrivalSeconds(), last));
    }
  }
}

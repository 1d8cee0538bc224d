package dev.banyan.bench;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Python script that does the same work with another library, run as a child process. It prints
 * what it measured as one JSON object on its last line. No peer is needed to run Banyan.
 *
 * @param python the interpreter whose libraries are compared with
 */
public record Peer(Path python) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * What a peer said.
   *
   * @param figures its last line
   * @param seconds from start to end of its process
   */
  public record Said(JsonNode figures, double seconds) {
    /**
     * A figure that must be there and be a positive number.
     *
     * @throws IllegalStateException when it is not
     */
    public double figure(String name) {
      double value = figures.path(name).asDouble(Double.NaN);
      if (!(value > 0)) {
        throw new IllegalStateException("the peer said no '" + name + "' above 0: " + figures);
      }
      return value;
    }

    /** Library and version. */
    public String name() {
      return figures.path("peer").asString("peer");
    }
  }

  /**
   * Runs a script of this package with these arguments.
   *
   * @throws MissingThingException when the interpreter cannot be started or the script fails, most
   *     often for want of a library; with the last line it wrote
   */
  Said run(WorkFolder work, String script, List<String> arguments) {
    Path file = unpacked(work, script);
    Path errors = work.file(script + ".err");
    List<String> command = new ArrayList<>(List.of(python.toString(), file.toString()));
    command.addAll(arguments);
    long begun = System.nanoTime();
    try {
      Process child = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      String out;
      try (InputStream in = child.getInputStream()) {
        out = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      int code = child.waitFor();
      double seconds = (System.nanoTime() - begun) / 1e9;
      if (code != 0) {
        throw new MissingThingException(
            "%s %s ended with %d: %s".formatted(python, script, code, lastLine(errors)));
      }
      return new Said(parse(out), seconds);
    } catch (IOException e) {
      throw new UserInputException(
          python + ": cannot be started as a Python interpreter: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a peer ran", e);
    }
  }

  /**
   * The JSON object on the last line that is not blank.
   *
   * @throws IllegalStateException when that line is none
   */
  static JsonNode parse(String out) {
    String last =
        out.lines().filter(line -> !line.isBlank()).reduce((before, line) -> line).orElse("");
    try {
      JsonNode figures = JSON.readTree(last);
      if (figures.isObject()) {
        return figures;
      }
    } catch (JacksonException e) {
      throw new IllegalStateException("the peer's last line is no JSON: " + last, e);
    }
    throw new IllegalStateException("the peer's last line is no JSON object: " + last);
  }

  private static Path unpacked(WorkFolder work, String script) {
    Path file = work.file(script);
    try (InputStream in = Peer.class.getResourceAsStream(script)) {
      if (in == null) {
        throw new IllegalStateException(script + " is not in this build");
      }
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written", e);
    }
  }

  private static String lastLine(Path file) throws IOException {
    List<String> lines = Files.readString(file).lines().filter(line -> !line.isBlank()).toList();
    return lines.isEmpty() ? "it said nothing" : lines.getLast();
  }
}

package dev.banyan.cli.life;

import dev.banyan.core.Format;
import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.core.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Which steps of a life are done: {@code OUT/steps/<name>.json} holds what a step was given and
 * what it found. A step whose inputs have not changed, and whose output is there, is not run again.
 */
final class StepBook {
  private final Path folder;
  private final PrintWriter log;
  private final List<Done> done = new ArrayList<>();

  /**
   * A step that is done.
   *
   * @param inputs hash of everything that decides its result, the version of Banyan included
   * @param command what repeats it alone
   * @param seconds it took when it ran
   * @param result what it found, a record of its own
   */
  record Done(String name, String inputs, String command, double seconds, Object result) {}

  StepBook(Path out, PrintWriter log) {
    this.folder = out.resolve("steps");
    this.log = log;
  }

  /** All steps so far, in order. */
  List<Done> done() {
    return List.copyOf(done);
  }

  /** The hash that stands for the last step and all before it. */
  private String before() {
    return done.isEmpty() ? "" : done.getLast().inputs();
  }

  /**
   * Runs a step, or takes what it found before.
   *
   * @param given everything that decides the result beside the steps before
   * @param output what must be there for the step to count as done
   * @param type a record that survives a round trip through JSON
   */
  <T extends Record> T step(
      String name, String command, String given, Path output, Class<T> type, Callable<T> work)
      throws Exception {
    String inputs = hash(Version.current() + "\n" + before() + "\n" + name + "\n" + given);
    Path file = folder.resolve(name + ".json");
    if (Files.exists(file) && Files.exists(output)) {
      Done earlier = read(file);
      if (earlier != null && earlier.inputs().equals(inputs)) {
        done.add(earlier);
        log.printf("%-9s as before (%s)%n", name, duration(earlier.seconds()));
        log.flush();
        return Json.mapper().convertValue(earlier.result(), type);
      }
    }
    log.printf("%-9s %s%n", name, command);
    log.flush();
    long begun = System.nanoTime();
    T result = work.call();
    Done now = new Done(name, inputs, command, (System.nanoTime() - begun) / 1e9, result);
    Files.createDirectories(folder);
    Json.write(file, now);
    done.add(now);
    return result;
  }

  private static StepBook.@org.jspecify.annotations.Nullable Done read(Path file) {
    try {
      return Json.read(file, Done.class);
    } catch (UserInputException e) {
      return null; // torn or foreign: the step runs again
    }
  }

  static String duration(double seconds) {
    return Format.duration(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** What a file is, for {@link #step}'s {@code given}: path, size and time of change. */
  static String stamp(List<Path> paths) {
    var stamp = new StringBuilder();
    for (Path path : paths) {
      try (var walk = Files.walk(path)) {
        for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
          stamp.append(file).append(' ').append(Files.size(file)).append(' ');
          stamp.append(Files.getLastModifiedTime(file)).append('\n');
        }
      } catch (IOException e) {
        throw new UserInputException(path + ": cannot be read; is the path right?", e);
      }
    }
    return stamp.toString();
  }
}

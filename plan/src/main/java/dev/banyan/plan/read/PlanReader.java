package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a plan as {@code PlanWriter} writes it. */
public final class PlanReader {
  private static final long LIMIT_BYTES = 1L << 28;
  private static final long LIMIT_ITEMS = 20_000_000;

  private final JsonWalk json;
  private final String source;
  private String format = "";
  private String version = "";
  private String graph = "";
  private String method = "";
  private long seed;
  private long alignment;
  private long peakBytes = -1;
  private long lowerBoundBytes = -1;
  private long boundOperator = -1;
  private long arenaBytes = -1;
  private final List<Integer> boundLater = new ArrayList<>();
  private final List<Integer> order = new ArrayList<>();
  private final List<Long> offsets = new ArrayList<>();

  private PlanReader(String source, JsonWalk json) {
    this.source = source;
    this.json = json;
  }

  /**
   * Reads {@code file}.
   *
   * @throws UserInputException when it is missing, no plan, or of another major version
   */
  public static MemoryPlan read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.toString(), in);
    } catch (NoSuchFileException e) {
      throw new UserInputException(file + ": there is no such file", e);
    }
  }

  /** Reads from a stream; {@code source} is named in messages. */
  public static MemoryPlan read(String source, InputStream in) throws IOException {
    DumpStream stream = DumpStream.open(source, in, LIMIT_BYTES);
    var reader = new PlanReader(source, new JsonWalk(source, stream, LIMIT_ITEMS));
    reader.json.run(() -> reader.json.object("a plan", reader::field));
    return reader.plan();
  }

  private MemoryPlan plan() {
    if (!format.equals("banyan.plan")) {
      throw new UserInputException(
          source
              + ": format is '"
              + format
              + "', expected 'banyan.plan'; banyan plan make writes it");
    }
    if (!version.equals("1") && !version.startsWith("1.")) {
      throw new UserInputException(
          source + ": plan version '" + version + "' is unknown, this Banyan reads 1.x");
    }
    require("peakBytes", peakBytes);
    require("lowerBoundBytes", lowerBoundBytes);
    require("arenaBytes", arenaBytes);
    require("alignment", alignment - 1);
    if (boundOperator < -1 || boundOperator > Integer.MAX_VALUE) {
      throw new UserInputException(source + ": boundOperator " + boundOperator + " is no operator");
    }
    return new MemoryPlan(
        graph,
        order,
        offsets,
        alignment,
        peakBytes,
        lowerBoundBytes,
        (int) boundOperator,
        boundLater,
        arenaBytes,
        method,
        seed);
  }

  private void require(String name, long value) {
    if (value < 0) {
      throw new UserInputException(source + ": " + name + " is missing or negative");
    }
  }

  private void field(String name) {
    switch (name) {
      case "format" -> format = json.text(name);
      case "version" -> version = json.text(name);
      case "graph" -> graph = json.text(name);
      case "method" -> method = json.text(name);
      case "seed" -> seed = json.whole(name);
      case "alignment" -> alignment = json.whole(name);
      case "peakBytes" -> peakBytes = json.whole(name);
      case "lowerBoundBytes" -> lowerBoundBytes = json.whole(name);
      case "boundOperator" -> boundOperator = json.whole(name);
      case "boundLater" -> json.list(name, () -> boundLater.add(json.index("an operator of W")));
      case "arenaBytes" -> arenaBytes = json.whole(name);
      case "order" -> json.list(name, () -> order.add(json.index("an operator of the order")));
      case "offsets" -> json.list(name, () -> offsets.add(json.whole("an offset")));
      default -> json.skip();
    }
  }
}

package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Reads a step dump: {@code {"format":"banyan.step","version":"1.0", …}}, plain or gzip, as {@code
 * export_step.py} writes it. Unknown fields are passed over, an unknown major version is refused.
 */
public final class StepDumpReader {
  private static final long LIMIT_BYTES = 1L << 30;
  private static final long LIMIT_ITEMS = 60_000_000;
  private static final int LIMIT_RECORDS = 4_000_000;

  private final JsonWalk json;
  private final String source;
  private String format = "";
  private String version = "";
  private String torch = "";
  private final List<Storage> storages = new ArrayList<>();
  private final List<TensorSlot> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();
  private final List<Integer> results = new ArrayList<>();

  private StepDumpReader(String source, JsonWalk json) {
    this.source = source;
    this.json = json;
  }

  /**
   * Reads {@code file}.
   *
   * @throws UserInputException when it is missing, no step dump, of another major version, or its
   *     graph makes no sense; the message names the node or byte
   */
  public static StepGraph read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.toString(), in);
    } catch (NoSuchFileException e) {
      throw new UserInputException(file + ": there is no such file", e);
    }
  }

  /** Reads from a stream; {@code source} is named in messages. */
  public static StepGraph read(String source, InputStream in) throws IOException {
    return read(source, in, LIMIT_BYTES, LIMIT_ITEMS);
  }

  static StepGraph read(String source, InputStream in, long limitBytes, long limitItems)
      throws IOException {
    DumpStream stream = DumpStream.open(source, in, limitBytes);
    var reader = new StepDumpReader(source, new JsonWalk(source, stream, limitItems));
    reader.json.run(() -> reader.json.object("a step dump", reader::topField));
    return reader.graph();
  }

  private StepGraph graph() {
    if (!format.equals("banyan.step")) {
      throw new UserInputException(
          source
              + ": format is '"
              + format
              + "', expected 'banyan.step'; export_step.py writes it");
    }
    checkVersion(version);
    GraphRules.check(source, storages, tensors, operators, results);
    String producer = torch.isEmpty() ? "" : "torch " + torch;
    return new StepGraph(
        source, producer, storages, tensors, operators, results, StepGraph.ALIGNMENT);
  }

  private void checkVersion(String given) {
    if (!given.equals("1") && !given.startsWith("1.")) {
      throw new UserInputException(
          source + ": step dump version '" + given + "' is unknown, this Banyan reads 1.x");
    }
  }

  private void topField(String name) {
    switch (name) {
      case "format" -> format = json.text("format");
      case "version" -> {
        version = json.text("version");
        checkVersion(version);
      }
      case "torch" -> torch = json.text("torch");
      case "storages" -> json.list("storages", () -> storages.add(storage()));
      case "tensors" -> json.list("tensors", () -> tensors.add(tensor()));
      case "operators" -> json.list("operators", () -> operators.add(operator()));
      case "results" -> json.list("results", () -> results.add(json.index("a result")));
      default -> json.skip();
    }
    if (storages.size() + (long) tensors.size() + operators.size() > LIMIT_RECORDS) {
      throw json.bad("more than " + LIMIT_RECORDS + " storages, tensors and operators");
    }
  }

  private Storage storage() {
    var read = new Fields();
    json.object(
        "a storage",
        name -> {
          switch (name) {
            case "id" -> read.id = json.index("a storage's id");
            case "bytes" -> read.bytes = json.whole("storage " + read.id + "'s bytes");
            case "kind" -> read.kind = kind(json.text("kind"));
            case "name" -> read.name = json.text("name");
            case "data" -> read.data = json.isNull() ? "" : json.text("data");
            default -> json.skip();
          }
        });
    requireId("storage", read.id, storages.size());
    if (read.bytes < 0) {
      throw json.bad("storage " + read.id + " '" + read.name + "' has bytes " + read.bytes);
    }
    return new Storage(read.id, read.bytes, read.kind, read.name, read.data);
  }

  private Storage.Kind kind(String word) {
    for (Storage.Kind kind : Storage.Kind.values()) {
      if (kind.word().equals(word)) {
        return kind;
      }
    }
    throw json.bad(
        "kind '" + word + "' is none of parameter, optimizerState, input, constant, temporary");
  }

  private TensorSlot tensor() {
    var read = new Fields();
    json.object(
        "a tensor",
        name -> {
          switch (name) {
            case "id" -> read.id = json.index("a tensor's id");
            case "storage" -> read.storage = json.index("a tensor's storage");
            case "dtype" -> read.name = json.text("dtype");
            case "shape" ->
                json.list(
                    "shape", () -> read.shape.add(json.whole("tensor " + read.id + "'s shape")));
            case "strides" ->
                json.list(
                    "strides",
                    () -> read.strides.add(json.whole("tensor " + read.id + "'s stride")));
            case "offset" -> read.bytes = json.whole("tensor " + read.id + "'s offset");
            default -> json.skip();
          }
        });
    requireId("tensor", read.id, tensors.size());
    return new TensorSlot(read.id, read.storage, read.name, read.shape, read.strides, read.bytes);
  }

  private Operator operator() {
    var read = new Fields();
    List<Argument> args = new ArrayList<>();
    Map<String, Argument> kwargs = new LinkedHashMap<>();
    List<OptionalInt> outputs = new ArrayList<>();
    List<Integer> reads = new ArrayList<>();
    List<Integer> writes = new ArrayList<>();
    json.object(
        "an operator",
        name -> {
          switch (name) {
            case "id" -> read.id = json.index("an operator's id");
            case "name" -> read.name = json.text("name");
            case "target" -> read.target = json.text("target");
            case "args" -> json.list("args", () -> args.add(argument()));
            case "kwargs" -> json.object("kwargs", key -> kwargs.put(key, argument()));
            case "outputs" ->
                json.list(
                    "outputs",
                    () ->
                        outputs.add(
                            json.isNull()
                                ? OptionalInt.empty()
                                : OptionalInt.of(json.index("an output"))));
            case "reads" -> json.list("reads", () -> reads.add(json.index("a read storage")));
            case "writes" -> json.list("writes", () -> writes.add(json.index("a written storage")));
            case "random" -> read.random = json.flag("random");
            case "frame" -> read.data = json.isNull() ? "" : json.text("frame");
            default -> json.skip();
          }
        });
    requireId("operator", read.id, operators.size());
    return new Operator(
        read.id,
        read.name,
        read.target,
        args,
        kwargs,
        outputs,
        reads,
        writes,
        read.random,
        read.data);
  }

  private Argument argument() {
    if (json.isNull()) {
      return new Argument.None();
    }
    List<Argument> found = new ArrayList<>();
    json.object(
        "an argument",
        tag ->
            found.add(
                switch (tag) {
                  case "tensor" -> new Argument.Tensor(json.index("tensor"));
                  case "int" -> new Argument.Int(json.whole("int"));
                  case "float" -> new Argument.Real(json.real("float"));
                  case "bool" -> new Argument.Bool(json.flag("bool"));
                  case "list" -> {
                    List<Argument> items = new ArrayList<>();
                    json.list("list", () -> items.add(argument()));
                    yield new Argument.Many(items);
                  }
                  case "string", "dtype", "device", "memoryFormat", "layout" ->
                      new Argument.Word(tag, json.text(tag));
                  default ->
                      throw json.bad("an argument is tagged '" + tag + "', which is unknown");
                }));
    if (found.size() != 1) {
      throw json.bad("an argument has " + found.size() + " tags, expected one");
    }
    return found.getFirst();
  }

  private void requireId(String what, int id, int position) {
    if (id != position) {
      throw json.bad(
          what + " at position " + position + " has id " + id + ", expected its position");
    }
  }

  /** What an object has shown so far. */
  private static final class Fields {
    private int id = -1;
    private int storage;
    private long bytes;
    private Storage.Kind kind = Storage.Kind.TEMPORARY;
    private String name = "";
    private String target = "";
    private String data = "";
    private boolean random;
    private final List<Long> shape = new ArrayList<>();
    private final List<Long> strides = new ArrayList<>();
  }
}

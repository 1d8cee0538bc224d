package dev.banyan.plan.read.export;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.plan.read.GraphRules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads what {@code torch.export.save} writes (torch/_export/serde/schema.py, major 8; minors only
 * add). Views become tensors on their base's storage, writes in place and mutated buffers become
 * writes; optimizers are not in such files.
 */
public final class ExportReader {
  private static final long MAJOR = 8;
  private static final int LIMIT_NODES = 4_000_000;

  private final String source;
  private final JsonNode graph;
  private final JsonNode signature;
  private final ExportTensors values;
  private final List<Storage> storages = new ArrayList<>();
  private final List<TensorSlot> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();
  private final Map<String, Integer> tensorOf = new HashMap<>();
  private final Map<String, String> mutated = new HashMap<>();
  private final List<Integer> results = new ArrayList<>();

  private ExportReader(String source, JsonNode program) {
    this.source = source;
    JsonNode version = program.path("schema_version");
    if (version.path("major").asLong(-1) != MAJOR) {
      throw bad(
          "its export schema is "
              + version.path("major").asString("missing")
              + "."
              + version.path("minor").asString("?")
              + ", this Banyan reads "
              + MAJOR
              + ".x; save it with a PyTorch that writes that, or use the step exporter");
    }
    this.graph = program.path("graph_module").path("graph");
    this.signature = program.path("graph_module").path("signature");
    if (!graph.path("nodes").isArray() || !graph.path("tensor_values").isObject()) {
      throw bad("graph_module.graph has no nodes or no tensor_values");
    }
    if (graph.path("nodes").size() > LIMIT_NODES) {
      throw bad("more than " + LIMIT_NODES + " nodes");
    }
    this.values = new ExportTensors(source, graph.path("tensor_values"));
  }

  /**
   * Reads {@code file}.
   *
   * @throws UserInputException naming the entry, tensor or node that is damaged, symbolic or of no
   *     known aliasing
   */
  public static StepGraph read(Path file) throws IOException {
    return read(file.toString(), ExportArchive.model(file));
  }

  /** Reads the model's JSON by itself; {@code source} is named in messages. */
  public static StepGraph json(String source, byte[] model) {
    return read(source, ExportArchive.json(source, "model.json", model));
  }

  private static StepGraph read(String source, JsonNode program) {
    return new ExportReader(source, program).graph(program.path("torch_version").asString(""));
  }

  private StepGraph graph(String torch) {
    for (JsonNode spec : signature.path("input_specs")) {
      input(spec);
    }
    for (JsonNode node : graph.path("nodes")) {
      node(node);
    }
    for (JsonNode spec : signature.path("output_specs")) {
      output(spec);
    }
    GraphRules.check(source, storages, tensors, operators, results);
    return new StepGraph(
        source,
        torch.isEmpty() ? "torch.export" : "torch " + torch,
        storages,
        tensors,
        operators,
        results,
        StepGraph.ALIGNMENT);
  }

  private void input(JsonNode spec) {
    for (Map.Entry<String, JsonNode> entry : spec.properties()) {
      JsonNode arg = entry.getValue().path("arg");
      String name = arg.path("name").asString(arg.path("as_tensor").path("name").asString(""));
      if (name.isEmpty()) {
        continue;
      }
      switch (entry.getKey()) {
        case "parameter" ->
            outside(name, Storage.Kind.PARAMETER, entry.getValue().path("parameter_name"));
        case "buffer" -> {
          JsonNode called = entry.getValue().path("buffer_name");
          outside(name, Storage.Kind.PARAMETER, called);
          mutated.put(called.asString(""), name);
        }
        case "tensor_constant" ->
            outside(name, Storage.Kind.CONSTANT, entry.getValue().path("tensor_constant_name"));
        case "user_input" -> outside(name, Storage.Kind.INPUT, arg.path("none"));
        default -> {
          if (values.has(name)) {
            outside(name, Storage.Kind.INPUT, arg.path("none"));
          }
        }
      }
    }
  }

  private void outside(String tensor, Storage.Kind kind, JsonNode called) {
    fresh(tensor, kind, called.asString(tensor));
  }

  private int fresh(String tensor, Storage.Kind kind, String called) {
    ExportTensors.Shape shape = values.shape(tensor);
    int storage = storages.size();
    storages.add(new Storage(storage, shape.storageBytes(), kind, called, ""));
    slot(tensor, storage, shape);
    return storage;
  }

  private void slot(String tensor, int storage, ExportTensors.Shape shape) {
    int id = tensors.size();
    tensors.add(
        new TensorSlot(id, storage, shape.dtype(), shape.sizes(), shape.strides(), shape.offset()));
    if (tensorOf.put(tensor, id) != null) {
      throw bad("tensor '" + tensor + "' is defined twice");
    }
  }

  private void node(JsonNode node) {
    String target = node.path("target").asString("");
    List<String> outputs = outputs(node);
    String name =
        node.path("name").asString(outputs.isEmpty() ? "node" + operators.size() : outputs.get(0));
    String[] parts = target.replaceFirst("^torch\\.ops\\.", "").split("\\.", 3);
    if (target.startsWith("torch.ops.higher_order.")) {
      throw bad(
          "node '" + name + "': '" + target + "' runs a graph inside; export without control flow");
    }
    if (!target.startsWith("torch.ops.") || parts.length != 3) {
      throw bad(
          "node '"
              + name
              + "': '"
              + target
              + "' computes with symbolic sizes or is no operator; export with fixed shapes");
    }
    if (!parts[0].equals("aten") && !parts[0].equals("prims")) {
      throw bad(
          "node '"
              + name
              + "': nothing is known about how '"
              + target
              + "' shares memory; express it in ATen operators (run_decompositions)");
    }
    call(node, name, parts[1], parts[0] + "." + parts[1] + "." + parts[2], outputs);
  }

  private List<String> outputs(JsonNode node) {
    List<String> names = new ArrayList<>();
    for (JsonNode output : node.path("outputs")) {
      if (output.has("as_tensor")) {
        names.add(output.path("as_tensor").path("name").asString(""));
      } else if (output.has("as_tensors")) {
        for (JsonNode each : output.path("as_tensors")) {
          names.add(each.path("name").asString(""));
        }
      } else if (output.has("as_optional_tensors")) {
        for (JsonNode each : output.path("as_optional_tensors")) {
          names.add(each.path("as_tensor").path("name").asString(""));
        }
      } else if (output.has("as_none")) {
        names.add("");
      } else {
        String kind = output.isObject() ? String.join("", output.propertyNames()) : "nothing";
        throw bad(
            "node '%s' gives %s: a value decides sizes here; export with fixed shapes"
                .formatted(node.path("name").asString("?"), kind));
      }
    }
    return names;
  }

  private void call(JsonNode node, String name, String base, String target, List<String> outputs) {
    List<Argument> args = new ArrayList<>();
    Map<String, Argument> kwargs = new LinkedHashMap<>();
    for (JsonNode input : node.path("inputs")) {
      Argument argument = argument(name, input.path("arg"));
      if (input.path("kind").asLong(1) == 2) {
        kwargs.put(input.path("name").asString(""), argument);
      } else {
        args.add(argument);
      }
    }
    Set<Integer> reads = new LinkedHashSet<>();
    args.forEach(each -> storagesOf(each, reads));
    kwargs.values().forEach(each -> storagesOf(each, reads));
    Set<Integer> writes = new LinkedHashSet<>();
    Argument first = args.isEmpty() ? new Argument.None() : args.getFirst();
    @Nullable TensorSlot base0 = tensor(first);
    ViewTable.Relation relation = ViewTable.relation(base);
    if (relation == ViewTable.Relation.VIEW && base0 != null) {
      outputs.forEach(each -> alias(each, base0));
      return;
    }
    if (relation == ViewTable.Relation.MAYBE
        && base0 != null
        && outputs.size() == 1
        && staysInPlace(base, args, base0, values.shape(outputs.getFirst()))) {
      alias(outputs.getFirst(), base0);
      return;
    }
    boolean inPlace = ViewTable.isInPlace(base);
    Argument target0 = kwargs.getOrDefault("out", inPlace ? first : new Argument.None());
    storagesOf(target0, writes);
    if (ViewTable.updatesRunning(base)) {
      for (int position : new int[] {3, 4}) {
        storagesOf(position < args.size() ? args.get(position) : new Argument.None(), writes);
      }
    }
    List<OptionalInt> given = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      String each = outputs.get(i);
      if (each.isEmpty()) {
        given.add(OptionalInt.empty());
        continue;
      }
      @Nullable TensorSlot written = tensor(item(target0, i));
      if (written != null) {
        alias(each, written);
      } else {
        writes.add(fresh(each, Storage.Kind.TEMPORARY, name));
      }
      given.add(OptionalInt.of(tensorOf.getOrDefault(each, -1)));
    }
    if (outputs.isEmpty() && writes.isEmpty()) {
      return;
    }
    operators.add(
        new Operator(
            operators.size(),
            name,
            target,
            args,
            kwargs,
            given,
            List.copyOf(reads),
            List.copyOf(writes),
            ViewTable.isRandom(base),
            frame(node)));
  }

  private static String frame(JsonNode node) {
    List<String> lines =
        node.path("metadata").path("stack_trace").asString("").lines().map(String::strip).toList();
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).startsWith("File ")) {
        return lines.get(i);
      }
    }
    return "";
  }

  private boolean staysInPlace(
      String base, List<Argument> args, TensorSlot from, ExportTensors.Shape to) {
    if (!from.dtype().equals(to.dtype())) {
      return false;
    }
    return switch (base) {
      case "dropout", "feature_dropout", "alpha_dropout" -> args.contains(new Argument.Bool(false));
      case "reshape", "reshape_as", "flatten", "ravel" ->
          ViewTable.reshapes(from.shape(), from.strides(), to.sizes());
      default -> from.shape().equals(to.sizes()) && from.strides().equals(to.strides());
    };
  }

  private void alias(String output, TensorSlot base) {
    if (!output.isEmpty()) {
      slot(output, base.storage(), values.shape(output));
    }
  }

  private static Argument item(Argument argument, int position) {
    return argument instanceof Argument.Many many
        ? position < many.items().size() ? many.items().get(position) : new Argument.None()
        : position == 0 ? argument : new Argument.None();
  }

  private @Nullable TensorSlot tensor(Argument argument) {
    return argument instanceof Argument.Tensor one ? tensors.get(one.id()) : null;
  }

  private void storagesOf(Argument argument, Set<Integer> into) {
    switch (argument) {
      case Argument.Tensor one -> into.add(tensors.get(one.id()).storage());
      case Argument.Many many -> many.items().forEach(each -> storagesOf(each, into));
      default -> {}
    }
  }

  private int known(String node, String tensor) {
    Integer id = tensorOf.get(tensor);
    if (id == null) {
      throw bad(
          "node '%s' reads tensor '%s', which no node before it makes: a cycle, or a damaged file"
              .formatted(node, tensor));
    }
    return id;
  }

  private Argument argument(String node, JsonNode arg) {
    for (Map.Entry<String, JsonNode> entry : arg.properties()) {
      JsonNode value = entry.getValue();
      return switch (entry.getKey()) {
        case "as_tensor" -> new Argument.Tensor(known(node, value.path("name").asString("")));
        case "as_tensors", "as_optional_tensors", "as_nested_tensors" -> many(node, value, true);
        case "as_int" -> new Argument.Int(value.asLong(0));
        case "as_float" -> new Argument.Real(value.asDouble(Double.NaN));
        case "as_bool" -> new Argument.Bool(value.asBoolean(false));
        case "as_string" -> new Argument.Word("string", value.asString(""));
        case "as_ints", "as_floats", "as_bools", "as_strings" -> plain(entry.getKey(), value);
        case "as_scalar_type" -> new Argument.Word("dtype", ExportTensors.dtype(value.asLong(0)));
        case "as_memory_format" ->
            new Argument.Word("memoryFormat", ExportTensors.memoryFormat(value.asLong(0)));
        case "as_layout" -> new Argument.Word("layout", "strided");
        case "as_device" -> new Argument.Word("device", value.path("type").asString("cpu"));
        case "as_none" -> new Argument.None();
        case "as_sym_int", "as_sym_float", "as_sym_bool" -> fixed(node, value);
        case "as_sym_ints" -> {
          List<Argument> items = new ArrayList<>();
          value.forEach(each -> items.add(fixed(node, each)));
          yield new Argument.Many(items);
        }
        default ->
            throw bad(
                "node '%s': an argument of kind '%s' is unknown".formatted(node, entry.getKey()));
      };
    }
    return new Argument.None();
  }

  private Argument many(String node, JsonNode list, boolean deep) {
    List<Argument> items = new ArrayList<>();
    for (JsonNode each : list) {
      items.add(
          each.has("name")
              ? new Argument.Tensor(known(node, each.path("name").asString("")))
              : each.isArray() && deep ? many(node, each, false) : argument(node, each));
    }
    return new Argument.Many(items);
  }

  private static Argument plain(String kind, JsonNode list) {
    List<Argument> items = new ArrayList<>();
    for (JsonNode each : list) {
      items.add(
          switch (kind) {
            case "as_ints" -> new Argument.Int(each.asLong(0));
            case "as_floats" -> new Argument.Real(each.asDouble(Double.NaN));
            case "as_bools" -> new Argument.Bool(each.asBoolean(false));
            default -> new Argument.Word("string", each.asString(""));
          });
    }
    return new Argument.Many(items);
  }

  private Argument fixed(String node, JsonNode value) {
    if (value.path("as_int").isIntegralNumber()) {
      return new Argument.Int(value.path("as_int").asLong());
    }
    throw bad(
        "node '%s': argument '%s' is symbolic; export with fixed shapes"
            .formatted(node, value.path("as_name").asString("?")));
  }

  private void output(JsonNode spec) {
    for (Map.Entry<String, JsonNode> entry : spec.properties()) {
      JsonNode value = entry.getValue();
      JsonNode arg = value.path("arg");
      String name = arg.path("name").asString(arg.path("as_tensor").path("name").asString(""));
      Integer tensor = tensorOf.get(name);
      if (tensor == null) {
        if (values.has(name)) {
          throw bad("output '" + name + "' is made by no node");
        }
        continue;
      }
      switch (entry.getKey()) {
        case "buffer_mutation" ->
            copyBack(tensor, mutated.getOrDefault(value.path("buffer_name").asString(""), ""));
        case "user_input_mutation" -> copyBack(tensor, value.path("user_input_name").asString(""));
        case "parameter_mutation" ->
            copyBack(tensor, parameter(value.path("parameter_name").asString("")));
        default -> results.add(tensor);
      }
    }
  }

  private String parameter(String called) {
    for (JsonNode spec : signature.path("input_specs")) {
      JsonNode parameter = spec.path("parameter");
      if (parameter.path("parameter_name").asString("").equals(called)) {
        return parameter.path("arg").path("name").asString("");
      }
    }
    return "";
  }

  /** A functional program gives the new value of a buffer; running it copies that back. */
  private void copyBack(int from, String to) {
    Integer into = tensorOf.get(to);
    if (into == null) {
      throw bad("the mutated input '" + to + "' is not among the inputs");
    }
    int read = tensors.get(from).storage();
    int written = tensors.get(into).storage();
    if (read == written) {
      return;
    }
    operators.add(
        new Operator(
            operators.size(),
            "copy_back_" + operators.size() + "_" + to,
            "aten.copy_.default",
            List.of(new Argument.Tensor(into), new Argument.Tensor(from)),
            Map.of(),
            List.of(OptionalInt.of(into)),
            List.of(read),
            List.of(written),
            false,
            ""));
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": " + what);
  }
}

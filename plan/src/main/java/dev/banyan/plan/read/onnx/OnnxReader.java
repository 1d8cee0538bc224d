package dev.banyan.plan.read.onnx;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.plan.read.GraphRules;
import dev.banyan.plan.read.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads an ONNX model (onnx.proto, IR versions 3 to 13). Shapes come from {@code value_info}, those
 * it does not give are inferred. Reshape, Squeeze, Unsqueeze, Flatten and Identity take no memory,
 * as in ONNX Runtime; what is computed from shapes alone is folded away.
 */
public final class OnnxReader {
  private static final int NEWEST_IR = 13;
  private static final int LIMIT_NODES = 2_000_000;
  private static final Set<String> NAMES_ONLY =
      Set.of("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity");
  private static final Set<String> RANDOM =
      Set.of(
          "RandomNormal",
          "RandomNormalLike",
          "RandomUniform",
          "RandomUniformLike",
          "Bernoulli",
          "Multinomial");

  private final String source;
  private final List<OnnxNode> nodes = new ArrayList<>();
  private final Map<String, OnnxValue> values = new HashMap<>();
  private final Map<String, OnnxValue> given = new HashMap<>();
  private final Set<String> initializers = new HashSet<>();
  private final List<String> inputs = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private final List<Storage> storages = new ArrayList<>();
  private final List<TensorSlot> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();
  private final Map<String, Integer> tensorOf = new HashMap<>();
  private String producer = "";
  private long opset;

  private OnnxReader(String source) {
    this.source = source;
  }

  /**
   * Reads a model.
   *
   * @throws UserInputException naming the byte, input or node that is damaged, symbolic or of no
   *     known shape
   */
  public static StepGraph read(String source, ByteBuffer data) {
    var reader = new OnnxReader(source);
    reader.model(Wire.of(source, "the ONNX model", data));
    return reader.graph();
  }

  private void model(Wire wire) {
    boolean graph = false;
    long ir = 0;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> ir = wire.number();
        case 2 -> producer = wire.text();
        case 7 -> {
          graph = true;
          graph(wire.message("the graph"));
        }
        case 8 -> opset(wire.message("an opset"));
        default -> {}
      }
    }
    if (ir < 3 || ir > NEWEST_IR) {
      throw bad("its IR version is " + ir + ", this Banyan reads 3 to " + NEWEST_IR);
    }
    if (!graph) {
      throw bad("the model has no graph");
    }
  }

  private void opset(Wire wire) {
    String domain = "";
    long version = 0;
    while (wire.next()) {
      if (wire.field() == 1) {
        domain = wire.text();
      } else if (wire.field() == 2) {
        version = wire.number();
      }
    }
    opset = domain.isEmpty() || domain.equals("ai.onnx") ? version : opset;
  }

  private void graph(Wire wire) {
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> nodes.add(OnnxNode.read(wire.message("node " + nodes.size())));
        case 5 -> initializer(OnnxTensor.read(wire.message("an initializer")));
        case 11 -> inputs.add(valueInfo(wire.message("an input"), true));
        case 12 -> outputs.add(valueInfo(wire.message("an output"), false));
        case 13 -> valueInfo(wire.message("a value_info"), false);
        case 15 -> throw wire.bad("a sparse initializer, which is not read; make it dense");
        default -> {}
      }
      if (nodes.size() > LIMIT_NODES) {
        throw wire.bad("more than " + LIMIT_NODES + " nodes");
      }
    }
  }

  private void initializer(OnnxTensor tensor) {
    if (!OnnxType.isKnown(tensor.type())) {
      throw bad("initializer '" + tensor.name() + "' has element type " + tensor.type());
    }
    List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
    values.put(tensor.name(), new OnnxValue(tensor.type(), shape, tensor.values()));
    initializers.add(tensor.name());
  }

  /** The name; the shape is kept where all of it is known. */
  private String valueInfo(Wire wire, boolean needed) {
    String name = "";
    int type = 0;
    List<Long> shape = new ArrayList<>();
    List<String> symbols = new ArrayList<>();
    boolean shaped = false;
    while (wire.next()) {
      if (wire.field() == 1) {
        name = wire.text();
      } else if (wire.field() == 2) {
        for (Wire kind = wire.message("a type"); kind.next(); ) {
          if (kind.field() != 1) {
            continue;
          }
          for (Wire tensor = kind.message("a tensor type"); tensor.next(); ) {
            if (tensor.field() == 1) {
              type = tensor.index();
            } else if (tensor.field() == 2) {
              shaped = true;
              dimensions(tensor.message("a shape"), shape, symbols);
            }
          }
        }
      }
    }
    if (shaped && symbols.isEmpty() && OnnxType.isKnown(type)) {
      given.put(name, OnnxValue.of(type, shape));
    } else if (needed) {
      symbolic.put(
          name, symbols.isEmpty() ? "its shape" : "dimension '" + symbols.getFirst() + "'");
    }
    return name;
  }

  private final Map<String, String> symbolic = new HashMap<>();

  private static void dimensions(Wire wire, List<Long> shape, List<String> symbols) {
    while (wire.next()) {
      if (wire.field() == 1) {
        long size = -1;
        String symbol = "?";
        for (Wire dimension = wire.message("a dimension"); dimension.next(); ) {
          if (dimension.field() == 1) {
            size = dimension.number();
          } else if (dimension.field() == 2) {
            symbol = dimension.text();
          }
        }
        if (size < 0) {
          symbols.add(symbol);
        }
        shape.add(size);
      }
    }
  }

  private StepGraph graph() {
    for (String input : inputs) {
      if (initializers.contains(input)) {
        continue;
      }
      OnnxValue value = given.get(input);
      if (value == null) {
        throw bad(
            "input '%s': %s is not fixed; fix it with onnx.tools.update_model_dims"
                .formatted(input, symbolic.getOrDefault(input, "its shape")));
      }
      values.put(input, value);
      fresh(input, value, Storage.Kind.INPUT, input);
    }
    for (String name : initializers) {
      fresh(name, values.getOrDefault(name, OnnxValue.of(1, List.of())), constant(), name);
    }
    var shapes = new OnnxShapes(values, given, opset);
    for (OnnxNode node : nodes) {
      node(node, shapes);
    }
    List<Integer> results = new ArrayList<>();
    for (String output : outputs) {
      Integer tensor = tensorOf.get(output);
      if (tensor == null) {
        throw bad("output '" + output + "' is made by no node");
      }
      results.add(tensor);
    }
    GraphRules.check(source, storages, tensors, operators, results);
    String by = producer.isEmpty() ? "ONNX" : "ONNX, by " + producer;
    return new StepGraph(source, by, storages, tensors, operators, results, StepGraph.ALIGNMENT);
  }

  private static Storage.Kind constant() {
    return Storage.Kind.PARAMETER;
  }

  private void node(OnnxNode node, OnnxShapes shapes) {
    for (String input : node.inputs()) {
      if (!input.isEmpty() && !tensorOf.containsKey(input)) {
        throw bad(
            "node '%s' reads '%s', which no node before it makes: a cycle, or a damaged file"
                .formatted(node.name(), input));
      }
    }
    List<OnnxValue> made;
    try {
      made = shapes.infer(node);
    } catch (OnnxShapes.UnknownShape e) {
      throw new UserInputException(
          "%s: node '%s' (%s): %s; run onnx.shape_inference.infer_shapes(model, data_prop=True)"
              .formatted(source, node.name(), node.type(), e.getMessage()),
          e);
    } catch (ArithmeticException e) {
      throw new UserInputException(
          source + ": node '" + node.name() + "' (" + node.type() + "): its size overflows", e);
    }
    boolean folded = true;
    for (int i = 0; i < node.outputs().size(); i++) {
      folded &= node.outputs().get(i).isEmpty() || made.get(i).values() != null;
      if (!node.outputs().get(i).isEmpty()) {
        values.put(node.outputs().get(i), made.get(i));
      }
    }
    if (folded) {
      for (int i = 0; i < node.outputs().size(); i++) {
        if (!node.outputs().get(i).isEmpty()) {
          fresh(node.outputs().get(i), made.get(i), Storage.Kind.CONSTANT, node.name());
        }
      }
    } else if (NAMES_ONLY.contains(node.type()) || isIdleDropout(node)) {
      Integer base = tensorOf.get(node.input(0));
      slot(
          node.outputs().getFirst(),
          made.getFirst(),
          tensors.get(base == null ? 0 : base).storage());
    } else {
      operator(node, made);
    }
  }

  private static boolean isIdleDropout(OnnxNode node) {
    return node.type().equals("Dropout") && node.outputs().size() == 1 && node.input(2).isEmpty();
  }

  private void operator(OnnxNode node, List<OnnxValue> made) {
    Set<Integer> reads = new LinkedHashSet<>();
    List<Argument> args = new ArrayList<>();
    for (String input : node.inputs()) {
      Integer tensor = tensorOf.get(input);
      if (tensor == null) {
        args.add(new Argument.None());
      } else {
        args.add(new Argument.Tensor(tensor));
        reads.add(tensors.get(tensor).storage());
      }
    }
    List<OptionalInt> given = new ArrayList<>();
    List<Integer> writes = new ArrayList<>();
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (output.isEmpty()) {
        given.add(OptionalInt.empty());
      } else {
        writes.add(fresh(output, made.get(i), Storage.Kind.TEMPORARY, node.name()));
        given.add(OptionalInt.of(tensors.size() - 1));
      }
    }
    String domain = node.domain().isEmpty() ? "onnx" : node.domain();
    operators.add(
        new Operator(
            operators.size(),
            unique(node.name()),
            domain + "." + node.type(),
            args,
            Map.of(),
            given,
            List.copyOf(reads),
            writes,
            RANDOM.contains(node.type()),
            ""));
  }

  private final Set<String> taken = new HashSet<>();

  /** Nodes of ONNX need no name of their own. */
  private String unique(String name) {
    String made = name;
    for (int i = 1; !taken.add(made); i++) {
      made = name + "#" + (operators.size() + i - 1);
    }
    return made;
  }

  private int fresh(String name, OnnxValue value, Storage.Kind kind, String called) {
    long bytes;
    try {
      bytes = Math.multiplyExact(value.elements(), OnnxType.bytes(value.type()));
    } catch (ArithmeticException e) {
      throw new UserInputException(source + ": '" + name + "': its size overflows 64 bits", e);
    }
    int storage = storages.size();
    storages.add(new Storage(storage, bytes, kind, called, ""));
    slot(name, value, storage);
    return storage;
  }

  private void slot(String name, OnnxValue value, int storage) {
    Long[] strides = new Long[value.rank()];
    long step = 1;
    for (int i = value.rank() - 1; i >= 0; i--) {
      strides[i] = step;
      step *= Math.max(1, value.shape().get(i));
    }
    String dtype = OnnxType.name(value.type());
    tensors.add(new TensorSlot(tensors.size(), storage, dtype, value.shape(), List.of(strides), 0));
    if (tensorOf.put(name, tensors.size() - 1) != null) {
      throw bad("'" + name + "' is made twice");
    }
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": " + what);
  }
}

package dev.banyan.train.replay;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.tensor.AtenValue;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.StepRun;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Runs the operators of a graph in an order, their tensors in a memory. Every tensor is made from
 * its record over its storage's bytes, so views need no operators; they share bytes as the graph
 * says.
 */
public final class Replay {
  private final StepGraph graph;
  private final List<Integer> order;
  private final StepMemory memory;
  private final Seed seed;
  private final Call.Book calls;
  private final Map<Call.Form, Integer> counts = new EnumMap<>(Call.Form.class);
  private int random;
  private long liveBytes;
  private long mostLiveBytes;
  private long largestTemporaryBytes;
  private String largestTemporary = "";

  public Replay(StepGraph graph, List<Integer> order, StepMemory memory, Seed seed) {
    this.graph = graph;
    this.order = order;
    this.memory = memory;
    this.seed = seed;
    this.calls = new Call.Book(graph);
  }

  /**
   * Runs it once.
   *
   * @throws UserInputException when libtorch refuses an operator; the message names the node
   */
  public StepRun run(Progress progress) {
    Lifetimes lifetimes = Lifetimes.of(graph, order);
    long begun = System.nanoTime();
    try (Guard guard = Guard.noGrad()) {
      for (int at = 0; at < order.size(); at++) {
        Operator operator = graph.operators().get(order.get(at));
        lifetimes.born().get(at).forEach(this::born);
        run(operator);
        lifetimes.dying().get(at).forEach(this::dies);
        progress.step(at + 1L, operator.name());
      }
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    return new StepRun(
        scalars(),
        count(Call.Form.OUT),
        count(Call.Form.COPIED),
        count(Call.Form.IN_PLACE),
        count(Call.Form.UNTOUCHED),
        random,
        largestTemporaryBytes,
        largestTemporary,
        memory.blockBytes(),
        mostLiveBytes,
        unknownConstants(),
        seconds);
  }

  private int count(Call.Form form) {
    return counts.getOrDefault(form, 0);
  }

  private void born(int storage) {
    memory.born(storage);
    liveBytes += graph.alignedBytes(storage);
    mostLiveBytes = Math.max(mostLiveBytes, liveBytes);
  }

  private void dies(int storage) {
    memory.dies(storage);
    liveBytes -= graph.alignedBytes(storage);
  }

  private void run(Operator operator) {
    if (operator.random()) {
      Libtorch.seed(seed.of("random", originalName(operator)).value());
      random++;
    }
    try (Scope scope = Scope.open()) {
      Call call = calls.of(operator);
      counts.merge(call.form(), 1, Integer::sum);
      switch (call.form()) {
        case UNTOUCHED -> {}
        case OUT -> call.operator().callInto(args(operator), kwargs(operator), outputs(operator));
        case IN_PLACE -> {
          var unused = call.operator().call(args(operator), kwargs(operator));
        }
        case COPIED -> copyIn(operator, call.operator().call(args(operator), kwargs(operator)));
      }
    } catch (UserInputException e) {
      throw new UserInputException(place(operator) + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new UserInputException(place(operator) + firstLine(e), e);
    }
  }

  /** An operator that is run again is called {@code NAME~K} and draws what NAME drew. */
  private static String originalName(Operator operator) {
    int mark = operator.name().indexOf('~');
    return mark < 0 ? operator.name() : operator.name().substring(0, mark);
  }

  private String place(Operator operator) {
    return "%s: node '%s' (%s): ".formatted(graph.source(), operator.name(), operator.target());
  }

  private static String firstLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("libtorch refused it");
  }

  private void copyIn(Operator operator, List<Optional<Tensor>> results) {
    long bytes = 0;
    for (int i = 0; i < operator.outputs().size(); i++) {
      OptionalInt output = operator.outputs().get(i);
      if (output.isEmpty()) {
        continue;
      }
      TensorSlot slot = graph.tensors().get(output.getAsInt());
      if (!calls.fresh(operator, slot.storage())) {
        continue; // changed in place
      }
      if (i >= results.size() || results.get(i).isEmpty()) {
        throw new UserInputException("gave no result " + i + ", the graph has one");
      }
      Tensor result = results.get(i).get();
      bytes += result.count() * result.dtype().bytes();
      requireSame(slot, result);
      var unused = tensor(slot.id()).copy_(result);
    }
    if (bytes > largestTemporaryBytes) {
      largestTemporaryBytes = bytes;
      largestTemporary = operator.name();
    }
  }

  /** A result of another shape would be spread over the place it is copied to. */
  private static void requireSame(TensorSlot slot, Tensor result) {
    List<Long> shape = new ArrayList<>();
    for (long size : result.shape()) {
      shape.add(size);
    }
    if (!shape.equals(slot.shape()) || result.dtype() != Slots.dtype(slot)) {
      throw new UserInputException(
          "gave %s %s, the graph has %s %s"
              .formatted(result.dtype(), shape, slot.dtype(), slot.shape()));
    }
  }

  private List<Tensor> outputs(Operator operator) {
    return operator.outputs().stream().map(output -> tensor(output.getAsInt())).toList();
  }

  private Tensor tensor(int id) {
    TensorSlot slot = graph.tensors().get(id);
    return Slots.over(slot, memory.of(slot.storage()));
  }

  private List<AtenValue> args(Operator operator) {
    return operator.args().stream().map(this::value).toList();
  }

  private Map<String, AtenValue> kwargs(Operator operator) {
    Map<String, AtenValue> values = new LinkedHashMap<>();
    operator.kwargs().forEach((name, argument) -> values.put(name, value(argument)));
    return values;
  }

  private AtenValue value(Argument argument) {
    return switch (argument) {
      case Argument.None none -> new AtenValue.None();
      case Argument.Tensor tensor -> new AtenValue.OfTensor(tensor(tensor.id()));
      case Argument.Int number -> new AtenValue.Int(number.value());
      case Argument.Real number -> new AtenValue.Real(number.value());
      case Argument.Bool flag -> new AtenValue.Bool(flag.value());
      case Argument.Many many ->
          new AtenValue.Many(many.items().stream().map(this::value).toList());
      case Argument.Word word ->
          switch (word.tag()) {
            case "dtype" -> new AtenValue.Type(Slots.dtype(word.value()));
            case "device" -> new AtenValue.Processor();
            case "memoryFormat", "layout" -> new AtenValue.Format(word.value());
            default -> new AtenValue.Text(word.value());
          };
    };
  }

  private List<Double> scalars() {
    List<Double> scalars = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (int result : graph.results()) {
        TensorSlot slot = graph.tensors().get(result);
        if (Slots.elements(slot) == 1 && slot.dtype().contains("float")) {
          scalars.add(tensor(result).item());
        }
      }
    }
    return scalars;
  }

  private List<String> unknownConstants() {
    return graph.storages().stream()
        .filter(each -> each.kind() == Storage.Kind.CONSTANT)
        .filter(each -> each.data().isEmpty() && each.bytes() > 0)
        .map(Storage::name)
        .toList();
  }
}

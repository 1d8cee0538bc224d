package dev.banyan.plan.read.hlo;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.plan.read.GraphRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A module's entry computation as a graph. Tuples, their elements and bitcasts are no operators; a
 * called computation is one operator, with the peak of its body as scratch memory. Where a dump
 * holds XLA's buffer assignment, the storages are XLA's: what its heap simulator laid out is ours
 * to lay out, everything else stays where XLA put it.
 */
final class HloGraph {
  private static final Set<String> PASS_ON =
      Set.of("bitcast", "optimization-barrier", "domain", "add-dependency", "copy-done");
  private static final Set<String> EFFECTS =
      Set.of(
          "infeed",
          "outfeed",
          "send",
          "recv",
          "send-done",
          "recv-done",
          "rng",
          "rng-get-and-update-state",
          "all-reduce",
          "all-gather",
          "all-to-all",
          "collective-permute",
          "collective-broadcast",
          "reduce-scatter",
          "partition-id");
  private static final Set<String> ELEMENTWISE =
      Set.of("add", "subtract", "multiply", "divide", "select", "maximum", "minimum", "copy");
  private static final int DEPTH = 64;

  private final String source;
  private final HloModule module;
  private final @Nullable XlaHeap heap;
  private final long alignment;
  private final Map<Long, HloModule.Computation> byId = new HashMap<>();
  private final HloModule.Computation entry;
  private final Map<Long, int[]> values = new HashMap<>();
  private final Map<Long, int[]> tensorsOf = new HashMap<>();
  private final List<Storage> storages = new ArrayList<>();
  private final List<TensorSlot> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();
  private final Map<Long, Integer> groups = new HashMap<>();
  private final Map<Long, Integer> allocations = new HashMap<>();
  private final Map<Long, Integer> gates = new HashMap<>();
  private final Map<Long, Long> scratch = new HashMap<>();
  private final Map<Long, HloInstruction> entryById = new HashMap<>();
  private int effects = -1;

  private HloGraph(String source, HloModule module, @Nullable XlaHeap heap) {
    this.source = source;
    this.module = module;
    this.heap = heap;
    this.alignment = heap == null ? StepGraph.ALIGNMENT : heap.alignment();
    for (HloModule.Computation each : module.computations()) {
      if (byId.put(each.id(), each) != null) {
        throw bad("two computations have id " + each.id());
      }
    }
    HloModule.Computation found = byId.get(module.entry());
    if (found == null) {
      throw bad("the entry computation " + module.entry() + " is not in the module");
    }
    entry = found;
    entry.instructions().forEach(each -> entryById.put(each.id(), each));
  }

  static boolean hasEffect(String opcode) {
    return EFFECTS.contains(opcode);
  }

  /**
   * @param heap XLA's own problem, or null to make one from shapes
   * @throws UserInputException naming the instruction that makes no sense
   */
  static StepGraph of(String source, HloModule module, @Nullable XlaHeap heap) {
    return new HloGraph(source, module, heap).graph();
  }

  private StepGraph graph() {
    try {
      if (heap != null) {
        scratch.putAll(heap.scratch(callers(), alignment));
      }
      Set<Long> gated = new HashSet<>();
      entry.instructions().forEach(each -> gated.addAll(each.before()));
      for (HloInstruction each : entry.instructions()) {
        instruction(each, gated.contains(each.id()));
      }
      int[] root = tensorsOf.get(entry.root());
      if (root == null) {
        throw bad("the root " + entry.root() + " of the entry computation does not exist");
      }
      List<Integer> results = Arrays.stream(root).boxed().toList();
      if (heap == null) {
        donate();
      }
      GraphRules.check(source, storages, tensors, operators, results);
      return new StepGraph(source, producer(), storages, tensors, operators, results, alignment);
    } catch (ArithmeticException e) {
      throw bad("sizes overflow 64 bits");
    }
  }

  private String producer() {
    if (heap != null) {
      return "XLA, scheduled, with its buffer assignment";
    }
    return module.scheduled() ? "XLA, scheduled" : "XLA, before fusion";
  }

  private void instruction(HloInstruction each, boolean gate) {
    each.shape()
        .eachLeaf(
            leaf -> {
              if (leaf.dynamic()) {
                throw bad(
                    "instruction '" + each.name() + "' has a dynamic dimension; use fixed shapes");
              }
            });
    switch (each.opcode()) {
      case "parameter" -> give(each, fresh(each, Storage.Kind.INPUT));
      case "constant" -> give(each, fresh(each, Storage.Kind.CONSTANT));
      case "tuple" -> join(each);
      case "get-tuple-element" -> element(each);
      default -> {
        if (PASS_ON.contains(each.opcode())) {
          int[] first = operand(each, 0);
          int leaves = each.shape().leaves();
          if (first.length < leaves) {
            throw bad("instruction '" + each.name() + "' has another shape than its operand");
          }
          give(each, Arrays.copyOf(first, leaves));
        } else {
          operator(each, gate);
        }
      }
    }
  }

  private void give(HloInstruction each, int[] leaves) {
    if (values.put(each.id(), leaves) != null) {
      throw bad("instruction '" + each.name() + "' has an id of another one");
    }
    List<HloShape> shapes = new ArrayList<>();
    each.shape().eachLeaf(shapes::add);
    int[] slots = new int[leaves.length];
    for (int i = 0; i < leaves.length; i++) {
      HloShape shape = i < shapes.size() ? shapes.get(i) : shapes.getLast();
      slots[i] = tensors.size();
      List<Long> strides = strides(shape.dimensions());
      tensors.add(
          new TensorSlot(slots[i], leaves[i], dtype(shape.type()), shape.dimensions(), strides, 0));
    }
    tensorsOf.put(each.id(), slots);
  }

  private void join(HloInstruction each) {
    int[] all = {};
    for (int i = 0; i < each.operands().size(); i++) {
      int[] part = operand(each, i);
      int old = all.length;
      all = Arrays.copyOf(all, old + part.length);
      System.arraycopy(part, 0, all, old, part.length);
    }
    give(each, all);
  }

  private void element(HloInstruction each) {
    int[] whole = operand(each, 0);
    HloInstruction from = find(each.operands().getFirst());
    List<HloShape> parts = from == null ? List.of() : from.shape().parts();
    if (each.number() < 0 || each.number() >= parts.size()) {
      throw bad("instruction '" + each.name() + "' takes element " + each.number() + " of none");
    }
    int start = 0;
    for (HloShape part : parts.subList(0, (int) each.number())) {
      start += part.leaves();
    }
    int end = start + parts.get((int) each.number()).leaves();
    if (end > whole.length) {
      throw bad("instruction '" + each.name() + "' takes more than its operand has");
    }
    give(each, Arrays.copyOfRange(whole, start, end));
  }

  private @Nullable HloInstruction find(long id) {
    return entryById.get(id);
  }

  private int[] operand(HloInstruction each, int position) {
    if (position >= each.operands().size()) {
      throw bad("instruction '" + each.name() + "' has no operand " + position);
    }
    int[] value = values.get(each.operands().get(position));
    if (value == null) {
      throw bad(
          "instruction '%s' reads instruction %d, which is not before it: a cycle, or a damaged file"
              .formatted(each.name(), each.operands().get(position)));
    }
    return value;
  }

  private void operator(HloInstruction each, boolean gate) {
    Set<Integer> reads = new java.util.LinkedHashSet<>();
    Set<Integer> writes = new java.util.LinkedHashSet<>();
    List<Argument> args = new ArrayList<>();
    for (int i = 0; i < each.operands().size(); i++) {
      for (int storage : operand(each, i)) {
        reads.add(storage);
      }
      for (int tensor : tensorsOf.getOrDefault(each.operands().get(i), new int[0])) {
        args.add(new Argument.Tensor(tensor));
      }
    }
    boolean loop = each.opcode().equals("while") && module.scheduled() && heap == null;
    int[] leaves = loop ? operand(each, 0) : fresh(each, Storage.Kind.TEMPORARY);
    give(each, leaves);
    List<OptionalInt> outputs = new ArrayList<>();
    for (int leaf : leaves) {
      writes.add(leaf);
    }
    for (int tensor : tensorsOf.getOrDefault(each.id(), new int[0])) {
      outputs.add(OptionalInt.of(tensor));
    }
    for (long earlier : each.before()) {
      Integer token = gates.get(earlier);
      if (token != null) {
        reads.add(token);
      }
    }
    if (gate) {
      int token = storage(0, Storage.Kind.TEMPORARY, each.name() + ".done");
      gates.put(each.id(), token);
      writes.add(token);
    }
    if (each.effect()) {
      effects = effects < 0 ? storage(0, Storage.Kind.CONSTANT, "effects") : effects;
      writes.add(effects);
    }
    long inside = heap == null ? bodyBytes(each, 0) : scratch.getOrDefault(each.id(), 0L);
    if (inside > 0) {
      writes.add(storage(inside, Storage.Kind.TEMPORARY, each.name() + ".body"));
    }
    operators.add(
        new Operator(
            operators.size(),
            each.name(),
            "hlo." + each.opcode(),
            args,
            Map.of(),
            outputs,
            List.copyOf(reads),
            List.copyOf(writes),
            each.opcode().startsWith("rng"),
            ""));
  }

  /** New storages for what an instruction defines. */
  private int[] fresh(HloInstruction each, Storage.Kind kind) {
    List<List<Long>> paths = new ArrayList<>();
    List<HloShape> shapes = new ArrayList<>();
    paths(each.shape(), List.of(), paths, shapes);
    int[] leaves = new int[paths.size()];
    for (int i = 0; i < leaves.length; i++) {
      String name = leaves.length == 1 ? each.name() : each.name() + paths.get(i);
      leaves[i] =
          heap == null
              ? storage(shapes.get(i).bytes(), kind, name)
              : assigned(heap, each, paths.get(i), shapes.get(i), kind, name, i);
    }
    return leaves;
  }

  private int assigned(
      XlaHeap from,
      HloInstruction each,
      List<Long> path,
      HloShape shape,
      Storage.Kind kind,
      String name,
      int leaf) {
    long buffer = from.definedAt(each.id(), path);
    if (buffer < 0) {
      // XLA defines no buffer here: the value is an operand's, as for while.
      int[] first = each.operands().isEmpty() ? new int[0] : operand(each, 0);
      return leaf < first.length ? first[leaf] : storage(shape.bytes(), kind, name);
    }
    if (from.isLaidOut(buffer)) {
      return groups.computeIfAbsent(
          from.group(buffer),
          group -> storage(from.groupBytes(buffer), Storage.Kind.TEMPORARY, name));
    }
    long allocation = from.allocation(buffer);
    if (allocation < 0) {
      return storage(shape.bytes(), kind, name);
    }
    Storage.Kind outside = kind == Storage.Kind.TEMPORARY ? Storage.Kind.INPUT : kind;
    return allocations.computeIfAbsent(
        allocation, index -> storage(from.allocationBytes(index), outside, name));
  }

  private static void paths(
      HloShape shape, List<Long> here, List<List<Long>> paths, List<HloShape> shapes) {
    if (!shape.isTuple()) {
      paths.add(here);
      shapes.add(shape);
      return;
    }
    for (int i = 0; i < shape.parts().size(); i++) {
      List<Long> next = new ArrayList<>(here);
      next.add((long) i);
      paths(shape.parts().get(i), List.copyOf(next), paths, shapes);
    }
  }

  private int storage(long bytes, Storage.Kind kind, String name) {
    storages.add(new Storage(storages.size(), bytes, kind, name, ""));
    return storages.size() - 1;
  }

  /** Outputs that take a parameter's place are its storage, where nothing reads it afterwards. */
  private void donate() {
    HloInstruction root = find(entry.root());
    if (root == null) {
      return;
    }
    Map<Long, HloInstruction> parameters = new HashMap<>();
    for (HloInstruction each : entry.instructions()) {
      if (each.opcode().equals("parameter")) {
        parameters.put(each.number(), each);
      }
    }
    int[] out = values.getOrDefault(root.id(), new int[0]);
    for (HloModule.Alias alias : module.aliases()) {
      HloInstruction parameter = parameters.get(alias.parameter());
      if (parameter == null) {
        continue;
      }
      int from = leaf(parameter.shape(), alias.path());
      int to = leaf(root.shape(), alias.output());
      int[] place = values.getOrDefault(parameter.id(), new int[0]);
      if (from >= 0 && to >= 0 && from < place.length && to < out.length) {
        merge(out[to], place[from]);
      }
    }
  }

  /** Lets {@code output} be {@code parameter}, if the one that writes it is the last to read it. */
  private void merge(int output, int parameter) {
    Storage made = storages.get(output);
    if (made.isPersistent() || made.bytes() != storages.get(parameter).bytes()) {
      return;
    }
    int writer = -1;
    int lastRead = -1;
    for (Operator each : operators) {
      if (each.writes().contains(output)) {
        if (writer >= 0) {
          return;
        }
        writer = each.id();
      }
      if (each.writes().contains(parameter)) {
        return;
      }
      lastRead = each.reads().contains(parameter) ? each.id() : lastRead;
    }
    if (writer < 0 || lastRead > writer) {
      return;
    }
    String opcode = operators.get(writer).target().substring("hlo.".length());
    if (lastRead == writer && !module.scheduled() && !ELEMENTWISE.contains(opcode)) {
      return;
    }
    operators.replaceAll(each -> renamed(each, output, parameter));
    tensors.replaceAll(
        each ->
            each.storage() != output
                ? each
                : new TensorSlot(
                    each.id(), parameter, each.dtype(), each.shape(), each.strides(), 0));
    storages.set(output, new Storage(output, 0, Storage.Kind.CONSTANT, made.name(), ""));
  }

  private static Operator renamed(Operator each, int from, int to) {
    if (!each.reads().contains(from) && !each.writes().contains(from)) {
      return each;
    }
    return new Operator(
        each.id(),
        each.name(),
        each.target(),
        each.args(),
        each.kwargs(),
        each.outputs(),
        each.reads().stream().map(s -> s == from ? to : s).distinct().toList(),
        each.writes().stream().map(s -> s == from ? to : s).distinct().toList(),
        each.random(),
        each.frame());
  }

  /** The position of a path's array among the arrays of a shape, or −1. */
  private static int leaf(HloShape shape, List<Long> path) {
    int position = 0;
    HloShape here = shape;
    for (long index : path) {
      if (!here.isTuple() || index < 0 || index >= here.parts().size()) {
        return -1;
      }
      for (HloShape part : here.parts().subList(0, (int) index)) {
        position += part.leaves();
      }
      here = here.parts().get((int) index);
    }
    return here.isTuple() ? -1 : position;
  }

  /** The instruction of the entry computation that leads to each instruction elsewhere. */
  private Map<Long, Long> callers() {
    Map<Long, Long> callers = new HashMap<>();
    Set<Long> open = new HashSet<>();
    for (HloInstruction each : entry.instructions()) {
      for (long called : each.called()) {
        callers(called, each.id(), callers, open, 0);
      }
    }
    return callers;
  }

  private void callers(
      long computation, long caller, Map<Long, Long> callers, Set<Long> done, int depth) {
    HloModule.Computation body = byId.get(computation);
    if (body == null || !done.add(computation) || computation == entry.id()) {
      return;
    }
    if (depth > DEPTH) {
      throw bad("computations call one another more than " + DEPTH + " deep");
    }
    for (HloInstruction each : body.instructions()) {
      callers.put(each.id(), caller);
      for (long called : each.called()) {
        callers(called, caller, callers, done, depth + 1);
      }
    }
  }

  /** What a called computation needs at most at once besides its operands and its value. */
  private long bodyBytes(HloInstruction caller, int depth) {
    if (!Set.of("while", "call", "conditional").contains(caller.opcode())) {
      return 0;
    }
    if (depth > DEPTH) {
      throw bad("computations call one another more than " + DEPTH + " deep: a cycle");
    }
    long most = 0;
    for (long id : caller.called()) {
      HloModule.Computation body = byId.get(id);
      if (body == null) {
        throw bad("instruction '" + caller.name() + "' calls computation " + id + ", not there");
      }
      most = Math.max(most, bodyPeak(body, depth));
    }
    return most;
  }

  private long bodyPeak(HloModule.Computation body, int depth) {
    Map<Long, Integer> last = new HashMap<>();
    Map<Long, Long> passes = new HashMap<>();
    int size = body.instructions().size();
    for (int k = 0; k < size; k++) {
      HloInstruction each = body.instructions().get(k);
      for (long operand : each.operands()) {
        last.put(passes.getOrDefault(operand, operand), k);
      }
      if (isName(each) && !each.operands().isEmpty()) {
        long from = each.operands().getFirst();
        passes.put(each.id(), passes.getOrDefault(from, from));
      }
    }
    HloInstruction root =
        body.instructions().stream()
            .filter(each -> each.id() == body.root())
            .findFirst()
            .orElse(null);
    Set<Long> given = new HashSet<>(root == null ? List.of() : root.operands());
    given.add(body.root());
    long live = 0;
    long peak = 0;
    Map<Integer, Long> dying = new HashMap<>();
    for (int k = 0; k < size; k++) {
      HloInstruction each = body.instructions().get(k);
      if (!isName(each) && !given.contains(each.id())) {
        long[] bytes = {0};
        each.shape().eachLeaf(leaf -> bytes[0] = Math.addExact(bytes[0], leaf.bytes()));
        live = Math.addExact(live, bytes[0]);
        dying.merge(last.getOrDefault(each.id(), k), bytes[0], Long::sum);
      }
      peak = Math.max(peak, Math.addExact(live, bodyBytes(each, depth + 1)));
      live -= dying.getOrDefault(k, 0L);
    }
    return peak;
  }

  /** Instructions that only name memory of others. */
  private static boolean isName(HloInstruction each) {
    return PASS_ON.contains(each.opcode())
        || Set.of("parameter", "constant", "tuple", "get-tuple-element", "while")
            .contains(each.opcode());
  }

  private static List<Long> strides(List<Long> shape) {
    Long[] strides = new Long[shape.size()];
    long step = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      strides[i] = step;
      step = Math.multiplyExact(step, Math.max(1, shape.get(i)));
    }
    return List.of(strides);
  }

  private static String dtype(String type) {
    return switch (type) {
      case "f32" -> "float32";
      case "f64" -> "float64";
      case "f16" -> "float16";
      case "bf16" -> "bfloat16";
      case "s8" -> "int8";
      case "s16" -> "int16";
      case "s32" -> "int32";
      case "s64" -> "int64";
      case "u8" -> "uint8";
      case "pred" -> "bool";
      default -> type;
    };
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": " + what);
  }
}

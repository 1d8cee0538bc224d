package dev.banyan.plan.check;

import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds a step with copies against the step it comes from, by running both without numbers: a
 * storage's content is named by the operator that wrote it last. Every operator, copies included,
 * must find the contents the original found, through tensors of the same shape; every original must
 * run once; and results and all that outlives the step must end with the same contents.
 */
public final class CopyChecker {
  /** In training their result does not depend on the running averages, arguments 3 and 4. */
  private static final Set<String> NORMS =
      Set.of("aten.native_batch_norm.default", "aten.cudnn_batch_norm.default");

  private static final int LIMIT = 20;

  private final StepGraph original;
  private final StepGraph copied;
  private final List<String> faults = new ArrayList<>();
  private final Map<String, List<String>> seen = new HashMap<>();
  private final Map<String, Operator> byName = new HashMap<>();

  private CopyChecker(StepGraph original, StepGraph copied) {
    this.original = original;
    this.copied = copied;
  }

  /** What is wrong, one line each; empty when both compute the same. */
  public static List<String> check(StepGraph original, StepGraph copied) {
    var checker = new CopyChecker(original, copied);
    checker.run();
    return List.copyOf(checker.faults);
  }

  private void run() {
    String[] before = contents(original);
    for (Operator operator : original.operators()) {
      byName.put(operator.name(), operator);
      seen.put(operator.name(), found(original, operator, before));
      wrote(operator, operator.name(), before);
    }
    String[] after = contents(copied);
    Set<String> ran = new HashSet<>();
    for (Operator operator : copied.operators()) {
      int mark = operator.name().indexOf('~');
      boolean copy = mark >= 0;
      String name = copy ? operator.name().substring(0, mark) : operator.name();
      Operator of = byName.get(name);
      if (of == null || !of.target().equals(operator.target())) {
        fault("node '" + operator.name() + "' is no node of the original, nor a copy of one");
      } else {
        compare(operator, of, found(copied, operator, after), copy);
      }
      if (!copy) {
        ran.add(name);
      } else if (writesOutside(operator)) {
        fault("node '" + operator.name() + "' is a copy and writes what outlives the step");
      }
      wrote(operator, name, after);
    }
    byName.keySet().stream()
        .filter(name -> !ran.contains(name))
        .forEach(name -> fault("node '" + name + "' does not run"));
    ends(before, after);
  }

  private boolean writesOutside(Operator operator) {
    return operator.writes().stream().anyMatch(s -> copied.storages().get(s).isPersistent());
  }

  private void compare(Operator now, Operator of, List<String> found, boolean copy) {
    List<String> expected = seen.getOrDefault(of.name(), List.of());
    boolean norm = copy && NORMS.contains(of.target());
    if (expected.size() != found.size()) {
      fault("node '" + now.name() + "' has other arguments than '" + of.name() + "'");
      return;
    }
    for (int i = 0; i < found.size(); i++) {
      boolean running = norm && (i == 3 || i == 4) && found.get(i).equals("none");
      if (!expected.get(i).equals(found.get(i)) && !running) {
        fault(
            "node '%s' finds %s at place %d, the original found %s"
                .formatted(now.name(), found.get(i), i, expected.get(i)));
      }
    }
  }

  private static String[] contents(StepGraph graph) {
    String[] contents = new String[graph.storages().size()];
    for (Storage storage : graph.storages()) {
      contents[storage.id()] =
          storage.isPersistent() ? "what '" + storage.name() + "' held before" : "nothing";
    }
    return contents;
  }

  /**
   * What an operator finds: its arguments in order, contents for tensors, and what it writes on.
   */
  private static List<String> found(StepGraph graph, Operator operator, String[] contents) {
    List<String> found = new ArrayList<>();
    Set<Integer> touched = new HashSet<>(operator.reads());
    touched.addAll(operator.writes());
    for (Argument each : operator.args()) {
      found.add(text(graph, each, touched, contents));
    }
    operator
        .kwargs()
        .forEach((name, each) -> found.add(name + "=" + text(graph, each, touched, contents)));
    if (!NORMS.contains(operator.target())) {
      operator.reads().forEach(read -> found.add(contents[read]));
    }
    for (int written : operator.writes()) {
      found.add(
          "a storage of %d bytes with %s"
              .formatted(graph.storages().get(written).bytes(), contents[written]));
    }
    operator
        .outputs()
        .forEach(
            each ->
                found.add(
                    each.isEmpty()
                        ? "no output"
                        : geometry(graph.tensors().get(each.getAsInt()))
                            + " in write "
                            + operator
                                .writes()
                                .indexOf(graph.tensors().get(each.getAsInt()).storage())));
    return found;
  }

  private static String text(
      StepGraph graph, Argument argument, Set<Integer> touched, String[] contents) {
    return switch (argument) {
      case Argument.None none -> "none";
      case Argument.Tensor one -> {
        TensorSlot slot = graph.tensors().get(one.id());
        // What an operator only holds and does not read may change.
        boolean read = touched.contains(slot.storage());
        yield geometry(slot) + " of " + (read ? contents[slot.storage()] : "what it leaves");
      }
      case Argument.Many many -> {
        var list = new StringBuilder("[");
        many.items()
            .forEach(each -> list.append(text(graph, each, touched, contents)).append("; "));
        yield list.append("]").toString();
      }
      default -> argument.toString();
    };
  }

  private static String geometry(TensorSlot slot) {
    return slot.dtype() + slot.shape() + slot.strides() + "+" + slot.offset();
  }

  private static void wrote(Operator operator, String name, String[] contents) {
    for (int i = 0; i < operator.writes().size(); i++) {
      contents[operator.writes().get(i)] = "write " + i + " of '" + name + "'";
    }
  }

  private void ends(String[] before, String[] after) {
    for (Storage storage : original.storages()) {
      if (storage.isPersistent()) {
        Storage same = storage.id() < after.length ? copied.storages().get(storage.id()) : null;
        if (!storage.equals(same)) {
          fault("storage " + storage.id() + " '" + storage.name() + "' is another one");
        } else if (!before[storage.id()].equals(after[storage.id()])) {
          fault("storage '" + storage.name() + "' ends with other contents");
        }
      }
    }
    if (original.results().size() != copied.results().size()) {
      fault("there are other results");
      return;
    }
    for (int i = 0; i < original.results().size(); i++) {
      String expected = result(original, i, before);
      if (!expected.equals(result(copied, i, after))) {
        fault("result " + i + " is not " + expected);
      }
    }
  }

  private static String result(StepGraph graph, int index, String[] contents) {
    TensorSlot slot = graph.tensors().get(graph.results().get(index));
    return geometry(slot) + " of " + contents[slot.storage()];
  }

  private void fault(String what) {
    if (faults.size() < LIMIT) {
      faults.add(what);
    }
  }
}

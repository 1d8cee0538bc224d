package dev.banyan.plan.recompute;

import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A schedule with copies as a graph of its own. A copy is called {@code NAME~K}, so that who seeds
 * random operators by {@link Operator#seedName()} gives it the numbers of the original. A copy of a
 * batch normalisation in training leaves the running averages out, which it would move twice.
 */
final class Copies {
  private static final int RUNNING_MEAN = 3;
  private static final int RUNNING_VAR = 4;
  private static final int TRAINING = 5;

  private final StepGraph graph;
  private final Schedule schedule;
  private final List<Storage> storages;
  private final List<TensorSlot> tensors;
  private final Map<List<Integer>, Integer> tensorOf = new HashMap<>();
  private final Map<Integer, Integer> storageOf = new HashMap<>();

  private Copies(StepGraph graph, Schedule schedule) {
    this.graph = graph;
    this.schedule = schedule;
    this.storages = new ArrayList<>(graph.storages());
    this.tensors = new ArrayList<>(graph.tensors());
  }

  static StepGraph graph(StepGraph graph, Schedule schedule) {
    return new Copies(graph, schedule).graph();
  }

  /** The storages of a batch normalisation's running averages. */
  static Set<Integer> runningStatistics(StepGraph graph, Operator operator) {
    Set<Integer> found = new LinkedHashSet<>();
    for (int position : new int[] {RUNNING_MEAN, RUNNING_VAR}) {
      if (position < operator.args().size()
          && operator.args().get(position) instanceof Argument.Tensor tensor) {
        found.add(graph.tensors().get(tensor.id()).storage());
      }
    }
    return found;
  }

  static boolean isTraining(Operator operator) {
    return operator.args().size() > TRAINING
        && operator.args().get(TRAINING).equals(new Argument.Bool(true));
  }

  private StepGraph graph() {
    List<Operator> operators = new ArrayList<>();
    Map<Integer, Integer> newest = new HashMap<>();
    Map<Integer, Integer> numbers = new HashMap<>();
    for (Schedule.Step step : schedule.steps()) {
      operators.add(operator(step, operators.size(), numbers));
      for (int i = 0; i < step.storages().length; i++) {
        newest.put(step.storages()[i], step.versions()[i]);
      }
    }
    List<Integer> results = new ArrayList<>();
    for (int tensor : graph.results()) {
      int storage = graph.tensors().get(tensor).storage();
      results.add(tensor(tensor, newest.getOrDefault(storage, storage)));
    }
    return new StepGraph(
        graph.source(), graph.producer(), storages, tensors, operators, results, graph.alignment());
  }

  private Operator operator(Schedule.Step step, int id, Map<Integer, Integer> numbers) {
    Operator of = graph.operators().get(step.operator());
    Set<Integer> leftOut = Set.of();
    String name = of.name();
    if (step.copy() > 0) {
      name += "~" + numbers.merge(of.id(), 1, Integer::sum);
      leftOut = new LinkedHashSet<>(of.reads());
      for (int each : step.storages()) {
        leftOut.remove(each);
      }
    }
    List<Argument> args = new ArrayList<>();
    for (Argument each : of.args()) {
      args.add(argument(each, step, leftOut));
    }
    Map<String, Argument> kwargs = new LinkedHashMap<>();
    for (Map.Entry<String, Argument> each : of.kwargs().entrySet()) {
      kwargs.put(each.getKey(), argument(each.getValue(), step, leftOut));
    }
    List<OptionalInt> outputs = new ArrayList<>();
    for (OptionalInt each : of.outputs()) {
      outputs.add(each.isEmpty() ? each : OptionalInt.of(tensor(each.getAsInt(), now(each, step))));
    }
    Set<Integer> out = leftOut;
    return new Operator(
        id,
        name,
        of.target(),
        args,
        kwargs,
        outputs,
        of.reads().stream().filter(s -> !out.contains(s)).map(s -> storage(s, step)).toList(),
        of.writes().stream().map(s -> storage(s, step)).toList(),
        of.random(),
        of.frame());
  }

  private int now(OptionalInt tensor, Schedule.Step step) {
    return step.version(graph.tensors().get(tensor.getAsInt()).storage());
  }

  private int storage(int storage, Schedule.Step step) {
    return storage(step.version(storage));
  }

  /** The storage of a version, made when it is met first. */
  private int storage(int version) {
    if (version < graph.storages().size()) {
      return version;
    }
    return storageOf.computeIfAbsent(
        version,
        key -> {
          Storage of = graph.storages().get(schedule.storage(version));
          storages.add(
              new Storage(storages.size(), of.bytes(), of.kind(), of.name() + "~", of.data()));
          return storages.size() - 1;
        });
  }

  private int tensor(int tensor, int version) {
    if (version < graph.storages().size()) {
      return tensor;
    }
    return tensorOf.computeIfAbsent(
        List.of(tensor, version),
        key -> {
          TensorSlot of = graph.tensors().get(tensor);
          tensors.add(
              new TensorSlot(
                  tensors.size(),
                  storage(version),
                  of.dtype(),
                  of.shape(),
                  of.strides(),
                  of.offset()));
          return tensors.size() - 1;
        });
  }

  private Argument argument(Argument given, Schedule.Step step, Set<Integer> leftOut) {
    return switch (given) {
      case Argument.Tensor one -> {
        int storage = graph.tensors().get(one.id()).storage();
        int version = step.version(storage);
        yield leftOut.contains(storage)
            ? new Argument.None()
            : new Argument.Tensor(version < 0 ? one.id() : tensor(one.id(), version));
      }
      case Argument.Many many ->
          new Argument.Many(
              many.items().stream().map(each -> argument(each, step, leftOut)).toList());
      default -> given;
    };
  }
}

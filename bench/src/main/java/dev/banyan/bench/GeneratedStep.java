package dev.banyan.bench;

import dev.banyan.core.Seed;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/** A made-up training step of any size: layers forwards, backwards, then an update per weight. */
final class GeneratedStep {
  private static final int OPERATORS_PER_LAYER = 18;

  private final List<Storage> storages = new ArrayList<>();
  private final List<TensorSlot> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();

  private GeneratedStep() {}

  /** A step of about {@code operators} operators. */
  static StepGraph of(int operators, Seed seed) {
    return new GeneratedStep().build(operators / OPERATORS_PER_LAYER, seed.stream("step"));
  }

  private StepGraph build(int layers, RandomGenerator random) {
    int input = storage(1 << 20, Storage.Kind.INPUT, "input");
    List<int[]> kept = new ArrayList<>();
    int x = input;
    for (int layer = 0; layer < layers; layer++) {
      int weight = storage(mebibytes(random, 8), Storage.Kind.PARAMETER, "weight." + layer);
      int mask = run("mask", mebibytes(random, 1), List.of());
      int wide = run("mm", mebibytes(random, 4), List.of(x, weight));
      int active = run("gelu", storages.get(wide).bytes(), List.of(wide));
      int narrow = run("dropout", mebibytes(random, 2), List.of(active, mask));
      int sum = run("add", storages.get(narrow).bytes(), List.of(narrow, x));
      kept.add(new int[] {x, weight, mask, wide, active});
      x = sum;
    }
    int gradient = run("loss", storages.get(x).bytes(), List.of(x));
    List<int[]> updates = new ArrayList<>();
    for (int layer = layers - 1; layer >= 0; layer--) {
      int[] of = kept.get(layer);
      int a = run("dropout_backward", storages.get(of[4]).bytes(), List.of(gradient, of[2]));
      int b = run("gelu_backward", storages.get(of[3]).bytes(), List.of(a, of[3]));
      updates.add(
          new int[] {of[1], run("mm_weight", storages.get(of[1]).bytes(), List.of(b, of[0]))});
      int c = run("mm_input", storages.get(of[0]).bytes(), List.of(b, of[1]));
      gradient = run("add_backward", storages.get(of[0]).bytes(), List.of(c, gradient));
    }
    for (int[] update : updates) {
      long bytes = storages.get(update[0]).bytes();
      int moment = storage(bytes, Storage.Kind.OPTIMIZER_STATE, "moment" + storages.size());
      write("lerp_", List.of(update[1]), moment);
      int scale = run("pow", 4, List.of());
      int small = run("rsub", 4, List.of(scale));
      int root = run("sqrt", bytes, List.of(moment));
      int quotient = run("div", bytes, List.of(root, small));
      write("addcdiv_", List.of(quotient, moment), update[0]);
      write("mul_", List.of(update[1]), moment);
    }
    return new StepGraph("generated", "", storages, tensors, operators, List.of(), 512);
  }

  private static long mebibytes(RandomGenerator random, int most) {
    return (1 + random.nextLong(most)) << 20;
  }

  private int storage(long bytes, Storage.Kind kind, String name) {
    int id = storages.size();
    storages.add(new Storage(id, bytes, kind, name, ""));
    tensors.add(new TensorSlot(id, id, "uint8", List.of(bytes), List.of(1L), 0));
    return id;
  }

  private int run(String target, long bytes, List<Integer> reads) {
    int made = storage(bytes, Storage.Kind.TEMPORARY, target + "_" + operators.size());
    add(target, reads, made, List.of(OptionalInt.of(made)));
    return made;
  }

  private void write(String target, List<Integer> reads, int into) {
    add(target, reads, into, List.of());
  }

  private void add(String target, List<Integer> reads, int writes, List<OptionalInt> outputs) {
    int id = operators.size();
    operators.add(
        new Operator(
            id,
            target + "_" + id,
            target,
            List.of(),
            Map.of(),
            outputs,
            reads.stream().distinct().toList(),
            List.of(writes),
            false,
            ""));
  }
}

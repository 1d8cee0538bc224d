package dev.banyan.plan;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/** Small graphs with everything a step has: sharing, in-place writes, several outputs, results. */
public final class RandomGraphs {
  private RandomGraphs() {}

  /** The graph with this number; at most {@code most} operators. */
  public static StepGraph small(long index, int most) {
    RandomGenerator random = new Seed(4).stream("graphs", index);
    int operators = 1 + random.nextInt(most);
    List<Storage> storages = new ArrayList<>();
    List<TensorSlot> tensors = new ArrayList<>();
    List<Operator> all = new ArrayList<>();
    storages.add(new Storage(0, 1000, Storage.Kind.PARAMETER, "weight", ""));
    tensors.add(slot(0));
    List<Integer> made = new ArrayList<>();
    for (int i = 0; i < operators; i++) {
      List<Integer> reads = new ArrayList<>();
      List<Integer> writes = new ArrayList<>();
      List<OptionalInt> outputs = new ArrayList<>();
      for (int k = random.nextInt(3); k >= 0 && !made.isEmpty(); k--) {
        // Mostly recent ones, so that graphs are deep as well as wide.
        int back = Math.min(made.size(), 1 + random.nextInt(random.nextBoolean() ? 3 : 8));
        reads.add(made.get(made.size() - back));
      }
      if (random.nextInt(4) == 0 && !reads.isEmpty()) {
        writes.add(reads.getFirst());
      }
      if (random.nextInt(8) == 0) {
        writes.add(0);
      }
      for (int k = random.nextInt(6) == 0 ? 2 : random.nextInt(5) == 0 ? 0 : 1; k > 0; k--) {
        int id = storages.size();
        long bytes =
            random.nextInt(10) == 0 ? 0 : 512L * (1 + random.nextInt(12)) - random.nextInt(9);
        storages.add(new Storage(id, bytes, Storage.Kind.TEMPORARY, "op" + i, ""));
        tensors.add(slot(id));
        outputs.add(OptionalInt.of(id));
        writes.add(id);
        made.add(id);
      }
      all.add(
          new Operator(
              i,
              "op" + i,
              "test.op",
              List.of(new Argument.Tensor(0)),
              Map.of(),
              outputs,
              reads.stream().distinct().toList(),
              writes.stream().distinct().toList(),
              false,
              ""));
    }
    List<Integer> results =
        made.isEmpty() || random.nextBoolean() ? List.of() : List.of(made.getLast());
    return new StepGraph("random " + index, "", storages, tensors, all, results, 512);
  }

  private static TensorSlot slot(int storage) {
    return new TensorSlot(storage, storage, "float32", List.of(1L), List.of(1L), 0);
  }
}

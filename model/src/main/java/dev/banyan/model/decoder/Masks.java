package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Which earlier tokens a token may look at, made once per forward pass and window. A window of w
 * lets a token see itself and the w - 1 before it; 0 lets it see all.
 */
final class Masks implements AutoCloseable {
  private final Batch batch;
  private final Map<Integer, Tensor> made = new HashMap<>();

  Masks(Batch batch) {
    this.batch = batch;
  }

  /** For a packed batch: [rows, 1, time, time], a token sees its own document up to itself. */
  Tensor packed(int window) {
    return made.computeIfAbsent(window, w -> kept(() -> makePacked(w)));
  }

  private Tensor makePacked(int window) {
    Batch.Packing packing = Objects.requireNonNull(batch.packing());
    int time = packing.time();
    int[] documents = packing.documents();
    Tensor mask = Tensor.zeros(DType.BOOL, packing.rows(), 1, time, time);
    MemorySegment memory = mask.memory();
    for (int row = 0; row < packing.rows(); row++) {
      for (int query = 0; query < time; query++) {
        int first = first(query, window);
        int at = row * time;
        if (documents != null) {
          int from = query;
          while (from > first && documents[at + from - 1] == documents[at + query]) {
            from--;
          }
          first = from;
        }
        memory.asSlice(((long) at + query) * time + first, query - first + 1).fill((byte) 1);
      }
    }
    return mask;
  }

  /** For {@code queries} new tokens after {@code past} ones: [1, 1, queries, past + queries]. */
  Tensor after(int past, int queries, int window) {
    Tensor mask = Tensor.zeros(DType.BOOL, 1, 1, queries, past + queries);
    MemorySegment memory = mask.memory();
    for (int i = 0; i < queries; i++) {
      int first = first(past + i, window);
      memory.asSlice((long) i * (past + queries) + first, past + i - first + 1).fill((byte) 1);
    }
    return mask;
  }

  /** For one new token each after {@code pasts}: [sequences, 1, 1, longest]. */
  Tensor each(int[] pasts, int window) {
    return made.computeIfAbsent(window, w -> kept(() -> makeEach(pasts, w)));
  }

  private static Tensor makeEach(int[] pasts, int window) {
    int longest = 0;
    for (int past : pasts) {
      longest = Math.max(longest, past + 1);
    }
    Tensor mask = Tensor.zeros(DType.BOOL, pasts.length, 1, 1, longest);
    MemorySegment memory = mask.memory();
    for (int i = 0; i < pasts.length; i++) {
      for (int key = first(pasts[i], window); key <= pasts[i]; key++) {
        memory.set(ValueLayout.JAVA_BYTE, (long) i * longest + key, (byte) 1);
      }
    }
    return mask;
  }

  private static int first(int position, int window) {
    return window == 0 ? 0 : Math.max(0, position - window + 1);
  }

  /** A mask outlives the layer that asked for it first. */
  private static Tensor kept(Supplier<Tensor> make) {
    try (Scope scope = Scope.open()) {
      return Scope.keep(make.get());
    }
  }

  @Override
  public void close() {
    made.values().forEach(Tensor::close);
  }
}

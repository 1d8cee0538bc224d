package dev.banyan.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * The graph of one step: operators in program order and the storages they share. What an operator
 * must wait for follows from the storages: it reads what an earlier one wrote, writes what an
 * earlier one read, or writes what an earlier one wrote.
 *
 * @param source where it comes from, for messages
 * @param producer the program that wrote it, for example {@code torch 2.13.0}
 * @param results tensors the step returns; their storages stay live to its end
 * @param alignment every offset in the arena is a multiple of this many bytes
 */
public record StepGraph(
    String source,
    String producer,
    List<Storage> storages,
    List<TensorSlot> tensors,
    List<Operator> operators,
    List<Integer> results,
    long alignment) {
  /** What PyTorch's allocators align to, in bytes. */
  public static final long ALIGNMENT = 512;

  public StepGraph {
    storages = List.copyOf(storages);
    tensors = List.copyOf(tensors);
    operators = List.copyOf(operators);
    results = List.copyOf(results);
    if (alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException("alignment is " + alignment + ", must be a power of two");
    }
    for (int i = 0; i < storages.size(); i++) {
      requireId("storage", i, storages.get(i).id());
    }
    for (int i = 0; i < tensors.size(); i++) {
      requireId("tensor", i, tensors.get(i).id());
      requireRange("tensor " + i + "'s storage", tensors.get(i).storage(), storages.size());
    }
    for (int i = 0; i < operators.size(); i++) {
      Operator operator = operators.get(i);
      requireId("operator", i, operator.id());
      for (int storage : operator.reads()) {
        requireRange("a read of operator " + operator.name(), storage, storages.size());
      }
      for (int storage : operator.writes()) {
        requireRange("a write of operator " + operator.name(), storage, storages.size());
      }
    }
    for (int tensor : results) {
      requireRange("a result", tensor, tensors.size());
    }
  }

  /** Bytes of all storages that outlive the step, each aligned. */
  public long persistentBytes() {
    long sum = 0;
    for (Storage storage : storages) {
      sum += storage.isPersistent() ? alignedBytes(storage.id()) : 0;
    }
    return sum;
  }

  /** A storage's bytes, rounded up to the alignment. */
  public long alignedBytes(int storage) {
    return Math.addExact(storages.get(storage).bytes(), alignment - 1) & -alignment;
  }

  /** The storages behind the results. */
  public List<Integer> resultStorages() {
    List<Integer> kept = new ArrayList<>();
    for (int tensor : results) {
      int storage = tensors.get(tensor).storage();
      if (!kept.contains(storage)) {
        kept.add(storage);
      }
    }
    return kept;
  }

  /** The order of the file: 0, 1, … */
  public List<Integer> programOrder() {
    List<Integer> order = new ArrayList<>(operators.size());
    for (int i = 0; i < operators.size(); i++) {
      order.add(i);
    }
    return order;
  }

  private static void requireId(String what, int position, int id) {
    if (id != position) {
      throw new IllegalArgumentException(what + " at position " + position + " has id " + id);
    }
  }

  private static void requireRange(String what, int index, int size) {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException(what + " is " + index + ", there are " + size);
    }
  }
}

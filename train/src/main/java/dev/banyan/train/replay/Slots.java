package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.TensorSlot;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tensors of a graph as tensors over memory. */
final class Slots {
  private Slots() {}

  static Tensor over(TensorSlot slot, MemorySegment storage) {
    DType dtype = dtype(slot);
    if (slot.offset() < 0 || endBytes(slot) > storage.byteSize()) {
      throw new UserInputException(
          "tensor %d ends at byte %d of storage %d, which has %d"
              .formatted(slot.id(), endBytes(slot), slot.storage(), storage.byteSize()));
    }
    long[] shape = slot.shape().stream().mapToLong(Long::longValue).toArray();
    long[] strides = slot.strides().stream().mapToLong(Long::longValue).toArray();
    return Tensor.over(storage.asSlice(slot.offset() * dtype.bytes()), dtype, shape, strides);
  }

  static DType dtype(TensorSlot slot) {
    return dtype(slot.dtype());
  }

  /** The type PyTorch calls by this name. */
  static DType dtype(String name) {
    return switch (name) {
      case "float64", "double" -> DType.F64;
      case "float32", "float" -> DType.F32;
      case "bfloat16" -> DType.BF16;
      case "float16", "half" -> DType.F16;
      case "int64", "long" -> DType.I64;
      case "int32", "int" -> DType.I32;
      case "int16", "short" -> DType.I16;
      case "int8" -> DType.I8;
      case "uint8" -> DType.U8;
      case "bool" -> DType.BOOL;
      default ->
          throw new UserInputException(
              "element type '"
                  + name
                  + "' cannot be run; float, integer and bool tensors can (the plan itself holds)");
    };
  }

  /** The tensor of most elements in each storage. */
  static Map<Integer, TensorSlot> largest(List<TensorSlot> tensors) {
    Map<Integer, TensorSlot> largest = new HashMap<>();
    for (TensorSlot tensor : tensors) {
      largest.merge(tensor.storage(), tensor, (a, b) -> elements(b) > elements(a) ? b : a);
    }
    return largest;
  }

  static long elements(TensorSlot slot) {
    long count = 1;
    for (long size : slot.shape()) {
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  /** Where it ends in its storage; its start when it has no elements. */
  static long endBytes(TensorSlot slot) {
    long last = slot.offset();
    if (elements(slot) == 0) {
      return Math.multiplyExact(last, (long) dtype(slot).bytes());
    }
    for (int i = 0; i < slot.shape().size(); i++) {
      last =
          Math.addExact(last, Math.multiplyExact(slot.shape().get(i) - 1, slot.strides().get(i)));
    }
    return Math.multiplyExact(last + 1, (long) dtype(slot).bytes());
  }
}

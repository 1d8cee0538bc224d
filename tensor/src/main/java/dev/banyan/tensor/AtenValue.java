package dev.banyan.tensor;

import java.util.List;

/** An argument of an {@link AtenOperator}; what it becomes is decided by the operator's schema. */
public sealed interface AtenValue {
  /** Nothing: of an optional argument, or of an operator's random generator. */
  record None() implements AtenValue {}

  record OfTensor(Tensor tensor) implements AtenValue {}

  record Int(long value) implements AtenValue {}

  record Real(double value) implements AtenValue {}

  record Bool(boolean value) implements AtenValue {}

  record Text(String value) implements AtenValue {}

  record Type(DType value) implements AtenValue {}

  /** The processor, whatever the argument's own words for a device are. */
  record Processor() implements AtenValue {}

  /**
   * How a new tensor lies in memory.
   *
   * @param name as PyTorch writes it: {@code contiguous_format}, {@code preserve_format}, {@code
   *     channels_last}, {@code channels_last_3d}; or the layout {@code strided}
   */
  record Format(String name) implements AtenValue {}

  record Many(List<AtenValue> items) implements AtenValue {
    public Many {
      items = List.copyOf(items);
    }
  }
}

package dev.banyan.plan;

import java.util.List;

/** An argument of an operator, as a step dump tags it. */
public sealed interface Argument {
  /** Nothing was given. */
  record None() implements Argument {}

  /** A tensor by its id. */
  record Tensor(int id) implements Argument {}

  record Int(long value) implements Argument {}

  record Real(double value) implements Argument {}

  record Bool(boolean value) implements Argument {}

  /**
   * A word with a meaning of its own.
   *
   * @param tag {@code string}, {@code dtype}, {@code device}, {@code memoryFormat} or {@code
   *     layout}
   */
  record Word(String tag, String value) implements Argument {}

  record Many(List<Argument> items) implements Argument {
    public Many {
      items = List.copyOf(items);
    }
  }
}

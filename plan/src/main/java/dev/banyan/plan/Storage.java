package dev.banyan.plan;

import java.util.Locale;

/**
 * A piece of memory that one or more tensors share. Views are not storages: they point into one.
 *
 * @param id its position in {@link StepGraph#storages}
 * @param bytes size as the tensors need it, before alignment
 * @param kind what it holds
 * @param name for parameters the state_dict name, for temporaries the operator that makes it
 * @param data base64 of a small constant's bytes, else empty
 */
public record Storage(int id, long bytes, Kind kind, String name, String data) {
  /** What a storage holds; all but temporaries live longer than the step and are not planned. */
  public enum Kind {
    PARAMETER("parameter"),
    OPTIMIZER_STATE("optimizerState"),
    INPUT("input"),
    CONSTANT("constant"),
    TEMPORARY("temporary");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** As a step dump writes it. */
    public String word() {
      return word;
    }
  }

  public Storage {
    if (bytes < 0) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "storage %d has %d bytes, must not be negative", id, bytes));
    }
  }

  /** True when it outlives the step, so that it stands outside the arena. */
  public boolean isPersistent() {
    return kind != Kind.TEMPORARY;
  }
}

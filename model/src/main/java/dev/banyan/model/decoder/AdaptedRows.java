package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.LoadedAdapter;
import dev.banyan.model.adapter.Adaptation;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of a pass are of sequences whose adapter changes layers.
 *
 * @param runs from first to last, none touching another of the same adapter
 */
record AdaptedRows(List<Run> runs) {
  /** Rows [start, start + length). */
  record Run(int start, int length, LoadedAdapter adapter) {}

  /** What is done to one layer in rows [start, start + length). */
  record Part(int start, int length, Adaptation adaptation) {}

  static AdaptedRows of(Batch batch) {
    List<Run> runs = new ArrayList<>();
    for (Batch.Sequence sequence : batch.sequences()) {
      append(runs, sequence.start(), sequence.length(), sequence.adapter());
    }
    return new AdaptedRows(runs);
  }

  private static void append(
      List<Run> runs, int start, int length, @Nullable LoadedAdapter adapter) {
    if (adapter == null || !adapter.changesLayers()) {
      return;
    }
    if (!runs.isEmpty()) {
      Run last = runs.getLast();
      if (last.adapter == adapter && last.start + last.length == start) {
        runs.set(runs.size() - 1, new Run(last.start, last.length + length, adapter));
        return;
      }
    }
    runs.add(new Run(start, length, adapter));
  }

  /** Of these rows, in this order. */
  AdaptedRows select(long[] rows) {
    List<Run> selected = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      append(selected, i, 1, adapter(rows[i]));
    }
    return new AdaptedRows(selected);
  }

  private @Nullable LoadedAdapter adapter(long row) {
    for (Run run : runs) {
      if (row >= run.start && row < run.start + run.length) {
        return run.adapter;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** What is done to a layer. */
  List<Part> parts(Linear layer) {
    List<Part> parts = new ArrayList<>();
    for (Run run : runs) {
      Adaptation adaptation = run.adapter.of(layer.name());
      if (adaptation != null) {
        parts.add(new Part(run.start, run.length, adaptation));
      }
    }
    return parts;
  }

  /** x with the rows of each part replaced by what {@code change} makes of them. */
  static Tensor changed(Tensor x, List<Part> parts, BiFunction<Tensor, Part, Tensor> change) {
    if (parts.isEmpty()) {
      return x;
    }
    List<Tensor> pieces = new ArrayList<>();
    int at = 0;
    for (Part part : parts) {
      if (part.start > at) {
        pieces.add(x.narrow(0, at, part.start - at));
      }
      pieces.add(change.apply(x.narrow(0, part.start, part.length), part));
      at = part.start + part.length;
    }
    if (at < x.size(0)) {
      pieces.add(x.narrow(0, at, x.size(0) - at));
    }
    return pieces.size() == 1 ? pieces.getFirst() : Tensor.cat(pieces, 0);
  }
}

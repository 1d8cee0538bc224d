package dev.banyan.train.step;

import dev.banyan.model.Batch;
import dev.banyan.train.pack.PackedRow;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Some packed rows as a model takes them.
 *
 * @param labels [rows * time], {@link PackedRow#IGNORED} where nothing is learned
 */
@SuppressWarnings("ArrayRecordComponent") // goes straight into a tensor
public record MicroBatch(Batch batch, int[] labels) {
  public static MicroBatch of(List<PackedRow> rows) {
    int time = rows.getFirst().tokens().length;
    int[] ids = new int[rows.size() * time];
    int[] positions = new int[ids.length];
    int[] documents = new int[ids.length];
    int[] labels = new int[ids.length];
    for (int row = 0; row < rows.size(); row++) {
      PackedRow packed = rows.get(row);
      System.arraycopy(packed.tokens(), 0, ids, row * time, time);
      System.arraycopy(packed.positions(), 0, positions, row * time, time);
      System.arraycopy(packed.segments(), 0, documents, row * time, time);
      System.arraycopy(packed.labels(), 0, labels, row * time, time);
    }
    // rows of one document each need no mask
    int @Nullable [] divided = rows.stream().allMatch(MicroBatch::whole) ? null : documents;
    return new MicroBatch(Batch.packed(ids, positions, divided, rows.size(), time), labels);
  }

  private static boolean whole(PackedRow row) {
    return IntStream.of(row.segments()).allMatch(segment -> segment == row.segments()[0]);
  }

  /** The indices of tokens whose label is learned. */
  public int[] learnedPlaces() {
    return IntStream.range(0, labels.length)
        .filter(at -> labels[at] != PackedRow.IGNORED)
        .toArray();
  }

  /** The labels at some indices. */
  public int[] labelsAt(int[] places) {
    return IntStream.of(places).map(at -> labels[at]).toArray();
  }
}

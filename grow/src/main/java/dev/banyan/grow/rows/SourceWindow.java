package dev.banyan.grow.rows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The part of one source tensor that is in memory: some rows that follow one another. */
final class SourceWindow {
  /** Bytes read at a time, unless one row is longer. */
  private static final long BYTES = 2L << 20;

  private final Rows rows;
  private final String tensor;
  private final long firstRow;
  private final long rowBytes;
  private final int capacity;
  private final MemorySegment buffer;
  private long begin;
  private long end;

  SourceWindow(Rows rows, String tensor, long firstRow, Arena arena) {
    this.rows = rows;
    this.tensor = tensor;
    this.firstRow = firstRow;
    var spec = rows.spec(tensor);
    this.rowBytes = Rows.columns(spec) * spec.type().bytes();
    long all = Rows.rows(spec) - firstRow;
    this.capacity = (int) Math.clamp(BYTES / Math.max(rowBytes, 1), 1, Math.max(all, 1));
    this.buffer = arena.allocate(capacity * rowBytes, 8);
  }

  MemorySegment buffer() {
    return buffer;
  }

  int capacity() {
    return capacity;
  }

  /** Where row {@code row} is in the buffer; not there, it is read with {@code ahead} rows. */
  long offset(long row, int ahead) {
    if (row < begin || row >= end) {
      int count = Math.clamp(ahead, 1, capacity);
      rows.read(tensor, firstRow + row, count, buffer);
      begin = row;
      end = row + count;
    }
    return (row - begin) * rowBytes;
  }

  boolean holds(long row) {
    return row >= begin && row < end;
  }
}

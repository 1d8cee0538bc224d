package dev.banyan.train.read;

import java.util.Arrays;

/**
 * Where each record of a corpus is: 24 bytes per record. Records are numbered as they are added.
 */
public final class RecordIndex {
  private int[] source = new int[1024];
  private long[] offset = new long[1024];
  private int[] length = new int[1024];
  private long[] line = new long[1024];
  private int size;

  void add(int sourceNumber, long byteOffset, int byteLength, long lineNumber) {
    if (size == source.length) {
      int grown = Math.addExact(size, size);
      source = Arrays.copyOf(source, grown);
      offset = Arrays.copyOf(offset, grown);
      length = Arrays.copyOf(length, grown);
      line = Arrays.copyOf(line, grown);
    }
    source[size] = sourceNumber;
    offset[size] = byteOffset;
    length[size] = byteLength;
    line[size] = lineNumber;
    size++;
  }

  public int size() {
    return size;
  }

  /** The number of the file. */
  public int source(int record) {
    return source[record];
  }

  /** Where the record starts in the unpacked file, in bytes. */
  public long offset(int record) {
    return offset[record];
  }

  /** The record's length in bytes. */
  public int length(int record) {
    return length[record];
  }

  /** The line the record starts in, counted from 1. */
  public long line(int record) {
    return line[record];
  }
}

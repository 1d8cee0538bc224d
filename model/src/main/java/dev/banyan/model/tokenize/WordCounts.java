package dev.banyan.model.tokenize;

import java.util.Arrays;

/**
 * How often each pre-token was seen: a hash table from byte strings to counts that keeps all the
 * strings in one array. Not safe for several threads; each thread counts alone and the tables are
 * then added.
 */
public final class WordCounts {
  private byte[] bytes = new byte[1 << 16];
  private int bytesUsed;
  private int[] starts = new int[1 << 12];
  private int[] hashes = new int[1 << 12];
  private long[] counts = new long[1 << 12];
  private int size;

  /** Word number plus one at each slot of the hash table, 0 where it is free. */
  private int[] slots = new int[1 << 13];

  /** How many different words there are; they are numbered from 0 in the order they came. */
  public int size() {
    return size;
  }

  /** How often word {@code index} was seen. */
  public long count(int index) {
    return counts[index];
  }

  /** Where word {@code index} starts in {@link #bytes()}; it ends where the next one starts. */
  public int start(int index) {
    return index == size ? bytesUsed : starts[index];
  }

  /** All words one after the other; not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  /** Counts every pre-token of {@code text[from, end)}, well-formed UTF-8. */
  public void addText(byte[] text, int from, int end, boolean individualDigits) {
    int at = from;
    while (at < end) {
      int segmentEnd = individualDigits ? Gpt2Splitter.nextNumber(text, at, end) : end;
      while (at < segmentEnd) {
        int next = Gpt2Splitter.next(text, at, segmentEnd);
        add(text, at, next, 1);
        at = next;
      }
      if (at < end) {
        int next = at + Gpt2Splitter.length(text[at]);
        add(text, at, next, 1);
        at = next;
      }
    }
  }

  /** Adds what another table counted. */
  public void addAll(WordCounts other) {
    for (int index = 0; index < other.size; index++) {
      add(other.bytes, other.start(index), other.start(index + 1), other.counts[index]);
    }
  }

  /** Counts the word {@code text[from, end)} {@code times} times. */
  public void add(byte[] text, int from, int end, long times) {
    int hash = hash(text, from, end);
    int mask = slots.length - 1;
    int slot = hash & mask;
    while (slots[slot] != 0) {
      int index = slots[slot] - 1;
      if (hashes[index] == hash
          && Arrays.equals(bytes, starts[index], start(index + 1), text, from, end)) {
        counts[index] += times;
        return;
      }
      slot = (slot + 1) & mask;
    }
    slots[slot] = append(text, from, end, hash, times) + 1;
    if (size * 2 > slots.length) {
      rehash();
    }
  }

  private int append(byte[] text, int from, int end, int hash, long times) {
    int length = end - from;
    if (bytesUsed + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytesUsed + length, grown(bytes.length)));
    }
    if (size == starts.length) {
      starts = Arrays.copyOf(starts, grown(size));
      hashes = Arrays.copyOf(hashes, grown(size));
      counts = Arrays.copyOf(counts, grown(size));
    }
    System.arraycopy(text, from, bytes, bytesUsed, length);
    starts[size] = bytesUsed;
    hashes[size] = hash;
    counts[size] = times;
    bytesUsed += length;
    return size++;
  }

  private static int grown(int length) {
    if (length > (1 << 29)) {
      throw new IllegalStateException(
          "too many different words to count; train on a smaller sample of the text");
    }
    return length * 2;
  }

  private void rehash() {
    slots = new int[grown(slots.length)];
    int mask = slots.length - 1;
    for (int index = 0; index < size; index++) {
      int slot = hashes[index] & mask;
      while (slots[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = index + 1;
    }
  }

  private static int hash(byte[] text, int from, int end) {
    int hash = end - from;
    for (int at = from; at < end; at++) {
      hash = hash * 31 + text[at];
    }
    hash *= 0x9e3779b1;
    return hash ^ (hash >>> 15);
  }
}

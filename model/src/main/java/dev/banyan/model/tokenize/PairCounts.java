package dev.banyan.model.tokenize;

import java.util.Arrays;

/** A hash table from pairs of token ids to counts. An entry, once made, keeps its number. */
final class PairCounts {
  private long[] keys = new long[1 << 12];
  private long[] counts = new long[1 << 12];
  private int size;
  private int[] slots = new int[1 << 13];

  /** The key of a pair; keys are ordered as pairs are, first id before second id. */
  static long key(int first, int second) {
    return (long) first << 32 | second;
  }

  /** The number of this pair's entry, made with count 0 if there was none. */
  int entry(long key) {
    int mask = slots.length - 1;
    int slot = hash(key) & mask;
    while (slots[slot] != 0) {
      int entry = slots[slot] - 1;
      if (keys[entry] == key) {
        return entry;
      }
      slot = (slot + 1) & mask;
    }
    if (size == keys.length) {
      keys = Arrays.copyOf(keys, size * 2);
      counts = Arrays.copyOf(counts, size * 2);
    }
    keys[size] = key;
    slots[slot] = ++size;
    int made = size - 1;
    if (size * 2 > slots.length) {
      rehash();
    }
    return made;
  }

  long key(int entry) {
    return keys[entry];
  }

  long count(int entry) {
    return counts[entry];
  }

  void add(int entry, long change) {
    counts[entry] += change;
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    int mask = slots.length - 1;
    for (int entry = 0; entry < size; entry++) {
      int slot = hash(keys[entry]) & mask;
      while (slots[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = entry + 1;
    }
  }

  private static int hash(long key) {
    long mixed = key * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 32);
  }
}

package dev.banyan.train.evaluate;

import java.util.Arrays;

/**
 * A hash table from 64-bit keys of grams to rows of int counters. Grams are known by their key
 * alone: among 10^8 of them two share a key with a probability of about 3 in 10^4.
 */
final class GramTable {
  private final int width;
  private long[] keys = new long[1 << 10];
  private int[] counters;
  private int size;

  GramTable(int width) {
    this.width = width;
    this.counters = new int[keys.length * width];
  }

  /** Where the counters of {@code key} start, or -1. */
  int find(long key) {
    int mask = keys.length - 1;
    int slot = slot(key, mask);
    while (keys[slot] != 0) {
      if (keys[slot] == key) {
        return slot * width;
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** Where the counters of {@code key} start, all zero if it was not there; until the next call. */
  int make(long key) {
    if (size * 3L > keys.length * 2L) {
      grow();
    }
    int mask = keys.length - 1;
    int slot = slot(key, mask);
    while (keys[slot] != 0) {
      if (keys[slot] == key) {
        return slot * width;
      }
      slot = (slot + 1) & mask;
    }
    keys[slot] = key;
    size++;
    return slot * width;
  }

  int get(int at) {
    return counters[at];
  }

  int add(int at, int change) {
    return counters[at] += change;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldCounters = counters;
    long counterCount = (long) oldKeys.length * 2 * width;
    if (counterCount > Integer.MAX_VALUE - 16) {
      throw new IllegalStateException(
          "too many different n-grams for one table (%d); use a lower order or less text"
              .formatted(size));
    }
    keys = new long[oldKeys.length * 2];
    counters = new int[(int) counterCount];
    int mask = keys.length - 1;
    for (int old = 0; old < oldKeys.length; old++) {
      if (oldKeys[old] == 0) {
        continue;
      }
      int slot = slot(oldKeys[old], mask);
      while (keys[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      keys[slot] = oldKeys[old];
      System.arraycopy(oldCounters, old * width, counters, slot * width, width);
    }
    Arrays.fill(oldKeys, 0);
  }

  private static int slot(long key, int mask) {
    return (int) (key >>> 32) & mask;
  }
}

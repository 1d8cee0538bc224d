package dev.banyan.cluster.diagnose;

import java.util.Arrays;

/** Numbers pairs of longs in the order they first come; open addressing, no objects. */
final class KeyTable {
  private long[] first = new long[64];
  private long[] second = new long[64];
  private int[] slots = new int[256];
  private int size;
  private int last = -1;

  KeyTable() {
    Arrays.fill(slots, -1);
  }

  /** Two numbers as one part of a key. */
  static long pair(int high, int low) {
    return ((long) high << 32) | Integer.toUnsignedLong(low);
  }

  int size() {
    return size;
  }

  /** How many numbers fit before arrays beside this table must grow. */
  int capacity() {
    return first.length;
  }

  long first(int place) {
    return first[place];
  }

  long second(int place) {
    return second[place];
  }

  /** The place of a key, a new one when it was not there. */
  int place(long a, long b) {
    if (last >= 0 && first[last] == a && second[last] == b) {
      return last;
    }
    int slot = slot(a, b);
    if (slots[slot] < 0) {
      if (size == first.length) {
        first = Arrays.copyOf(first, 2 * size);
        second = Arrays.copyOf(second, 2 * size);
      }
      first[size] = a;
      second[size] = b;
      slots[slot] = size++;
      if (3 * size > 2 * slots.length) {
        grow();
        last = size - 1;
        return last;
      }
    }
    last = slots[slot];
    return last;
  }

  /** The place of a key, −1 when it is not there. */
  int find(long a, long b) {
    return slots[slot(a, b)];
  }

  private int slot(long a, long b) {
    long mixed = (a * 0x9e3779b97f4a7c15L ^ b) * 0xbf58476d1ce4e5b9L;
    int slot = (int) (mixed ^ mixed >>> 32) & slots.length - 1;
    while (slots[slot] >= 0 && (first[slots[slot]] != a || second[slots[slot]] != b)) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }

  private void grow() {
    slots = new int[2 * slots.length];
    Arrays.fill(slots, -1);
    for (int place = 0; place < size; place++) {
      slots[slot(first[place], second[place])] = place;
    }
  }
}

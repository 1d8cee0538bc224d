package dev.banyan.plan.order;

import java.util.Arrays;

/** Operators by a key, smallest first; equal keys by number. An entry's key may change. */
final class ReadyHeap {
  private final long[] key;
  private final int[] position;
  private int[] heap = new int[16];
  private int size;

  ReadyHeap(int operators) {
    key = new long[operators];
    position = new int[operators];
    Arrays.fill(position, -1);
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  int first() {
    return heap[0];
  }

  long firstKey() {
    return key[heap[0]];
  }

  /** The operator at a place of the heap's array, in no order. */
  int at(int index) {
    return heap[index];
  }

  boolean contains(int u) {
    return position[u] >= 0;
  }

  /** Puts {@code u} in, or gives it another key. */
  void put(int u, long newKey) {
    if (position[u] < 0) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, 2 * size);
      }
      key[u] = newKey;
      heap[size] = u;
      position[u] = size;
      up(size++);
    } else {
      long old = key[u];
      key[u] = newKey;
      if (newKey < old) {
        up(position[u]);
      } else {
        down(position[u]);
      }
    }
  }

  void remove(int u) {
    int at = position[u];
    if (at < 0) {
      return;
    }
    position[u] = -1;
    int moved = heap[--size];
    if (moved != u) {
      heap[at] = moved;
      position[moved] = at;
      up(at);
      down(position[moved]);
    }
  }

  private boolean less(int a, int b) {
    return key[a] < key[b] || (key[a] == key[b] && a < b);
  }

  private void up(int from) {
    int at = from;
    int u = heap[at];
    while (at > 0 && less(u, heap[(at - 1) / 2])) {
      heap[at] = heap[(at - 1) / 2];
      position[heap[at]] = at;
      at = (at - 1) / 2;
    }
    heap[at] = u;
    position[u] = at;
  }

  private void down(int from) {
    int at = from;
    int u = heap[at];
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && less(heap[child + 1], heap[child])) {
        child++;
      }
      if (!less(heap[child], u)) {
        break;
      }
      heap[at] = heap[child];
      position[heap[at]] = at;
      at = child;
    }
    heap[at] = u;
    position[u] = at;
  }
}

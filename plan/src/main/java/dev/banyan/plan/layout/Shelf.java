package dev.banyan.plan.layout;

import java.util.Arrays;

/**
 * Placed buffers ordered by offset, for greedy placement: each new buffer goes into a gap between
 * those it meets. One placement looks at every placed buffer in order, O(n), at about a nanosecond
 * each.
 */
final class Shelf {
  /** Which gap a buffer takes. */
  enum Fit {
    /** The lowest that is large enough. */
    FIRST,
    /**
     * The smallest that is large enough, the lowest of equals; above all others only if none is.
     */
    BEST
  }

  private final Timeline timeline;
  private final long[] offset;

  // The same order in all four: by offset.
  private final long[] bottom;
  private final long[] top;
  private final int[] first;
  private final int[] last;
  private int count;
  private long height;

  Shelf(Timeline timeline) {
    this.timeline = timeline;
    int n = timeline.count();
    offset = new long[n];
    bottom = new long[n];
    top = new long[n];
    first = new int[n];
    last = new int[n];
  }

  /** Offsets by position, for those placed. */
  long[] offsets() {
    return offset.clone();
  }

  /** Where the highest buffer ends, without its padding. */
  long height() {
    return height;
  }

  void clear() {
    count = 0;
    height = 0;
  }

  /**
   * Begins with some buffers placed as they were.
   *
   * @param byOffset buffers in order of {@code offsets}
   * @param rank where each buffer stands in the order of placement
   * @param kept those that stand before this are placed
   */
  void restore(int[] byOffset, long[] offsets, int[] rank, int kept) {
    clear();
    for (int each : byOffset) {
      if (rank[each] < kept) {
        write(count++, each, offsets[each]);
        height = Math.max(height, offsets[each] + timeline.ownSize[each]);
      }
    }
  }

  /** Finds a gap and places the buffer there; returns where it ends. */
  long place(int buffer, Fit fit) {
    long at = fit == Fit.FIRST ? lowestGap(buffer) : smallestGap(buffer);
    insert(buffer, at);
    long end = at + timeline.ownSize[buffer];
    height = Math.max(height, end);
    return end;
  }

  private long lowestGap(int buffer) {
    int begin = timeline.first[buffer];
    int end = timeline.last[buffer];
    long size = timeline.size[buffer];
    long alignment = timeline.alignment[buffer];
    long free = 0;
    for (int i = 0; i < count; i++) {
      if (first[i] <= end && last[i] >= begin) {
        if (bottom[i] - free >= size) {
          return free;
        }
        if (top[i] > free) {
          free = Timeline.roundUp(top[i], alignment);
        }
      }
    }
    return free;
  }

  private long smallestGap(int buffer) {
    int begin = timeline.first[buffer];
    int end = timeline.last[buffer];
    long size = timeline.size[buffer];
    long alignment = timeline.alignment[buffer];
    long free = 0;
    long best = -1;
    long smallest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      if (first[i] <= end && last[i] >= begin) {
        long gap = bottom[i] - free;
        if (gap >= size && gap < smallest) {
          smallest = gap;
          best = free;
          if (gap == size) {
            return best;
          }
        }
        if (top[i] > free) {
          free = Timeline.roundUp(top[i], alignment);
        }
      }
    }
    return best >= 0 ? best : free;
  }

  private void insert(int buffer, long at) {
    int index = Arrays.binarySearch(bottom, 0, count, at);
    index = index < 0 ? -index - 1 : index;
    int tail = count - index;
    System.arraycopy(bottom, index, bottom, index + 1, tail);
    System.arraycopy(top, index, top, index + 1, tail);
    System.arraycopy(first, index, first, index + 1, tail);
    System.arraycopy(last, index, last, index + 1, tail);
    write(index, buffer, at);
    count++;
  }

  private void write(int index, int buffer, long at) {
    bottom[index] = at;
    top[index] = at + timeline.size[buffer];
    first[index] = timeline.first[buffer];
    last[index] = timeline.last[buffer];
    offset[buffer] = at;
  }
}

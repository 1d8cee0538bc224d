package dev.banyan.plan.layout;

import java.util.Arrays;

/**
 * Some buffers of a {@link Timeline} that no other buffer meets, with the lists exact search needs:
 * who meets whom, who is in which section.
 */
final class Part {
  /** Most entries the lists may have together: 400 MB. */
  private static final long MOST_ENTRIES = 50_000_000;

  final int count;
  final int sections;
  final int[] positions;
  final int[] first;
  final int[] last;
  final long[] size;
  final long[] ownSize;
  final long[] alignment;
  final int[][] meets;
  final int[][] members;

  Part(Timeline timeline, int[] positions) {
    this.positions = positions;
    count = positions.length;
    int begin = Arrays.stream(positions).map(i -> timeline.first[i]).min().orElse(0);
    int end = Arrays.stream(positions).map(i -> timeline.last[i]).max().orElse(-1);
    sections = end - begin + 1;
    first = Arrays.stream(positions).map(i -> timeline.first[i] - begin).toArray();
    last = Arrays.stream(positions).map(i -> timeline.last[i] - begin).toArray();
    size = Arrays.stream(positions).mapToLong(i -> timeline.size[i]).toArray();
    ownSize = Arrays.stream(positions).mapToLong(i -> timeline.ownSize[i]).toArray();
    alignment = Arrays.stream(positions).mapToLong(i -> timeline.alignment[i]).toArray();
    members = members();
    meets = meets();
  }

  /** Whether the lists of this part would fit in memory. */
  static boolean fits(Timeline timeline, int[] positions) {
    long widths = 0;
    for (int i : positions) {
      widths += timeline.last[i] - timeline.first[i] + 1;
    }
    return widths + (long) positions.length * positions.length <= MOST_ENTRIES;
  }

  /** An order of the whole timeline as an order of this part's own numbers. */
  int[] order(int[] ofTimeline) {
    int[] own = new int[ofTimeline.length];
    Arrays.fill(own, -1);
    for (int i = 0; i < count; i++) {
      own[positions[i]] = i;
    }
    return Arrays.stream(ofTimeline).map(i -> own[i]).filter(i -> i >= 0).toArray();
  }

  /** Where the highest buffer ends, without its padding. */
  long height(long[] offsets) {
    long height = 0;
    for (int i = 0; i < count; i++) {
      height = Math.max(height, offsets[i] + ownSize[i]);
    }
    return height;
  }

  /** Writes this part's offsets to where they belong in the whole timeline. */
  void copyOffsets(long[] ours, long[] all) {
    for (int i = 0; i < count; i++) {
      all[positions[i]] = ours[i];
    }
  }

  private int[][] members() {
    int[] counts = new int[sections];
    for (int i = 0; i < count; i++) {
      for (int s = first[i]; s <= last[i]; s++) {
        counts[s]++;
      }
    }
    int[][] lists = new int[sections][];
    Arrays.setAll(lists, s -> new int[counts[s]]);
    for (int i = count - 1; i >= 0; i--) {
      for (int s = first[i]; s <= last[i]; s++) {
        lists[s][--counts[s]] = i;
      }
    }
    return lists;
  }

  private int[][] meets() {
    int[][] lists = new int[count][];
    int[] list = new int[count];
    for (int i = 0; i < count; i++) {
      int found = 0;
      for (int j = 0; j < count; j++) {
        if (j != i && first[i] <= last[j] && first[j] <= last[i]) {
          list[found++] = j;
        }
      }
      lists[i] = Arrays.copyOf(list, found);
    }
    return lists;
  }
}

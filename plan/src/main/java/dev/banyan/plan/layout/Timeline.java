package dev.banyan.plan.layout;

import dev.banyan.plan.Buffer;
import dev.banyan.plan.Buffers;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Buffers as rectangles over <em>maximal sections</em>: the steps at which no superset of the live
 * buffers is live at another step. Two intervals meet exactly when they share a maximal section, so
 * no other step matters (Moffitt, MiniMalloc, ASPLOS 2023, works on sections of constant live sets;
 * the maximal ones are enough). Sizes are rounded up to the largest number that divides every
 * alignment, which takes no freedom away: the next address any buffer may have is no lower. Buffers
 * of no bytes are left out. O(n log n).
 */
final class Timeline {
  final int sections;

  /** Indices of the buffers that have bytes; all arrays below go by position in this one. */
  final int[] buffers;

  final int[] first;
  final int[] last;

  /** Rounded up. */
  final long[] size;

  /** As given: the highest buffer needs no padding above it. */
  final long[] ownSize;

  final long[] alignment;

  /** Rounded sizes live in each section, added up. */
  final long[] load;

  /** Divides every size and alignment, so every arena that is worth having is a multiple. */
  final long grain;

  /** What every alignment is a multiple of. */
  final long unit;

  private final Buffers all;

  Timeline(Buffers all) {
    this.all = all;
    buffers = IntStream.range(0, all.count()).filter(i -> all.get(i).sizeBytes() > 0).toArray();
    int n = buffers.length;
    size = new long[n];
    ownSize = new long[n];
    alignment = new long[n];
    long divisor = 0;
    for (int i = 0; i < n; i++) {
      alignment[i] = buffer(i).alignmentBytes();
      divisor = gcd(divisor, alignment[i]);
    }
    unit = Math.max(1, divisor);
    for (int i = 0; i < n; i++) {
      ownSize[i] = buffer(i).sizeBytes();
      size[i] = roundUp(ownSize[i], unit);
      divisor = gcd(divisor, ownSize[i]);
    }
    grain = Math.max(1, n == 0 ? 1 : divisorOfSizes());
    first = new int[n];
    last = new int[n];
    sections = n == 0 ? 0 : sweep();
    load = loads();
  }

  int count() {
    return buffers.length;
  }

  /** Largest load of the buffers' own sizes, or of the rounded ones without one padding. */
  long boundBytes() {
    long rounded = Arrays.stream(load).max().orElse(0);
    return Math.max(all.maxLoadBytes(), rounded - largestPadding());
  }

  /** Most bytes a size was rounded up by. */
  long largestPadding() {
    long padding = 0;
    for (int i = 0; i < count(); i++) {
      padding = Math.max(padding, size[i] - ownSize[i]);
    }
    return padding;
  }

  /** Lifetime in steps as given. */
  long steps(int position) {
    return buffer(position).upperStep() - buffer(position).lowerStep();
  }

  /** Offsets for all buffers from those of ours. */
  long[] offsets(long[] ours) {
    long[] offsets = new long[all.count()];
    for (int i = 0; i < ours.length; i++) {
      offsets[buffers[i]] = ours[i];
    }
    return offsets;
  }

  /** Positions grouped so that buffers of different groups never meet, in order of time. */
  List<int[]> parts() {
    int[] ends = new int[sections];
    for (int i = 0; i < count(); i++) {
      ends[first[i]] = Math.max(ends[first[i]], last[i]);
    }
    int[] group = new int[sections];
    int groups = 0;
    int reach = -1;
    for (int s = 0; s < sections; s++) {
      if (s > reach) {
        groups++;
      }
      reach = Math.max(reach, ends[s]);
      group[s] = groups - 1;
    }
    int[] counts = new int[groups];
    for (int i = 0; i < count(); i++) {
      counts[group[first[i]]]++;
    }
    int[][] parts = new int[groups][];
    Arrays.setAll(parts, g -> new int[counts[g]]);
    for (int i = count() - 1; i >= 0; i--) {
      int g = group[first[i]];
      parts[g][--counts[g]] = i;
    }
    return List.of(parts);
  }

  static long roundUp(long value, long multiple) {
    long over = value % multiple;
    return over == 0 ? value : value + (multiple - over);
  }

  private Buffer buffer(int position) {
    return all.get(buffers[position]);
  }

  private long divisorOfSizes() {
    long divisor = unit;
    for (long each : ownSize) {
      divisor = gcd(divisor, each);
    }
    return divisor;
  }

  /** A section closes where something dies after something was born. */
  private int sweep() {
    int n = count();
    Integer[] byBirth = positions(Comparator.comparingLong(i -> buffer(i).lowerStep()));
    Integer[] byDeath = positions(Comparator.comparingLong(i -> buffer(i).upperStep()));
    int section = 0;
    int born = 0;
    for (int dead = 0; dead < n; ) {
      long death = buffer(byDeath[dead]).upperStep();
      for (; born < n && buffer(byBirth[born]).lowerStep() < death; born++) {
        first[byBirth[born]] = section;
      }
      while (dead < n
          && (born == n
              || buffer(byDeath[dead]).upperStep() <= buffer(byBirth[born]).lowerStep())) {
        last[byDeath[dead++]] = section;
      }
      section++;
    }
    return section;
  }

  private Integer[] positions(Comparator<Integer> order) {
    Integer[] positions = new Integer[count()];
    Arrays.setAll(positions, i -> i);
    Arrays.sort(positions, order);
    return positions;
  }

  private long[] loads() {
    long[] change = new long[sections + 1];
    for (int i = 0; i < count(); i++) {
      change[first[i]] += size[i];
      change[last[i] + 1] -= size[i];
    }
    for (int s = 1; s < sections; s++) {
      change[s] += change[s - 1];
    }
    return Arrays.copyOf(change, sections);
  }

  private static long gcd(long a, long b) {
    while (b != 0) {
      long rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }
}

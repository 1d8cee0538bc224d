package dev.banyan.plan.layout;

import java.util.Arrays;

/**
 * What exact search knows about a {@link Part} while some of its buffers are placed: the lowest
 * offset each other buffer may still have, and whether they can all end below the capacity.
 *
 * <p>An unplaced buffer is either <em>resting</em> (its floor is 0 or the top of a placed buffer it
 * meets) or <em>waiting</em>: it was refused its floor, so it must lie on a buffer that is not
 * placed yet, and its floor is the lowest top any of those can have. Canonical packings
 * (MiniMalloc) are those where everything rests. Every change is kept on a trail and can be taken
 * back.
 */
final class Floors {
  private static final int FLOOR = 0;
  private static final int SUPPORT = 1;
  private static final int WAITING = 2;
  private static final int PLACED = 3;

  final Part part;
  final long[] floor;
  final boolean[] placed;

  /** Buffers that are not placed and reach beyond each section: 0 where the part falls apart. */
  final int[] crossing;

  /** Unplaced buffers and their bytes in each section. */
  final int[] left;

  final long[] leftBytes;

  private final long capacity;
  private final long roundedCapacity;
  private final boolean releases;
  private final long[] support;
  private final boolean[] waiting;

  /** Unplaced members of a section, nearly ordered by floor, then the placed ones, latest first. */
  private final int[][] members;

  private int[] trailWhat = new int[1024];
  private long[] trailWas = new long[1024];
  private int trail;
  private final int[] changed;
  private final long[] changedFrom;
  private final boolean[] isChanged;
  private int changes;
  private final int[] touched;
  private final boolean[] isTouched;
  private int touches;

  /**
   * Nothing is placed.
   *
   * @param unit what sizes were rounded up to
   * @param releases whether a section is bounded by its floors in order (one machine, release
   *     times) and not only by its lowest floor, as in MiniMalloc
   */
  Floors(Part part, long capacity, long unit, boolean releases) {
    this.part = part;
    this.capacity = capacity;
    this.roundedCapacity = Timeline.roundUp(capacity, unit);
    this.releases = releases;
    int n = part.count;
    floor = new long[n];
    support = new long[n];
    placed = new boolean[n];
    waiting = new boolean[n];
    changed = new int[n];
    changedFrom = new long[n];
    isChanged = new boolean[n];
    int m = part.sections;
    crossing = new int[m];
    left = new int[m];
    leftBytes = new long[m];
    touched = new int[m];
    isTouched = new boolean[m];
    members = new int[m][];
    Arrays.setAll(members, s -> part.members[s].clone());
    for (int i = 0; i < n; i++) {
      for (int s = part.first[i]; s <= part.last[i]; s++) {
        left[s]++;
        leftBytes[s] += part.size[i];
        crossing[s] += s < part.last[i] ? 1 : 0;
      }
    }
  }

  /** Whether the empty arena may hold them at all. */
  boolean hopeful() {
    for (int s = 0; s < part.sections; s++) {
      if (leftBytes[s] > roundedCapacity) {
        return false;
      }
    }
    for (long own : part.ownSize) {
      if (own > capacity) {
        return false;
      }
    }
    return true;
  }

  /** Where the trail is now, for {@link #backTo}. */
  int mark() {
    return trail;
  }

  void backTo(int mark) {
    int n = part.count;
    while (trail > mark) {
      trail--;
      int i = trailWhat[trail] % n;
      switch (trailWhat[trail] / n) {
        case FLOOR -> floor[i] = trailWas[trail];
        case SUPPORT -> support[i] = trailWas[trail];
        case WAITING -> waiting[i] = trailWas[trail] != 0;
        default -> lift(i);
      }
    }
  }

  /** Some unplaced buffer that fits below {@code buffer}'s floor, lowest top first, or -1. */
  int below(int buffer) {
    int found = -1;
    long lowest = floor[buffer];
    for (int other : part.meets[buffer]) {
      if (!placed[other] && floor[other] + part.size[other] <= lowest) {
        found = other;
        lowest = floor[other] + part.size[other] - 1;
      }
    }
    return found;
  }

  /**
   * Places a buffer at its floor; nothing may fit below it.
   *
   * @return false when it is now certain that the rest has no packing
   */
  boolean place(int buffer) {
    note(PLACED, buffer, 0);
    drop(buffer);
    long top = floor[buffer] + part.size[buffer];
    boolean fits = true;
    for (int other : part.meets[buffer]) {
      if (placed[other]) {
        continue;
      }
      if (waiting[other]) {
        note(WAITING, other, 1);
        waiting[other] = false;
      }
      if (top > support[other]) {
        note(SUPPORT, other, support[other]);
        support[other] = top;
        long up = Timeline.roundUp(top, part.alignment[other]);
        if (up > floor[other]) {
          fits &= raise(other, up);
        }
      }
    }
    return settle(fits);
  }

  /**
   * Refuses a buffer its floor: it must lie on one that is not placed yet.
   *
   * @return false when it is now certain that the rest has no packing
   */
  boolean refuse(int buffer) {
    long lowest = lowestTopAround(buffer);
    if (lowest == Long.MAX_VALUE) {
      return false;
    }
    note(WAITING, buffer, 0);
    waiting[buffer] = true;
    return settle(raise(buffer, Timeline.roundUp(lowest, part.alignment[buffer])));
  }

  private long lowestTopAround(int buffer) {
    long lowest = Long.MAX_VALUE;
    for (int other : part.meets[buffer]) {
      if (!placed[other]) {
        lowest = Math.min(lowest, floor[other] + part.size[other]);
      }
    }
    return lowest;
  }

  private boolean raise(int buffer, long up) {
    note(FLOOR, buffer, floor[buffer]);
    if (!isChanged[buffer]) {
      isChanged[buffer] = true;
      changed[changes++] = buffer;
      changedFrom[buffer] = floor[buffer];
    }
    floor[buffer] = up;
    for (int s = part.first[buffer]; s <= part.last[buffer]; s++) {
      if (!isTouched[s]) {
        isTouched[s] = true;
        touched[touches++] = s;
      }
    }
    return up + part.ownSize[buffer] <= capacity;
  }

  /** Raises those who wait for raised ones, then looks at every touched section. */
  private boolean settle(boolean fits) {
    boolean hope = fits;
    while (hope && changes > 0) {
      int raised = changed[--changes];
      isChanged[raised] = false;
      long oldTop = changedFrom[raised] + part.size[raised];
      for (int other : part.meets[raised]) {
        if (waiting[other] && !placed[other] && oldTop <= floor[other]) {
          long up = Timeline.roundUp(lowestTopAround(other), part.alignment[other]);
          if (up > floor[other]) {
            hope &= raise(other, up);
          }
        }
      }
    }
    while (changes > 0) {
      isChanged[changed[--changes]] = false;
    }
    while (touches > 0) {
      int section = touched[--touches];
      isTouched[section] = false;
      hope = hope && height(section) <= roundedCapacity;
    }
    return hope;
  }

  /** No packing of the section's unplaced buffers ends below this. */
  private long height(int section) {
    int[] list = members[section];
    int n = left[section];
    if (!releases) {
      long lowest = Long.MAX_VALUE;
      for (int i = 0; i < n; i++) {
        lowest = Math.min(lowest, floor[list[i]]);
      }
      return n == 0 ? 0 : lowest + leftBytes[section];
    }
    for (int i = 1; i < n; i++) {
      int each = list[i];
      long key = floor[each];
      int j = i - 1;
      for (; j >= 0 && floor[list[j]] > key; j--) {
        list[j + 1] = list[j];
      }
      list[j + 1] = each;
    }
    long top = 0;
    for (int i = 0; i < n; i++) {
      top = Math.max(top, floor[list[i]]) + part.size[list[i]];
    }
    return top;
  }

  private void drop(int buffer) {
    placed[buffer] = true;
    for (int s = part.first[buffer]; s <= part.last[buffer]; s++) {
      int[] list = members[s];
      int end = --left[s];
      leftBytes[s] -= part.size[buffer];
      int at = 0;
      while (list[at] != buffer) {
        at++;
      }
      System.arraycopy(list, at + 1, list, at, end - at);
      list[end] = buffer;
      crossing[s] -= s < part.last[buffer] ? 1 : 0;
    }
  }

  /** Undoes the latest {@link #drop}: the buffer is the first behind the unplaced ones. */
  private void lift(int buffer) {
    placed[buffer] = false;
    for (int s = part.first[buffer]; s <= part.last[buffer]; s++) {
      left[s]++;
      leftBytes[s] += part.size[buffer];
      crossing[s] += s < part.last[buffer] ? 1 : 0;
    }
  }

  private void note(int what, int buffer, long was) {
    if (trail == trailWhat.length) {
      trailWhat = Arrays.copyOf(trailWhat, 2 * trail);
      trailWas = Arrays.copyOf(trailWas, 2 * trail);
    }
    trailWhat[trail] = what * part.count + buffer;
    trailWas[trail++] = was;
  }
}

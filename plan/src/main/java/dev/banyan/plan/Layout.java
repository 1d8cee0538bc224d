package dev.banyan.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where each buffer lies. The arena begins at 0 and ends with the last byte of the highest buffer.
 */
public final class Layout {
  private final long[] offsets;
  private final long arenaBytes;
  private final long boundBytes;
  private final String method;
  private final boolean endedByDeadline;
  private final double seconds;

  /**
   * A layout as a method found it.
   *
   * @param offsets address of each buffer, in their order
   * @param boundBytes bytes that no arena for these buffers can go below, proven; at least the
   *     largest load
   * @param method what found it
   * @param budget what it cost
   * @throws IllegalArgumentException when there is not one offset per buffer or the arena is below
   *     the bound
   */
  public Layout(Buffers buffers, long[] offsets, long boundBytes, String method, Budget budget) {
    if (offsets.length != buffers.count()) {
      throw new IllegalArgumentException(
          offsets.length + " offsets for " + buffers.count() + " buffers");
    }
    this.offsets = offsets.clone();
    long arena = 0;
    for (int i = 0; i < offsets.length; i++) {
      arena = Math.max(arena, offsets[i] + buffers.get(i).sizeBytes());
    }
    if (arena < boundBytes) {
      throw new IllegalArgumentException("arena " + arena + " is below its bound " + boundBytes);
    }
    this.arenaBytes = arena;
    this.boundBytes = boundBytes;
    this.method = method;
    this.endedByDeadline = budget.endedByDeadline();
    this.seconds = budget.seconds();
  }

  public int count() {
    return offsets.length;
  }

  public long offsetBytes(int buffer) {
    return offsets[buffer];
  }

  /** All offsets, a copy. */
  public long[] offsets() {
    return offsets.clone();
  }

  /** Where the highest buffer ends. */
  public long arenaBytes() {
    return arenaBytes;
  }

  /** No arena for these buffers is smaller than this; proven. */
  public long boundBytes() {
    return boundBytes;
  }

  /** Whether the arena is proven to be the smallest there is. */
  public boolean optimal() {
    return arenaBytes == boundBytes;
  }

  /** The part of the arena above the bound, of the bound; 0 when optimal. */
  public double fragmentation() {
    return boundBytes == 0 ? 0 : (double) (arenaBytes - boundBytes) / boundBytes;
  }

  /** The method that found it. */
  public String method() {
    return method;
  }

  /**
   * Whether the search was cut short by a deadline. If so, a faster or slower machine may give
   * other offsets; if not, the same buffers and nodes give the same bytes everywhere.
   */
  public boolean endedByDeadline() {
    return endedByDeadline;
  }

  /** Seconds by the clock the budget was given; 0 without one. */
  public double seconds() {
    return seconds;
  }

  /**
   * The first thing wrong with it, by a sweep over time that shares nothing with the methods: a
   * negative or misaligned offset, or two buffers that are live together and share a byte.
   */
  public Optional<String> fault(Buffers buffers) {
    List<Integer> byBirth = new ArrayList<>();
    for (int i = 0; i < count(); i++) {
      Buffer buffer = buffers.get(i);
      if (offsets[i] < 0 || offsets[i] % buffer.alignmentBytes() != 0) {
        return Optional.of(
            "buffer %d lies at %d, which is no multiple of %d"
                .formatted(i, offsets[i], buffer.alignmentBytes()));
      }
      if (buffer.sizeBytes() > 0) {
        byBirth.add(i);
      }
    }
    byBirth.sort(Comparator.comparingLong(i -> buffers.get(i).lowerStep()));
    return new LiveBytes(this, buffers).firstClash(byBirth);
  }
}

package dev.banyan.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a layout places: buffers with their lifetimes, in a fixed order that offsets refer to.
 *
 * @param list the buffers; all their bytes, each rounded up to its alignment, add up to at most
 *     2^61
 */
public record Buffers(List<Buffer> list) {
  public Buffers {
    list = List.copyOf(list);
    long sum = 0;
    for (int i = 0; i < list.size(); i++) {
      Buffer buffer = list.get(i);
      // both are at most 2^61, so this sum cannot overflow before it is refused
      sum += buffer.sizeBytes() + buffer.alignmentBytes();
      if (sum > Buffer.LARGEST) {
        throw new IllegalArgumentException(
            "the first " + (i + 1) + " buffers need more than 2^61 bytes together");
      }
    }
  }

  public int count() {
    return list.size();
  }

  public Buffer get(int index) {
    return list.get(index);
  }

  /** Most bytes live at one step: no arena can be smaller. */
  public long maxLoadBytes() {
    List<Buffer> byBirth = new ArrayList<>(list);
    byBirth.sort(Comparator.comparingLong(Buffer::lowerStep));
    List<Buffer> byDeath = new ArrayList<>(list);
    byDeath.sort(Comparator.comparingLong(Buffer::upperStep));
    long load = 0;
    long max = 0;
    int dead = 0;
    for (Buffer born : byBirth) {
      while (byDeath.get(dead).upperStep() <= born.lowerStep()) {
        load -= byDeath.get(dead++).sizeBytes();
      }
      load += born.sizeBytes();
      max = Math.max(max, load);
    }
    return max;
  }
}

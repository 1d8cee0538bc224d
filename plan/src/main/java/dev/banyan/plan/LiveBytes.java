package dev.banyan.plan;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;

/** The bytes in use while time passes: address → buffer, ordered by address. */
final class LiveBytes {
  private final Layout layout;
  private final Buffers buffers;
  private final TreeMap<Long, Integer> byAddress = new TreeMap<>();
  private final PriorityQueue<Integer> byDeath;

  LiveBytes(Layout layout, Buffers buffers) {
    this.layout = layout;
    this.buffers = buffers;
    this.byDeath = new PriorityQueue<>(Comparator.comparingLong(i -> buffers.get(i).upperStep()));
  }

  /** Lets the buffers be born in this order and says which two share a byte. */
  Optional<String> firstClash(List<Integer> byBirth) {
    for (int born : byBirth) {
      for (Integer next = byDeath.peek();
          next != null && buffers.get(next).upperStep() <= buffers.get(born).lowerStep();
          next = byDeath.peek()) {
        byDeath.remove();
        byAddress.remove(layout.offsetBytes(next));
      }
      long address = layout.offsetBytes(born);
      long end = address + buffers.get(born).sizeBytes();
      // all others are disjoint, so only the last one that begins below our end can reach in
      Map.Entry<Long, Integer> below = byAddress.lowerEntry(end);
      if (below != null && below.getKey() + buffers.get(below.getValue()).sizeBytes() > address) {
        return Optional.of(
            "buffers %d and %d are both live at step %d and share byte %d"
                .formatted(
                    below.getValue(),
                    born,
                    buffers.get(born).lowerStep(),
                    Math.max(address, below.getKey())));
      }
      byAddress.put(address, born);
      byDeath.add(born);
    }
    return Optional.empty();
  }
}

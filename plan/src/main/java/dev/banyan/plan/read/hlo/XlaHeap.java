package dev.banyan.plan.read.hlo;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What XLA's heap simulator was asked: the buffers it laid out, those that share one place as one,
 * and everything else as memory that stays where XLA put it. The problem is XLA's own, so its order
 * and heap can be held against any other order and layout.
 */
final class XlaHeap {
  private final XlaAssignment assignment;
  private final Map<Long, Long> canonical = new HashMap<>();
  private final Map<Long, Long> allocationOf = new HashMap<>();
  private final Map<Long, Long> groupBytes = new HashMap<>();
  private final Set<Long> heaps = new HashSet<>();
  private final Map<List<Object>, Long> definedAt = new HashMap<>();

  XlaHeap(XlaAssignment assignment) {
    this.assignment = assignment;
    for (XlaAssignment.LogicalBuffer buffer : assignment.buffers().values()) {
      definedAt.put(List.of(buffer.instruction(), buffer.path()), buffer.id());
    }
    for (XlaAssignment.Allocation allocation : assignment.allocations()) {
      for (XlaAssignment.Assigned each : allocation.assigned()) {
        allocationOf.put(each.buffer(), allocation.index());
      }
    }
    for (XlaAssignment.Trace trace : assignment.traces()) {
      for (XlaAssignment.Event event : trace.events()) {
        switch (event.kind()) {
          case ALLOC -> canonical.putIfAbsent(event.buffer(), event.buffer());
          case SHARE_WITH ->
              canonical.putIfAbsent(
                  event.buffer(), canonical.getOrDefault(event.sharesWith(), event.sharesWith()));
          case FREE -> {}
        }
        Long place = allocationOf.get(event.buffer());
        if (place != null) {
          heaps.add(place);
        }
      }
    }
    for (XlaAssignment.LogicalBuffer buffer : assignment.buffers().values()) {
      groupBytes.merge(group(buffer.id()), buffer.bytes(), Math::max);
    }
  }

  /** The buffer an instruction defines at a place of its shape, or −1. */
  long definedAt(long instruction, List<Long> path) {
    return definedAt.getOrDefault(List.of(instruction, path), -1L);
  }

  /** The buffer whose place this one shares; itself when it shares none. */
  long group(long buffer) {
    return canonical.getOrDefault(buffer, buffer);
  }

  /** Whether the heap simulator laid it out. */
  boolean isLaidOut(long buffer) {
    return canonical.containsKey(buffer);
  }

  /** The allocation it lies in, −1 when it has none. */
  long allocation(long buffer) {
    return allocationOf.getOrDefault(buffer, -1L);
  }

  /** Bytes of an allocation. */
  long allocationBytes(long index) {
    for (XlaAssignment.Allocation each : assignment.allocations()) {
      if (each.index() == index) {
        return each.bytes();
      }
    }
    return 0;
  }

  /** Bytes of a group: its largest member's. */
  long groupBytes(long buffer) {
    return groupBytes.getOrDefault(group(buffer), 0L);
  }

  /** The largest power of two, up to 512, that divides every offset XLA gave. */
  long alignment() {
    long bits = 512;
    for (XlaAssignment.Allocation allocation : assignment.allocations()) {
      if (heaps.contains(allocation.index())) {
        for (XlaAssignment.Assigned each : allocation.assigned()) {
          bits |= each.offset();
        }
      }
    }
    return Math.min(512, Long.lowestOneBit(bits));
  }

  /** Bytes of XLA's heaps, each buffer rounded up to {@code alignment}. */
  long heapBytes(long alignment) {
    long bytes = 0;
    for (XlaAssignment.Allocation allocation : assignment.allocations()) {
      if (heaps.contains(allocation.index())) {
        long end = 0;
        for (XlaAssignment.Assigned each : allocation.assigned()) {
          end = Math.max(end, each.offset() + aligned(each.bytes(), alignment));
        }
        bytes += end;
      }
    }
    return bytes;
  }

  /** The most bytes that were live at once in XLA's simulation, each buffer rounded up. */
  long peakBytes(long alignment) {
    long peak = 0;
    for (XlaAssignment.Trace trace : assignment.traces()) {
      Map<Long, Integer> members = new HashMap<>();
      long live = 0;
      for (XlaAssignment.Event event : trace.events()) {
        long group = group(event.buffer());
        long bytes = aligned(groupBytes(group), alignment);
        if (event.kind() == XlaAssignment.Kind.FREE) {
          if (members.merge(group, -1, Integer::sum) == 0) {
            live -= bytes;
          }
        } else if (members.merge(group, 1, Integer::sum) == 1) {
          live += bytes;
          peak = Math.max(peak, live);
        }
      }
    }
    return peak;
  }

  /** For buffers of computations that are called: the most live at once, by who called them. */
  Map<Long, Long> scratch(Map<Long, Long> callerOf, long alignment) {
    Map<Long, Long> live = new HashMap<>();
    Map<Long, Long> most = new HashMap<>();
    Set<Long> present = new HashSet<>();
    for (XlaAssignment.Trace trace : assignment.traces()) {
      for (XlaAssignment.Event event : trace.events()) {
        XlaAssignment.LogicalBuffer buffer = assignment.buffers().get(event.buffer());
        if (buffer == null) {
          continue;
        }
        Long caller = callerOf.get(buffer.instruction());
        if (caller == null || group(buffer.id()) != buffer.id()) {
          continue;
        }
        long bytes = aligned(groupBytes(buffer.id()), alignment);
        if (event.kind() == XlaAssignment.Kind.FREE) {
          if (present.remove(buffer.id())) {
            live.merge(caller, -bytes, Long::sum);
          }
        } else if (present.add(buffer.id())) {
          most.merge(caller, live.merge(caller, bytes, Long::sum), Math::max);
        }
      }
    }
    return most;
  }

  private static long aligned(long bytes, long alignment) {
    return (bytes + alignment - 1) & -alignment;
  }
}

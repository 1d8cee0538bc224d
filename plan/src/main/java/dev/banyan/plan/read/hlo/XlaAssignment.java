package dev.banyan.plan.read.hlo;

import dev.banyan.plan.read.wire.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * XLA's own buffer assignment, as a dump after its optimisations holds it.
 *
 * @param buffers logical buffers by id
 * @param allocations the memory they lie in
 * @param places the instructions whose values are buffers defined elsewhere
 * @param traces what XLA's heap simulator did, one per allocation it laid out
 */
record XlaAssignment(
    Map<Long, LogicalBuffer> buffers,
    List<Allocation> allocations,
    List<Place> places,
    List<Trace> traces) {

  /** A value: what an instruction defines at a place of its shape. */
  record LogicalBuffer(long id, long bytes, long instruction, List<Long> path) {}

  /** That a buffer is also the value of another instruction. */
  record Place(long buffer, long instruction) {}

  /**
   * A piece of memory that XLA allocates as one.
   *
   * @param local whether each thread has its own
   */
  record Allocation(
      long index,
      long bytes,
      boolean local,
      boolean tuple,
      boolean parameter,
      boolean constant,
      boolean liveOut,
      List<Assigned> assigned) {}

  /** A buffer's place in an allocation. */
  record Assigned(long buffer, long offset, long bytes) {}

  /** Events in order. */
  record Trace(long allocation, List<Event> events) {}

  /** What happens to a buffer. */
  record Event(Kind kind, long buffer, String computation, String instruction, long sharesWith) {}

  /** As hlo.proto numbers them. */
  enum Kind {
    ALLOC,
    FREE,
    SHARE_WITH
  }

  static XlaAssignment read(Wire wire) {
    Map<Long, LogicalBuffer> buffers = new HashMap<>();
    List<Allocation> allocations = new ArrayList<>();
    List<Place> places = new ArrayList<>();
    List<Trace> traces = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> {
          LogicalBuffer buffer = buffer(wire.message("a logical buffer"));
          buffers.put(buffer.id(), buffer);
        }
        case 2 -> places.add(place(wire.message("a buffer alias")));
        case 3 -> allocations.add(allocation(wire.message("an allocation")));
        case 4 -> traces.add(trace(wire.message("a heap simulation")));
        default -> {}
      }
    }
    return new XlaAssignment(buffers, allocations, places, traces);
  }

  private static LogicalBuffer buffer(Wire wire) {
    long id = 0;
    long bytes = 0;
    long instruction = -1;
    long[] path = {};
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> id = wire.number();
        case 2 -> bytes = bytes(wire);
        case 3 -> {
          for (Wire at = wire.message("a location"); at.next(); ) {
            switch (at.field()) {
              case 3 -> path = at.numbers(path);
              case 4 -> instruction = at.number();
              default -> {}
            }
          }
        }
        default -> {}
      }
    }
    return new LogicalBuffer(
        id, bytes, instruction, java.util.Arrays.stream(path).boxed().toList());
  }

  private static Place place(Wire wire) {
    long buffer = 0;
    long instruction = -1;
    while (wire.next()) {
      if (wire.field() == 1) {
        buffer = wire.number();
      } else if (wire.field() == 2) {
        for (Wire at = wire.message("a location"); at.next(); ) {
          instruction = at.field() == 4 ? at.number() : instruction;
        }
      }
    }
    return new Place(buffer, instruction);
  }

  private static Allocation allocation(Wire wire) {
    long index = 0;
    long bytes = 0;
    boolean local = false;
    boolean tuple = false;
    boolean parameter = false;
    boolean constant = false;
    boolean liveOut = false;
    List<Assigned> assigned = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> index = wire.number();
        case 2 -> bytes = bytes(wire);
        case 3 -> local = wire.flag();
        case 5 -> parameter = wire.flag();
        case 7 -> liveOut = wire.flag();
        case 9 -> assigned.add(assigned(wire.message("an assigned buffer")));
        case 11 -> tuple = wire.flag();
        case 12 -> constant = wire.flag();
        default -> {}
      }
    }
    return new Allocation(
        index, bytes, local, tuple, parameter, constant, liveOut, List.copyOf(assigned));
  }

  private static Assigned assigned(Wire wire) {
    long buffer = 0;
    long offset = 0;
    long bytes = 0;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> buffer = wire.number();
        case 2 -> offset = bytes(wire);
        case 3 -> bytes = bytes(wire);
        default -> {}
      }
    }
    return new Assigned(buffer, offset, bytes);
  }

  private static Trace trace(Wire wire) {
    long allocation = 0;
    List<Event> events = new ArrayList<>();
    while (wire.next()) {
      if (wire.field() == 1) {
        events.add(event(wire.message("an event")));
      } else if (wire.field() == 3) {
        allocation = wire.number();
      }
    }
    return new Trace(allocation, List.copyOf(events));
  }

  private static Event event(Wire wire) {
    Kind kind = Kind.ALLOC;
    long buffer = 0;
    String computation = "";
    String instruction = "";
    long shares = 0;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> {
          int number = wire.index();
          if (number >= Kind.values().length) {
            throw wire.bad("event kind " + number + " is unknown");
          }
          kind = Kind.values()[number];
        }
        case 2 -> buffer = wire.number();
        case 3 -> computation = wire.text();
        case 4 -> instruction = wire.text();
        case 5 -> shares = wire.number();
        default -> {}
      }
    }
    return new Event(kind, buffer, computation, instruction, shares);
  }

  private static long bytes(Wire wire) {
    long bytes = wire.number();
    if (bytes < 0 || bytes > Long.MAX_VALUE / 1024) {
      throw wire.bad("a size is " + bytes + " bytes");
    }
    return bytes;
  }
}

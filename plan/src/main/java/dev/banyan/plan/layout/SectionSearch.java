package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a packing of one {@link Part} below a capacity, and ends with one or with the proof
 * that there is none. Depth first over canonical packings, after the description of MiniMalloc
 * (Moffitt, ASPLOS 2023: canonical order, section inference, dominance, pre-emption,
 * decomposition), changed in this: every step has two branches. A buffer below which nothing
 * unplaced fits is placed at its floor, or it is refused that floor and must lie on something not
 * placed yet.
 *
 * <p>No packing is lost. Given one that respects all floors, and such a buffer b: either b can sink
 * to its floor with the others where they are (first branch), or a buffer below b stops it, so b
 * lies no lower than the lowest top around it (second). The argument uses nothing but the floors,
 * so a set of unplaced buffers with certain floors that has failed once fails however it comes up
 * again, and also in later runs in another order: {@link Failures} keeps them.
 */
final class SectionSearch {
  /** How a run ended. */
  enum Ending {
    PACKED,
    IMPOSSIBLE,
    STOPPED
  }

  /** Where the next buffer is looked for. */
  enum Place {
    /** Among the lowest floors of all, as in MiniMalloc. */
    LOWEST,
    /** In the earliest section with the lowest floor: bottom left. */
    LOWEST_LEFT
  }

  private final Part part;
  private final Floors floors;
  private final @Nullable Failures failures;
  private int[] rank = new int[0];
  private Place place = Place.LOWEST;

  /** The unplaced buffers of each frame's component, one list after the other. */
  private int[] lists = new int[1024];

  /** The components a frame falls into: first section, last section. */
  private int[] pieces = new int[256];

  private Frame[] frames = new Frame[16];
  private int depth;

  /** A component of what is left, the buffer tried in it, and how far its own pieces got. */
  private static final class Frame {
    int firstSection;
    int lastSection;
    int begin;
    int end;
    int entry;
    int mark;
    int buffer;
    int pieceBegin;
    int pieceEnd;
    int nextPiece;
    long high;
    long low;
  }

  SectionSearch(Part part, long capacity, long unit, boolean releases, boolean remembers) {
    this.part = part;
    this.floors = new Floors(part, capacity, unit, releases);
    this.failures = remembers ? new Failures(64L * part.count * part.count) : null;
  }

  /** Offsets after {@link Ending#PACKED}, by position in the part. */
  long[] offsets() {
    return floors.floor.clone();
  }

  /**
   * One run from the beginning.
   *
   * @param order positions of the part, the ones to try first in front
   * @param nodes how many placements to try
   */
  Ending run(int[] order, Place place, long nodes, Budget budget) {
    floors.backTo(0);
    if (!floors.hopeful()) {
      return Ending.IMPOSSIBLE;
    }
    this.place = place;
    rank = new int[part.count];
    for (int i = 0; i < order.length; i++) {
      rank[order[i]] = i;
    }
    depth = 0;
    Frame root = push(0, part.sections - 1);
    room(part.count);
    for (int i = 0; i < part.count; i++) {
      lists[i] = i;
    }
    root.begin = 0;
    root.end = part.count;
    return descend(nodes, budget);
  }

  private Ending descend(long nodes, Budget budget) {
    long tried = 0;
    boolean open = enter();
    while (true) {
      if (!open) {
        Frame failed = frames[--depth];
        floors.backTo(failed.entry);
        if (failures != null) {
          failures.add(failed.high, failed.low);
        }
        if (depth == 0) {
          return Ending.IMPOSSIBLE;
        }
        open = refuse(frames[depth - 1]);
        continue;
      }
      if (tried++ == nodes || !budget.spend()) {
        return Ending.STOPPED;
      }
      Frame frame = frames[depth - 1];
      frame.buffer = choose(frame);
      frame.mark = floors.mark();
      if (!floors.place(frame.buffer)) {
        open = refuse(frame);
        continue;
      }
      split(frame);
      if (!advance()) {
        return Ending.PACKED;
      }
      open = enter();
    }
  }

  /** Takes back what was tried and goes the other way. */
  private boolean refuse(Frame frame) {
    floors.backTo(frame.mark);
    return floors.refuse(frame.buffer);
  }

  /** Goes to the next component that is not packed yet; false when all are. */
  private boolean advance() {
    while (depth > 0) {
      Frame frame = frames[depth - 1];
      if (frame.nextPiece < frame.pieceEnd) {
        int piece = frame.nextPiece++;
        Frame child = push(pieces[2 * piece], pieces[2 * piece + 1]);
        gather(frame, child);
        return true;
      }
      depth--;
    }
    return false;
  }

  private Frame push(int firstSection, int lastSection) {
    if (depth == frames.length) {
      frames = Arrays.copyOf(frames, 2 * depth);
    }
    if (frames[depth] == null) {
      frames[depth] = new Frame();
    }
    Frame frame = frames[depth++];
    frame.firstSection = firstSection;
    frame.lastSection = lastSection;
    frame.entry = floors.mark();
    frame.pieceBegin = depth == 1 ? 0 : frames[depth - 2].pieceEnd;
    frame.pieceEnd = frame.pieceBegin;
    frame.nextPiece = frame.pieceBegin;
    return frame;
  }

  private void gather(Frame parent, Frame child) {
    room(parent.end + parent.end - parent.begin);
    int end = parent.end;
    for (int i = parent.begin; i < parent.end; i++) {
      int each = lists[i];
      if (!floors.placed[each]
          && part.first[each] >= child.firstSection
          && part.last[each] <= child.lastSection) {
        lists[end++] = each;
      }
    }
    child.begin = parent.end;
    child.end = end;
  }

  /** Whether the state of the frame just pushed is not known to have failed. */
  private boolean enter() {
    Frame frame = frames[depth - 1];
    if (failures == null) {
      return true;
    }
    long high = 0;
    long low = 0;
    for (int i = frame.begin; i < frame.end; i++) {
      int each = lists[i];
      long mixed = Failures.mix(floors.floor[each] * 0x9e3779b97f4a7c15L + each + 1);
      high += mixed;
      low += Failures.mix(mixed ^ 0x5555555555555555L);
    }
    frame.high = high;
    frame.low = low;
    return !failures.contains(high, low);
  }

  private int choose(Frame frame) {
    long lowest = Long.MAX_VALUE;
    int section = Integer.MAX_VALUE;
    for (int i = frame.begin; i < frame.end; i++) {
      int each = lists[i];
      if (floors.floor[each] < lowest) {
        lowest = floors.floor[each];
        section = part.first[each];
      } else if (floors.floor[each] == lowest) {
        section = Math.min(section, part.first[each]);
      }
    }
    int best = -1;
    for (int i = frame.begin; i < frame.end; i++) {
      int each = lists[i];
      if (floors.floor[each] == lowest
          && (place == Place.LOWEST || part.first[each] <= section)
          && (best < 0 || rank[each] < rank[best])) {
        best = each;
      }
    }
    for (int below = floors.below(best); below >= 0; below = floors.below(best)) {
      best = below;
    }
    return best;
  }

  /** Finds the components of what is left of a frame, those with the least room first. */
  private void split(Frame frame) {
    frame.pieceEnd = frame.pieceBegin;
    frame.nextPiece = frame.pieceBegin;
    int begin = frame.firstSection;
    long most = 0;
    for (int s = frame.firstSection; s <= frame.lastSection; s++) {
      most = Math.max(most, floors.leftBytes[s]);
      if (s == frame.lastSection || floors.crossing[s] == 0) {
        if (most > 0) {
          insert(frame, begin, s);
        }
        begin = s + 1;
        most = 0;
      }
    }
  }

  private void insert(Frame frame, int begin, int end) {
    if (2 * frame.pieceEnd + 2 > pieces.length) {
      pieces = Arrays.copyOf(pieces, 2 * pieces.length);
    }
    int at = frame.pieceEnd++;
    long bytes = most(begin, end);
    for (; at > frame.pieceBegin && most(pieces[2 * at - 2], pieces[2 * at - 1]) < bytes; at--) {
      pieces[2 * at] = pieces[2 * at - 2];
      pieces[2 * at + 1] = pieces[2 * at - 1];
    }
    pieces[2 * at] = begin;
    pieces[2 * at + 1] = end;
  }

  private long most(int begin, int end) {
    long most = 0;
    for (int s = begin; s <= end; s++) {
      most = Math.max(most, floors.leftBytes[s]);
    }
    return most;
  }

  private void room(int length) {
    if (length > lists.length) {
      lists = Arrays.copyOf(lists, Math.max(length, 2 * lists.length));
    }
  }
}

package dev.banyan.plan.caching;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch's caching allocator with its default settings, as far as sizes go ({@code
 * c10/cuda/CUDACachingAllocator.cpp}): requests are rounded to 512 bytes; those up to 1 MiB come
 * from segments of 2 MiB, those below 10 MiB from segments of 20 MiB, larger ones from segments of
 * their own rounded to 2 MiB; the smallest free block that fits is taken and split when 512 bytes
 * (small) or more than 1 MiB (large) would be left; free neighbours in a segment merge; segments
 * are kept. O(log blocks) per request.
 */
public final class CachingAllocator {
  private static final long ROUND = 512;
  private static final long SMALL_REQUEST = 1L << 20;
  private static final long SMALL_SEGMENT = 2L << 20;
  private static final long LARGE_SEGMENT = 20L << 20;
  private static final long OWN_SEGMENT = 10L << 20;
  private static final long OWN_ROUND = 2L << 20;

  /** A piece of a segment; pieces of one segment are linked in address order. */
  private static final class Piece {
    private final boolean small;
    private final long serial;
    private long bytes;
    private boolean free;
    private Piece before = this;
    private Piece behind = this;

    private Piece(boolean small, long serial, long bytes) {
      this.small = small;
      this.serial = serial;
      this.bytes = bytes;
    }
  }

  /** Free pieces by size, then by age. */
  private final Map<Boolean, NavigableMap<Long, NavigableMap<Long, Piece>>> free = new HashMap<>();

  private final List<Piece> held = new ArrayList<>();
  private long serials;
  private long reservedBytes;

  public CachingAllocator() {
    free.put(true, new TreeMap<>());
    free.put(false, new TreeMap<>());
  }

  /** Bytes of all segments asked for so far. */
  public long reservedBytes() {
    return reservedBytes;
  }

  /** Takes {@code bytes}; the answer is handed to {@link #release}. */
  public int take(long bytes) {
    long rounded = Math.max(ROUND, (bytes + ROUND - 1) / ROUND * ROUND);
    boolean small = rounded <= SMALL_REQUEST;
    Piece piece = smallestFit(small, rounded);
    if (piece == null) {
      long segment = segmentBytes(rounded);
      reservedBytes += segment;
      piece = new Piece(small, serials++, segment);
    }
    long rest = piece.bytes - rounded;
    if (small ? rest >= ROUND : rest > SMALL_REQUEST) {
      var tail = new Piece(small, serials++, rest);
      piece.bytes = rounded;
      tail.before = piece;
      if (piece.behind != piece) {
        tail.behind = piece.behind;
        piece.behind.before = tail;
      }
      piece.behind = tail;
      put(tail);
    }
    held.add(piece);
    return held.size() - 1;
  }

  /** Gives back what {@link #take} answered. */
  public void release(int ticket) {
    Piece piece = held.get(ticket);
    if (piece.free) {
      throw new IllegalStateException("ticket " + ticket + " was released before");
    }
    if (piece.before != piece && piece.before.free) {
      Piece first = piece.before;
      remove(first);
      join(first, piece);
      piece = first;
    }
    if (piece.behind != piece && piece.behind.free) {
      Piece second = piece.behind;
      remove(second);
      join(piece, second);
    }
    put(piece);
  }

  private static void join(Piece first, Piece second) {
    first.bytes += second.bytes;
    if (second.behind == second) {
      first.behind = first;
    } else {
      first.behind = second.behind;
      second.behind.before = first;
    }
  }

  private static long segmentBytes(long bytes) {
    if (bytes <= SMALL_REQUEST) {
      return SMALL_SEGMENT;
    }
    return bytes < OWN_SEGMENT ? LARGE_SEGMENT : (bytes + OWN_ROUND - 1) / OWN_ROUND * OWN_ROUND;
  }

  private @Nullable Piece smallestFit(boolean small, long bytes) {
    var found = pool(small).ceilingEntry(bytes);
    if (found == null) {
      return null;
    }
    Piece piece = found.getValue().firstEntry().getValue();
    remove(piece);
    return piece;
  }

  private NavigableMap<Long, NavigableMap<Long, Piece>> pool(boolean small) {
    NavigableMap<Long, NavigableMap<Long, Piece>> pool = free.get(small);
    if (pool == null) {
      throw new IllegalStateException("no pool");
    }
    return pool;
  }

  private void put(Piece piece) {
    piece.free = true;
    pool(piece.small)
        .computeIfAbsent(piece.bytes, size -> new TreeMap<>())
        .put(piece.serial, piece);
  }

  private void remove(Piece piece) {
    piece.free = false;
    NavigableMap<Long, Piece> same = pool(piece.small).get(piece.bytes);
    if (same != null) {
      same.remove(piece.serial);
      if (same.isEmpty()) {
        pool(piece.small).remove(piece.bytes);
      }
    }
  }
}

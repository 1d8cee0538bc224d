package dev.banyan.serve.simulate;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;

/**
 * Prompt pieces an instance holds, shared by the requests that begin with them and charged once. A
 * piece nobody uses stays until its memory is needed, oldest first.
 */
final class PrefixCache {
  private final Map<Integer, int[]> users = new HashMap<>();
  private final LinkedHashSet<Integer> idle = new LinkedHashSet<>();
  private final int blocksPerPiece;

  PrefixCache(int blocksPerPiece) {
    this.blocksPerPiece = blocksPerPiece;
  }

  int blocksPerPiece() {
    return blocksPerPiece;
  }

  /** How many of the first {@code pieces} ids are here. */
  int hits(int[] ids, int pieces) {
    int hits = 0;
    while (hits < pieces && users.containsKey(ids[hits])) {
      hits++;
    }
    return hits;
  }

  /** How many of the first {@code pieces} ids somebody uses at this moment. */
  int usedHits(int[] ids, int pieces) {
    int used = 0;
    for (int i = 0; i < pieces; i++) {
      int[] count = users.get(ids[i]);
      if (count == null) {
        break;
      }
      used += count[0] > 0 ? 1 : 0;
    }
    return used;
  }

  /** Uses the first {@code pieces} ids; returns how many blocks that takes from the free ones. */
  int use(int[] ids, int pieces) {
    int taken = 0;
    for (int i = 0; i < pieces; i++) {
      int[] count = users.computeIfAbsent(ids[i], id -> new int[1]);
      if (count[0]++ == 0) {
        idle.remove(ids[i]);
        taken += blocksPerPiece;
      }
    }
    return taken;
  }

  /** Ends one use; returns how many blocks nobody uses any more. */
  int release(int[] ids, int pieces) {
    int freed = 0;
    for (int i = 0; i < pieces; i++) {
      int[] count = users.get(ids[i]);
      if (count == null || count[0] == 0) {
        throw new IllegalStateException("piece " + ids[i] + " is released but not used");
      }
      if (--count[0] == 0) {
        idle.add(ids[i]);
        freed += blocksPerPiece;
      }
    }
    return freed;
  }

  int idleBlocks() {
    return idle.size() * blocksPerPiece;
  }

  int cachedBlocks() {
    return users.size() * blocksPerPiece;
  }

  /** Drops idle pieces, oldest first, until at most {@code blocks} blocks are idle. */
  void shrinkTo(int blocks) {
    var oldest = idle.iterator();
    while (idleBlocks() > Math.max(0, blocks) && oldest.hasNext()) {
      users.remove(oldest.next());
      oldest.remove();
    }
  }
}

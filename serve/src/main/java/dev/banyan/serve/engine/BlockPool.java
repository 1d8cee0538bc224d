package dev.banyan.serve.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who uses which KV block. Blocks are counted references, so prompts that begin alike share them: a
 * full block is known by the hash of its tokens and of the block before it (vLLM's prefix cache). A
 * known block nobody uses stays until memory is wanted, the one unused longest first. O(1) per
 * call.
 */
final class BlockPool {
  /** What a full block holds: its tokens, after a beginning with this hash. */
  @SuppressWarnings("ArrayRecordComponent") // compared by contains()
  record Content(long before, int[] tokens) {
    long hash() {
      long z = before * 0x9e3779b97f4a7c15L;
      for (int token : tokens) {
        z = (z ^ (token + 1)) * 0xbf58476d1ce4e5b9L;
        z ^= z >>> 29;
      }
      return z ^ (z >>> 32);
    }

    boolean same(Content other) {
      return before == other.before && Arrays.equals(tokens, other.tokens);
    }
  }

  private final int[] uses;
  private final @Nullable Content[] contents;
  private final ArrayDeque<Integer> empty = new ArrayDeque<>();
  private final LinkedHashSet<Integer> unused = new LinkedHashSet<>();
  private final Map<Long, Integer> known = new HashMap<>();

  BlockPool(int blocks) {
    uses = new int[blocks];
    contents = new Content[blocks];
    for (int block = 0; block < blocks; block++) {
      empty.add(block);
    }
  }

  /** Blocks nobody uses. */
  int free() {
    return empty.size() + unused.size();
  }

  /** Blocks that a later prompt may share. */
  int cached() {
    return known.size();
  }

  /** A block for one user; the caller has seen that one is free. */
  int take() {
    Integer block = empty.poll();
    if (block == null) {
      Iterator<Integer> oldest = unused.iterator();
      block = oldest.next();
      oldest.remove();
      forget(block);
    }
    uses[block] = 1;
    return block;
  }

  private void forget(int block) {
    Content content = contents[block];
    contents[block] = null;
    if (content != null) {
      known.remove(content.hash());
    }
  }

  /** The block with this content, if there is one; not yet used. */
  int find(Content content) {
    Integer block = known.get(content.hash());
    if (block == null) {
      return -1;
    }
    Content held = contents[block];
    return held != null && content.same(held) ? block : -1;
  }

  /** How many use it. */
  int uses(int block) {
    return uses[block];
  }

  /** One more uses it. */
  void share(int block) {
    if (uses[block]++ == 0) {
      unused.remove(block);
    }
  }

  /** A block is full and may be shared from now on; the first of equal ones is. */
  void know(int block, Content content) {
    if (contents[block] == null && known.putIfAbsent(content.hash(), block) == null) {
      contents[block] = content;
    }
  }

  /** One less uses it. */
  void release(int block) {
    if (uses[block] <= 0) {
      throw new IllegalStateException("block " + block + " was given back twice");
    }
    if (--uses[block] == 0) {
      if (contents[block] == null) {
        empty.add(block);
      } else {
        unused.add(block);
      }
    }
  }
}

package dev.banyan.plan.caching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CachingAllocatorTest {
  private static final long MIB = 1L << 20;

  @Test
  void smallRequestsShareASegmentOfTwoMebibytes() {
    var allocator = new CachingAllocator();
    for (int i = 0; i < 4096; i++) {
      allocator.take(1);
    }
    assertThat(allocator.reservedBytes()).isEqualTo(2 * MIB);
    allocator.take(1);
    assertThat(allocator.reservedBytes()).isEqualTo(4 * MIB);
  }

  @Test
  void mediumRequestsShareTwentyMebibytesAndLargeOnesHaveTheirOwn() {
    var allocator = new CachingAllocator();
    allocator.take(9 * MIB);
    allocator.take(9 * MIB);
    assertThat(allocator.reservedBytes()).isEqualTo(20 * MIB);
    allocator.take(10 * MIB + 1);
    assertThat(allocator.reservedBytes()).isEqualTo(32 * MIB);
  }

  @Test
  void aFreeBlockThatIsTooSmallIsOfNoUse() {
    var allocator = new CachingAllocator();
    int first = allocator.take(100 * MIB);
    allocator.release(first);
    allocator.take(101 * MIB);
    assertThat(allocator.reservedBytes()).isEqualTo(202 * MIB);
  }

  /** The same rules on plain lists, written for this test: every block is looked at every time. */
  @Test
  void randomSequencesReserveWhatAPlainListOfBlocksReserves() {
    for (int round = 0; round < 200; round++) {
      RandomGenerator random = new Seed(2).stream("requests", round);
      var allocator = new CachingAllocator();
      var plain = new PlainBlocks();
      List<Integer> tickets = new ArrayList<>();
      List<PlainBlocks.Block> blocks = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        if (!tickets.isEmpty() && random.nextInt(5) < 2) {
          int which = random.nextInt(tickets.size());
          allocator.release(tickets.remove(/* index */ which));
          plain.release(blocks.remove(which));
        } else {
          long bytes = 1 + random.nextLong(1L << (4 + random.nextInt(22)));
          tickets.add(allocator.take(bytes));
          blocks.add(plain.take(bytes));
        }
        assertThat(allocator.reservedBytes()).isEqualTo(plain.reserved);
      }
    }
  }

  private static final class PlainBlocks {
    private static final class Block {
      private long segment;
      private long start;
      private long bytes;
      private long age;
      private boolean small;
      private boolean free;
    }

    private final List<Block> all = new ArrayList<>();
    private long reserved;
    private long clock;

    private Block take(long bytes) {
      long size = (bytes + 511) / 512 * 512;
      boolean small = size <= MIB;
      Block best = null;
      for (Block block : all) {
        boolean fits = block.free && block.small == small && block.bytes >= size;
        if (fits
            && (best == null
                || block.bytes < best.bytes
                || (block.bytes == best.bytes && block.age < best.age))) {
          best = block;
        }
      }
      if (best == null) {
        best = new Block();
        best.bytes =
            small
                ? 2 * MIB
                : size < 10 * MIB ? 20 * MIB : (size + 2 * MIB - 1) / (2 * MIB) * 2 * MIB;
        best.segment = clock;
        best.age = clock++;
        best.small = small;
        reserved += best.bytes;
        all.add(best);
      }
      long rest = best.bytes - size;
      if (small ? rest >= 512 : rest > MIB) {
        var tail = new Block();
        tail.segment = best.segment;
        tail.start = best.start + size;
        tail.bytes = rest;
        tail.age = clock++;
        tail.small = small;
        tail.free = true;
        all.add(tail);
        best.bytes = size;
      }
      best.free = false;
      return best;
    }

    private void release(Block block) {
      block.free = true;
      boolean merged = true;
      while (merged) {
        merged = false;
        for (Block first : all) {
          for (Block second : all) {
            if (first.free
                && second.free
                && first.segment == second.segment
                && first.start + first.bytes == second.start) {
              first.bytes += second.bytes;
              all.remove(second);
              merged = true;
              break;
            }
          }
          if (merged) {
            break;
          }
        }
      }
    }
  }
}

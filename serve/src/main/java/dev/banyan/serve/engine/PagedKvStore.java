package dev.banyan.serve.engine;

import dev.banyan.model.KvStore;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.KvPages;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values in blocks of equal size, f32, one off-heap region laid out {@code
 * [block][layer][K|V][kvHead][token][headDim]}: a block of all layers lies side by side and is sent
 * as it is. Sequences are lists of blocks. The thread that computes steps writes the blocks of
 * sequences, one that reads a connection those set aside for a request that comes. A full block,
 * and any of a request in no batch, is written no more, so other threads may read it; any thread
 * may {@link #prepare} one.
 */
public final class PagedKvStore implements KvStore {
  private final int layers;
  private final int heads;
  private final int headDim;
  private final int blockTokens;
  private final long blockBytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final Map<Integer, Tensor[]> views = new ConcurrentHashMap<>();
  private final Slot[] slots;

  private static final class Slot {
    int length;
    List<Integer> blocks = List.of();
    @Nullable KvPages[] pages;
    int paged;

    Slot(int layers) {
      pages = new KvPages[layers];
    }
  }

  /** Empty memory for this many blocks, shared by at most {@code sequences} sequences. */
  public PagedKvStore(ModelConfig config, int blocks, int blockTokens, int sequences) {
    this.layers = config.layers();
    this.heads = config.attention().keyValueHeads();
    this.headDim = config.attention().headDim();
    this.blockTokens = blockTokens;
    this.blockBytes = blockBytes(config, blockTokens);
    this.memory = arena.allocate(blockBytes * blocks, 64);
    this.slots = new Slot[sequences];
    Arrays.setAll(slots, slot -> new Slot(layers));
  }

  /** Bytes of a block of all layers. */
  public static long blockBytes(ModelConfig config, int blockTokens) {
    var attention = config.attention();
    return 4L * config.layers() * 2 * attention.keyValueHeads() * blockTokens * attention.headDim();
  }

  /** The bytes of a block. */
  ByteBuffer block(int block) {
    return memory.asSlice(block * blockBytes, blockBytes).asByteBuffer();
  }

  /** What a sequence is from now on; {@code blocks} is the caller's list and grows with it. */
  void lay(int sequence, List<Integer> blocks, int length) {
    Slot slot = slots[sequence];
    slot.blocks = blocks;
    slot.length = length;
    slot.paged = 0;
    Arrays.fill(slot.pages, null);
  }

  @Override
  public int length(int sequence) {
    return slots[sequence].length;
  }

  @Override
  public void advance(int sequence, int tokens) {
    slots[sequence].length += tokens;
  }

  @Override
  public Optional<KvPages> pages(int layer, int sequence, int tokens) {
    Slot slot = slots[sequence];
    requireRoom(slot, sequence, tokens);
    if (slot.paged != slot.blocks.size()) {
      Arrays.fill(slot.pages, null);
      slot.paged = slot.blocks.size();
    }
    KvPages pages = slot.pages[layer];
    if (pages == null) {
      List<Tensor> keys = new ArrayList<>(slot.paged);
      List<Tensor> values = new ArrayList<>(slot.paged);
      for (int block : slot.blocks) {
        Tensor[] of = views(block);
        keys.add(of[2 * layer]);
        values.add(of[2 * layer + 1]);
      }
      pages = KvPages.of(keys, values);
      slot.pages[layer] = pages;
    }
    return Optional.of(pages);
  }

  private void requireRoom(Slot slot, int sequence, int tokens) {
    if (slot.length + tokens > slot.blocks.size() * blockTokens) {
      throw new IllegalStateException(
          "sequence %d has %d blocks for %d + %d tokens"
              .formatted(sequence, slot.blocks.size(), slot.length, tokens));
    }
  }

  /** Makes the views of a block, of which there is one for keys and one for values per layer. */
  void prepare(int block) {
    Tensor[] unused = views(block);
  }

  private Tensor[] views(int block) {
    return views.computeIfAbsent(block, this::makeViews);
  }

  private Tensor[] makeViews(int block) {
    var of = new Tensor[2 * layers];
    long bytes = blockBytes / of.length;
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < of.length; i++) {
        MemorySegment at = memory.asSlice(block * blockBytes + i * bytes, bytes);
        of[i] = Scope.keep(Tensor.over(at, DType.F32, heads, blockTokens, headDim));
      }
    }
    return of;
  }

  @Override
  public Seen extend(int layer, int sequence, Tensor keys, Tensor values) {
    Slot slot = slots[sequence];
    int more = (int) keys.size(1);
    requireRoom(slot, sequence, more);
    put(slot, 2 * layer, keys);
    put(slot, 2 * layer + 1, values);
    int total = slot.length + more;
    return new Seen(
        gathered(slot, 2 * layer, total, total), gathered(slot, 2 * layer + 1, total, total));
  }

  @Override
  public Seen extendEach(int layer, int[] sequences, Tensor keys, Tensor values) {
    int longest = 0;
    for (int i = 0; i < sequences.length; i++) {
      Slot slot = slots[sequences[i]];
      requireRoom(slot, sequences[i], 1);
      put(slot, 2 * layer, keys.select(0, i));
      put(slot, 2 * layer + 1, values.select(0, i));
      longest = Math.max(longest, slot.length + 1);
    }
    List<Tensor> allKeys = new ArrayList<>();
    List<Tensor> allValues = new ArrayList<>();
    for (int sequence : sequences) {
      Slot slot = slots[sequence];
      allKeys.add(gathered(slot, 2 * layer, slot.length + 1, longest));
      allValues.add(gathered(slot, 2 * layer + 1, slot.length + 1, longest));
    }
    return new Seen(Tensor.stack(allKeys, 0), Tensor.stack(allValues, 0));
  }

  /** Writes [heads, new, headDim] behind what a sequence has. */
  private void put(Slot slot, int part, Tensor rows) {
    int count = (int) rows.size(1);
    for (int from = 0; from < count; ) {
      int position = slot.length + from;
      int within = position % blockTokens;
      int run = Math.min(count - from, blockTokens - within);
      views(slot.blocks.get(position / blockTokens))[part]
          .narrow(1, within, run)
          .copy_(rows.narrow(1, from, run));
      from += run;
    }
  }

  /** The first {@code tokens} side by side, [heads, length, headDim]; zeros behind them. */
  private Tensor gathered(Slot slot, int part, int tokens, int length) {
    List<Tensor> parts = new ArrayList<>();
    for (int at = 0; at < tokens; at += blockTokens) {
      int run = Math.min(blockTokens, tokens - at);
      parts.add(views(slot.blocks.get(at / blockTokens))[part].narrow(1, 0, run));
    }
    if (length > tokens) {
      parts.add(Tensor.zeros(DType.F32, heads, length - tokens, headDim));
    }
    return Tensor.cat(parts, 1);
  }

  @Override
  public void close() {
    for (Tensor[] of : views.values()) {
      for (Tensor view : of) {
        view.close();
      }
    }
    arena.close();
  }
}

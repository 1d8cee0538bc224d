package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.train.StepValues;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One block for all temporaries, each at its planned offset; nothing checks that none overlap. */
public final class BlockMemory implements StepMemory {
  private final StepGraph graph;
  private final MemoryPlan plan;
  private final Persistent persistent;
  private final boolean poison;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment block;

  private BlockMemory(StepGraph graph, MemoryPlan plan, Persistent persistent, boolean poison) {
    this.graph = graph;
    this.plan = plan;
    this.persistent = persistent;
    this.poison = poison;
    this.block = arena.allocate(plan.arenaBytes(), graph.alignment()).fill(POISON);
  }

  /**
   * With what outlives the step filled in.
   *
   * @throws UserInputException when a storage's place is not inside the block
   */
  public static BlockMemory of(StepGraph graph, MemoryPlan plan, StepValues values) {
    return of(graph, plan, values, true);
  }

  /** As above; without {@code poison} the dead keep their bytes until others write there. */
  static BlockMemory of(StepGraph graph, MemoryPlan plan, StepValues values, boolean poison) {
    requireFits(graph, plan);
    return new BlockMemory(graph, plan, new Persistent(graph, values), poison);
  }

  private static void requireFits(StepGraph graph, MemoryPlan plan) {
    if (plan.offsets().size() != graph.storages().size()) {
      throw new UserInputException(
          "the plan has %d offsets, the graph %d storages; make it again with banyan plan make"
              .formatted(plan.offsets().size(), graph.storages().size()));
    }
    for (Storage storage : graph.storages()) {
      long offset = plan.offsets().get(storage.id());
      boolean inside = offset >= 0 && offset <= plan.arenaBytes() - storage.bytes();
      if (!storage.isPersistent() && offset != MemoryPlan.OUTSIDE && !inside) {
        throw new UserInputException(
            "storage %d '%s' of %d bytes lies at %d, outside the block of %d bytes"
                .formatted(
                    storage.id(), storage.name(), storage.bytes(), offset, plan.arenaBytes()));
      }
    }
  }

  private MemorySegment place(int storage) {
    long bytes = graph.storages().get(storage).bytes();
    long offset = bytes == 0 ? 0 : plan.offsets().get(storage);
    if (offset == MemoryPlan.OUTSIDE) {
      throw new UserInputException(
          "storage %d '%s' is used, but the plan gives it no place"
              .formatted(storage, graph.storages().get(storage).name()));
    }
    return block.asSlice(offset, bytes);
  }

  @Override
  public void born(int storage) {
    MemorySegment unused = place(storage);
  }

  @Override
  public void dies(int storage) {
    if (poison) {
      place(storage).fill(POISON);
    }
  }

  @Override
  public MemorySegment of(int storage) {
    return graph.storages().get(storage).isPersistent() ? persistent.of(storage) : place(storage);
  }

  @Override
  public long blockBytes() {
    return block.byteSize();
  }

  @Override
  public void close() {
    arena.close();
    persistent.close();
  }
}

package dev.banyan.train.replay;

import dev.banyan.plan.StepGraph;
import dev.banyan.train.StepValues;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** Memory of its own for every storage, taken when it is born and given back when it dies. */
public final class SeparateMemory implements StepMemory {
  private record Own(Arena arena, MemorySegment segment) {}

  private final StepGraph graph;
  private final Persistent persistent;
  private final Map<Integer, Own> alive = new HashMap<>();

  private SeparateMemory(StepGraph graph, Persistent persistent) {
    this.graph = graph;
    this.persistent = persistent;
  }

  /** With what outlives the step filled in. */
  public static SeparateMemory of(StepGraph graph, StepValues values) {
    return new SeparateMemory(graph, new Persistent(graph, values));
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed when the storage dies
  public void born(int storage) {
    Arena arena = Arena.ofConfined();
    MemorySegment segment =
        arena.allocate(graph.storages().get(storage).bytes(), graph.alignment()).fill(POISON);
    alive.put(storage, new Own(arena, segment));
  }

  @Override
  public void dies(int storage) {
    Own own = alive.remove(storage);
    if (own != null) {
      own.arena().close();
    }
  }

  @Override
  public MemorySegment of(int storage) {
    Own own = alive.get(storage);
    return own == null ? persistent.of(storage) : own.segment();
  }

  @Override
  public long blockBytes() {
    return 0;
  }

  @Override
  public void close() {
    alive.values().forEach(own -> own.arena().close());
    alive.clear();
    persistent.close();
  }
}

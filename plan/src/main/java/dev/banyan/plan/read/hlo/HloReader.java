package dev.banyan.plan.read.hlo;

import dev.banyan.plan.PlanRow;
import dev.banyan.plan.StepGraph;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Reads XLA's HLO: {@code module_*.before_optimizations.hlo.pb}, which is planned as it stands
 * before fusion, and {@code module_*.after_optimizations.hlo.pb} with XLA's schedule and buffers.
 */
public final class HloReader {
  private HloReader() {}

  /** The graph of a protobuf dump. */
  public static StepGraph proto(String source, ByteBuffer data) {
    HloProto.Read read = HloProto.read(source, data);
    return HloGraph.of(source, read.module(), heap(read));
  }

  /** The graph of a text dump. */
  public static StepGraph text(String source, String text) {
    return HloGraph.of(source, HloText.read(source, text), null);
  }

  /** XLA's own order and heap for the graph of {@link #proto}, when the dump has them. */
  public static Optional<PlanRow> own(String source, ByteBuffer data) {
    XlaHeap heap = heap(HloProto.read(source, data));
    if (heap == null) {
      return Optional.empty();
    }
    long alignment = heap.alignment();
    return Optional.of(
        new PlanRow(
            "XLA's own order, heap", heap.peakBytes(alignment), heap.heapBytes(alignment), 0));
  }

  private static @org.jspecify.annotations.Nullable XlaHeap heap(HloProto.Read read) {
    XlaAssignment assignment = read.assignment();
    return assignment == null || !read.module().scheduled() || assignment.traces().isEmpty()
        ? null
        : new XlaHeap(assignment);
  }
}

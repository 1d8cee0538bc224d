package dev.banyan.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A process of {@link MemoryTest}: prints, for each operation with its backward pass, by how many
 * bytes a time the allocator (glibc's {@code mallinfo2}) has more in use afterwards.
 */
final class FusedRounds {
  private static final int ROUNDS = 1_000;

  /** The struct's ten sizes: mapped bytes are the fifth, bytes in use the eighth. */
  private static final StructLayout INFO =
      MemoryLayout.structLayout(
          IntStream.range(0, 10)
              .mapToObj(field -> ValueLayout.JAVA_LONG)
              .toArray(MemoryLayout[]::new));

  private static final MethodHandle MALLINFO =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().find("mallinfo2").orElseThrow(),
              FunctionDescriptor.of(INFO));

  private FusedRounds() {}

  public static void main(String[] arguments) throws Throwable {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    Tensor x = Scope.keep(Seeded.normal(1, 8, 8).detach().requireGrad());
    Tensor gain = Scope.keep(Tensor.full(1, DType.F32, 8).requireGrad());
    Tensor angles = Scope.keep(Seeded.normal(2, 8, 4).detach());
    Tensor targets = Scope.keep(Tensor.of(new long[] {1, 2, 3, 4, 5, 6, 7, 0}, 8));
    var adam =
        new AdamW(
            List.of(new AdamW.Group(List.of(x, gain), 0.1)), new AdamW.Options(0.9, 0.95, 1e-8));
    Map<String, Runnable> all = new TreeMap<>();
    all.put("swiglu", () -> x.swiglu(x).sum().backward());
    all.put("rope", () -> x.view(8, 1, 8).rope(angles, angles).sum().backward());
    all.put("rmsNorm", () -> x.rmsNorm(gain, 1e-6).sum().backward());
    all.put("crossEntropy", () -> x.crossEntropy(targets, false).backward());
    all.put(
        "attention",
        () -> {
          Tensor heads = x.view(1, 1, 8, 8);
          heads.attention(heads, heads, Optional.empty(), true, 0.25).sum().backward();
        });
    all.put("AdamW", () -> adam.step(1e-3));
    Tensor watched = Scope.keep(Seeded.normal(3, 8, 8).detach().requireGrad());
    GradientWatch watch = GradientWatch.on(List.of(watched), () -> {});
    all.put("watched", () -> x.linear(watched).sum().backward());
    for (Map.Entry<String, Runnable> each : all.entrySet()) {
      rounds(each.getValue());
      long[] grown = new long[7]; // what comes and goes, as compiled code does: the median has none
      for (int i = 0; i < grown.length; i++) {
        long before = bytesInUse();
        rounds(each.getValue());
        grown[i] = bytesInUse() - before;
      }
      Arrays.sort(grown);
      System.out.printf(
          Locale.ROOT, "%s %.1f%n", each.getKey(), (double) grown[grown.length / 2] / ROUNDS);
    }
    watch.close();
  }

  private static void rounds(Runnable operation) {
    for (int i = 0; i < ROUNDS; i++) {
      try (Scope scope = Scope.open()) {
        operation.run();
      }
    }
  }

  private static long bytesInUse() throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      var info = (MemorySegment) MALLINFO.invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(ValueLayout.JAVA_LONG, 4) + info.getAtIndex(ValueLayout.JAVA_LONG, 7);
    }
  }
}

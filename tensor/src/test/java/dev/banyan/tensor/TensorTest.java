package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorTest {
  @Test
  void aTensorOverAMappedFileReadsTheFileWithoutACopy(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("numbers");
    Files.write(file, new byte[64]);
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Scope scope = Scope.open()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 64, arena);
      Tensor tensor = Tensor.over(mapped, DType.F32, 4, 4);
      mapped.setAtIndex(ValueLayout.JAVA_FLOAT, 5, 2.5f);
      assertThat(tensor.toFloats()[5]).isEqualTo(2.5f);
      assertThat(tensor.memory().address()).isEqualTo(mapped.address());
      assertThat(tensor.sum().item()).isEqualTo(2.5);
    }
  }

  @Test
  void memoryOfTheHeapAndMemoryThatIsTooSmallAreRefused() {
    assertThatThrownBy(() -> Tensor.over(MemorySegment.ofArray(new float[4]), DType.F32, 4))
        .hasMessageContaining("native memory");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment small = arena.allocate(15, 4);
      assertThatThrownBy(() -> Tensor.over(small, DType.F32, 4))
          .hasMessage("shape needs 16 bytes, the memory has 15");
    }
  }

  @Test
  void guardsNestAndEachEndsWithItsOwnClose() {
    try (Scope scope = Scope.open()) {
      Tensor leaf = Seeded.normal(1, 3).requireGrad();
      assertThat(leaf.mul(2).requiresGrad()).isTrue();
      try (Guard none = Guard.noGrad()) {
        assertThat(leaf.mul(2).requiresGrad()).isFalse();
        try (Guard again = Guard.grad()) {
          assertThat(leaf.mul(2).requiresGrad()).isTrue();
          try (Scope inner = Scope.open()) {
            assertThat(leaf.silu().requiresGrad()).isTrue();
          }
          assertThat(leaf.mul(2).requiresGrad()).isTrue();
        }
        assertThat(leaf.mul(2).requiresGrad()).isFalse();
        assertThat(leaf.view(1, 3).swiglu(leaf.view(1, 3)).requiresGrad()).isFalse();
      }
      assertThat(leaf.mul(2).requiresGrad()).isTrue();
    }
  }

  @Test
  void startingAgainChangesTheThreadsAndNothingElse() {
    int before = Libtorch.threads();
    try {
      Libtorch.start(Libtorch.Use.INFERENCE, 1);
      assertThat(Libtorch.threads()).isEqualTo(1);
      Libtorch.start(Libtorch.Use.TRAIN_F32, 2);
      assertThat(Libtorch.threads()).isEqualTo(2);
    } finally {
      Libtorch.start(Libtorch.Use.INFERENCE, before);
    }
    assertThatThrownBy(() -> Libtorch.start(Libtorch.Use.INFERENCE, 0))
        .hasMessage("threads = 0, must be at least 1");
  }

  @Test
  void aKeptTensorOutlivesItsScopeUntilItIsClosed() {
    Tensor kept;
    try (Scope scope = Scope.open()) {
      kept = Scope.keep(Tensor.of(new float[] {1, 2, 3}));
    }
    try (Scope scope = Scope.open()) {
      assertThat(kept.toFloats()).containsExactly(1, 2, 3);
    }
    kept.close();
  }

  @Test
  void splitHandsBackViewsOfOneTensor() {
    try (Scope scope = Scope.open()) {
      Tensor whole = Seeded.normal(1, 2, 5).requireGrad();
      var parts = whole.split(1, 2, 3);
      parts.get(0).sum().add(parts.get(1).sum().mul(2)).backward();
      assertThat(whole.grad().orElseThrow().toFloats())
          .containsExactly(1, 1, 2, 2, 2, 1, 1, 2, 2, 2);
    }
  }
}

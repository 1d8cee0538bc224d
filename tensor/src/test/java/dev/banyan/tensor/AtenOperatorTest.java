package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.tensor.AtenValue.Int;
import dev.banyan.tensor.AtenValue.Many;
import dev.banyan.tensor.AtenValue.OfTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AtenOperatorTest {
  @Test
  void theOutFormHasTheSameArgumentsByNameAndType() {
    assertThat(find("aten::pow", "Scalar").outForm())
        .hasValueSatisfying(out -> assertThat(out).hasToString("aten::pow.Scalar_out"));
    assertThat(find("aten::pow", "Tensor_Tensor").outForm())
        .hasValueSatisfying(out -> assertThat(out).hasToString("aten::pow.Tensor_Tensor_out"));
    assertThat(find("aten::sum", "dim_IntList").outForm())
        .hasValueSatisfying(out -> assertThat(out).hasToString("aten::sum.IntList_out"));
  }

  @Test
  void anOutFormThatOnlyCopiesIsNone() {
    assertThat(find("aten::relu", "").outForm()).isEmpty();
    assertThat(find("aten::convolution", "").outForm()).isEmpty();
  }

  @Test
  void anOperatorThatDoesNotExistIsNotFound() {
    assertThat(AtenOperator.find("aten::no_such_operator", "")).isEmpty();
  }

  @Test
  void aNumberForATensorDoesNotWidenTheOther() {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1, 2}, 2);
      Tensor sum =
          find("aten::add", "Tensor")
              .call(List.of(new OfTensor(x), new AtenValue.Real(0.5)), Map.of())
              .getFirst()
              .orElseThrow();
      assertThat(sum.dtype()).isEqualTo(DType.F32);
      assertThat(sum.toFloats()).containsExactly(1.5f, 2.5f);
    }
  }

  @Test
  void resultsAreWrittenIntoMemoryThatIsGiven() {
    try (Scope scope = Scope.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(8, 64);
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      var dims = new Many(List.of(new Int(0)));
      find("aten::sum", "dim_IntList")
          .outForm()
          .orElseThrow()
          .callInto(
              List.of(new OfTensor(x), dims),
              Map.of(),
              List.of(Tensor.over(memory, DType.F32, new long[] {2}, new long[] {1})));
      assertThat(memory.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(4f, 6f);
    }
  }

  @Test
  void aTensorOverMemoryMayHaveStridesButNotLeaveIt() {
    try (Scope scope = Scope.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(24, 8);
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, 4, 7);
      long[] shape = {3};
      Tensor every = Tensor.over(memory, DType.F32, shape, new long[] {2});
      assertThat(every.toFloats()).containsExactly(0f, 0f, 7f);
      assertThatThrownBy(() -> Tensor.over(memory, DType.F32, shape, new long[] {3}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("needs 28 bytes, the memory has 24");
    }
  }

  @Test
  void aMissingArgumentIsNamed() {
    assertThatThrownBy(() -> find("aten::mm", "").call(List.of(), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("aten::mm: argument self is missing");
  }

  private static AtenOperator find(String name, String overload) {
    return AtenOperator.find(name, overload).orElseThrow();
  }
}

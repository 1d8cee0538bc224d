package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MemoryCurveTest {
  @Test
  void aLineHasItsOwnSlopeFromAnyStepOn() {
    var curve =
        new MemoryCurve(
            LongStream.rangeClosed(1, 500).map(i -> 1_000_000 + 30 * i).boxed().toList());
    assertThat(curve.bytesPer100Steps(1)).isCloseTo(3000, within(1e-6));
    assertThat(curve.bytesPer100Steps(200)).isCloseTo(3000, within(1e-6));
    assertThat(curve.ratio(500, 100)).isCloseTo(1_015_000.0 / 1_003_000, within(1e-12));
  }

  @Test
  void whatIsFilledBeforeTheFirstStepDoesNotCount() {
    List<Long> bytes =
        IntStream.rangeClosed(1, 400).mapToObj(i -> i < 200 ? i * 1000L : 200_000L).toList();
    assertThat(new MemoryCurve(bytes).bytesPer100Steps(200)).isZero();
    assertThat(new MemoryCurve(bytes).bytesPer100Steps(1)).isGreaterThan(10_000);
  }

  @Test
  void theSlopeIsTheOneWithTheLeastSquares() {
    var random = new Seed(3).stream("memory");
    List<Long> bytes =
        IntStream.range(0, 60).mapToObj(i -> random.nextLong(1000) + 7L * i).toList();
    double slope = new MemoryCurve(bytes).bytesPer100Steps(1) / 100;
    assertThat(squares(bytes, slope)).isLessThan(squares(bytes, slope + 0.01));
    assertThat(squares(bytes, slope)).isLessThan(squares(bytes, slope - 0.01));
  }

  /** Squared distances to the best line of this slope. */
  private static double squares(List<Long> bytes, double slope) {
    double mean =
        IntStream.range(0, 60).mapToDouble(i -> bytes.get(i) - slope * i).average().orElse(0);
    return IntStream.range(0, 60)
        .mapToDouble(i -> Math.pow(bytes.get(i) - slope * i - mean, 2))
        .sum();
  }

  @Test
  void oneStepHasNoSlope() {
    var curve = new MemoryCurve(List.of(1L, 2L));
    assertThatThrownBy(() -> curve.bytesPer100Steps(2)).hasMessageContaining("no slope");
  }
}

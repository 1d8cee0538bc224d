package dev.banyan.grow.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import org.junit.jupiter.api.Test;

class RowRandomTest {
  @Test
  void quantilesAreThoseOfTables() {
    assertThat(RowRandom.quantile(0.975)).isCloseTo(1.959963984540054, within(1e-8));
    assertThat(RowRandom.quantile(0.01)).isCloseTo(-2.3263478740408408, within(1e-8));
    assertThat(RowRandom.quantile(0.9999)).isCloseTo(3.719016485455709, within(1e-8));
    assertThat(RowRandom.quantile(0.5)).isZero();
  }

  @Test
  void valuesAreNormalAndDependOnTheirPlaceOnly() {
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    int rows = 200;
    int columns = 1000;
    for (int row = 0; row < rows; row++) {
      var random = new RowRandom(new Seed(5), "fresh", "t", row);
      for (int column = columns - 1; column >= 0; column--) {
        double value = random.normal(column);
        sum += value;
        squares += value * value;
        fourth += value * value * value * value;
      }
      assertThat(random.normal(3))
          .isEqualTo(new RowRandom(new Seed(5), "fresh", "t", row).normal(3));
    }
    double count = (double) rows * columns;
    assertThat(sum / count).isCloseTo(0, within(0.01));
    assertThat(squares / count).isCloseTo(1, within(0.02));
    assertThat(fourth / count).isCloseTo(3, within(0.1));
  }
}

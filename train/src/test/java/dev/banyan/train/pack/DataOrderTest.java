package dev.banyan.train.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataOrderTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 15, 16, 17, 100, 1000, 4097})
  void everyEpochSeesEveryRecordOnce(long records) {
    var order = new DataOrder(new Seed(3), records, true);
    for (long epoch = 0; epoch < 3; epoch++) {
      long[] seen = epoch(order, epoch);
      Arrays.sort(seen);
      assertThat(seen).isEqualTo(LongStream.range(0, records).toArray());
    }
  }

  @Test
  void epochsAndSeedsHaveOrdersOfTheirOwn() {
    var order = new DataOrder(new Seed(3), 1000, true);

    assertThat(epoch(order, 0)).isNotEqualTo(epoch(order, 1));
    assertThat(epoch(order, 0)).isNotEqualTo(epoch(new DataOrder(new Seed(4), 1000, true), 0));
    assertThat(epoch(order, 2)).isEqualTo(epoch(new DataOrder(new Seed(3), 1000, true), 2));
  }

  @Test
  void unshuffledDataComeAsTheyAre() {
    var order = new DataOrder(new Seed(3), 5, false);

    assertThat(epoch(order, 7)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void recordsAreWhereChanceWouldPutThem() {
    // where record r stands in an epoch is uniform: chi-squared over 10 places, 9 degrees of
    // freedom
    int epochs = 4000;
    for (int record : new int[] {0, 4, 9}) {
      var counts = new int[10];
      var order = new DataOrder(new Seed(8), 10, true);
      for (long epoch = 0; epoch < epochs; epoch++) {
        long[] seen = epoch(order, epoch);
        for (int place = 0; place < 10; place++) {
          counts[place] += seen[place] == record ? 1 : 0;
        }
      }
      double expected = epochs / 10.0;
      double chi = Arrays.stream(counts).mapToDouble(c -> (c - expected) * (c - expected)).sum();
      assertThat(chi / expected).isLessThan(33.7); // the 0.9999 quantile
    }
  }

  private static long[] epoch(DataOrder order, long epoch) {
    return LongStream.range(0, order.records())
        .map(i -> order.record(epoch * order.records() + i))
        .toArray();
  }
}

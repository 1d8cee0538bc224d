package dev.banyan.cluster.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EquitableColouringTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 7, 12, 24, 63, 64})
  void atEveryVertexTwoColoursDifferByAtMostOneEdge(int colours) {
    for (int graph = 0; graph < 40; graph++) {
      RandomGenerator random = new Seed(7).stream("graph", colours, graph);
      int lefts = 1 + random.nextInt(12);
      int rights = 1 + random.nextInt(12);
      int[] from = new int[random.nextInt(1500)];
      int[] to = new int[from.length];
      for (int e = 0; e < from.length; e++) {
        // skewed, so that degrees differ and parallel edges abound
        from[e] = random.nextInt(1 + random.nextInt(lefts));
        to[e] = random.nextInt(1 + random.nextInt(rights));
      }
      int[] colour = EquitableColouring.colour(from, to, colours);
      assertThat(spread(from, colour, lefts, colours)).isLessThanOrEqualTo(1);
      assertThat(spread(to, colour, rights, colours)).isLessThanOrEqualTo(1);
    }
  }

  private static int spread(int[] ends, int[] colour, int vertices, int colours) {
    int[][] count = new int[vertices][colours];
    for (int e = 0; e < ends.length; e++) {
      count[ends[e]][colour[e]]++;
    }
    return Arrays.stream(count)
        .mapToInt(row -> Arrays.stream(row).max().orElse(0) - Arrays.stream(row).min().orElse(0))
        .max()
        .orElse(0);
  }
}

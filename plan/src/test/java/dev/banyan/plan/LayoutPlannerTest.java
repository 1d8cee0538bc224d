package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.plan.layout.SizeFirst;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LayoutPlannerTest {
  private static final Seed SEED = new Seed(7);

  @Test
  void onTenThousandSmallProblemsOursIsTheBestThereIsAndSaysSo() {
    for (int i = 0; i < 10_000; i++) {
      RandomGenerator random = SEED.stream("small", i);
      Buffers buffers = random(random, 1 + random.nextInt(7), i % 3);
      long smallest = BruteForce.smallestArena(buffers);
      Layout ours = LayoutPlanner.lay(buffers, SEED, Budget.nodes(100_000));
      assertThat(ours.fault(buffers)).as("problem %d %s", i, buffers).isEmpty();
      assertThat(ours.arenaBytes()).as("problem %d %s", i, buffers).isEqualTo(smallest);
      assertThat(ours.boundBytes()).as("problem %d %s", i, buffers).isLessThanOrEqualTo(smallest);
      assertThat(ours.optimal() || i % 3 == 2).as("problem %d %s", i, buffers).isTrue();
    }
  }

  @Test
  void aCapacityIsMetExactlyWhenBruteForceMeetsIt() {
    for (int i = 0; i < 2_000; i++) {
      RandomGenerator random = SEED.stream("capacity", i);
      Buffers buffers = random(random, 4 + random.nextInt(4), i % 2);
      long smallest = BruteForce.smallestArena(buffers);
      long capacity = smallest - 1 + random.nextInt(2);
      Layout found = LayoutPlanner.fit(buffers, capacity, SEED, Budget.nodes(100_000));
      assertThat(found.arenaBytes() <= capacity).isEqualTo(smallest <= capacity);
      assertThat(found.boundBytes() > capacity).isEqualTo(smallest > capacity);
    }
  }

  @Test
  void everyMethodGivesALayoutWithoutAFaultAndOursIsNeverLarger() {
    for (int i = 0; i < 300; i++) {
      RandomGenerator random = SEED.stream("middle", i);
      Buffers buffers = random(random, 1 + random.nextInt(60), i % 3);
      Layout ours = LayoutPlanner.lay(buffers, SEED, Budget.nodes(3_000));
      for (LayoutMethod method : LayoutPlanner.methods(SEED)) {
        Layout layout = method.lay(buffers, 0, Budget.nodes(2_000));
        assertThat(layout.fault(buffers)).as("%s on problem %d", method.name(), i).isEmpty();
        if (!method.name().equals("MiniMalloc")) {
          assertThat(ours.arenaBytes()).as(method.name()).isLessThanOrEqualTo(layout.arenaBytes());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(SyntheticBuffers.class)
  void theSameBuffersAndNodesGiveTheSameBytes(SyntheticBuffers kind) {
    Buffers buffers = kind.of(300, SEED);
    Layout once = LayoutPlanner.lay(buffers, SEED, Budget.nodes(20_000));
    Layout again = LayoutPlanner.lay(kind.of(300, SEED), SEED, Budget.nodes(20_000));
    assertThat(again.offsets()).isEqualTo(once.offsets());
    assertThat(once.endedByDeadline()).isFalse();
  }

  @Test
  void aDeadlineEndsTheSearchAndTheLayoutSaysSo() {
    Buffers buffers = SyntheticBuffers.CUT.of(500, SEED);
    int[] asked = {0};
    Budget budget = Budget.nodes(Long.MAX_VALUE, () -> asked[0]++ > 100);
    Layout layout = LayoutPlanner.lay(buffers, SEED, budget);
    assertThat(layout.endedByDeadline()).isTrue();
    assertThat(layout.fault(buffers)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(SyntheticBuffers.class)
  void thousandsOfBuffersArePlacedWithoutAFault(SyntheticBuffers kind) {
    Buffers buffers = kind.of(6_000, SEED);
    assertThat(buffers.count()).isBetween(5_900, 6_000);
    Layout layout = LayoutPlanner.lay(buffers, SEED, Budget.nodes(80_000));
    assertThat(layout.fault(buffers)).isEmpty();
    assertThat(layout.boundBytes()).isEqualTo(buffers.maxLoadBytes());
  }

  @Test
  void aTrainingStepIsPlacedWithAtMostATenthOfAPercentLost() {
    Buffers buffers = SyntheticBuffers.TRAINING.of(20_000, SEED);
    Layout layout = LayoutPlanner.lay(buffers, SEED, Budget.nodes(200_000));
    assertThat(layout.fragmentation()).isLessThanOrEqualTo(0.001);
  }

  /** M. D. Moffitt, MiniMalloc, ASPLOS 2023: problems another program packs at this capacity. */
  @ParameterizedTest
  @CsvSource({"B, 1048576", "C, 1039360", "F, 1048576", "G, 1048576", "H, 1048576", "K, 1048576"})
  void challengingProblemsOfMiniMallocFit(String name, long capacity) throws Exception {
    try (var in = getClass().getResourceAsStream("minimalloc/" + name + ".1048576.csv")) {
      Buffers buffers = BufferTable.parse(name, in.readAllBytes()).buffers();
      Layout layout = LayoutPlanner.fit(buffers, capacity, SEED, Budget.nodes(400_000));
      assertThat(layout.fault(buffers)).isEmpty();
      assertThat(layout.arenaBytes()).isLessThanOrEqualTo(capacity);
      assertThat(new SizeFirst(true).lay(buffers, 0, Budget.nodes(1)).fragmentation())
          .isGreaterThan(0.3);
    }
  }

  @Test
  void shiftedOffsetsAreFaults() {
    Buffers buffers = SyntheticBuffers.TRAINING.of(200, SEED);
    Layout layout = LayoutPlanner.lay(buffers, SEED, Budget.nodes(10_000));
    int found = 0;
    for (int i = 0; i < buffers.count(); i++) {
      long[] offsets = layout.offsets();
      offsets[i] = Math.max(0, offsets[i] - 512);
      boolean clash = clashes(buffers, offsets);
      var shifted = new Layout(buffers, offsets, 0, "shifted", Budget.nodes(0));
      assertThat(shifted.fault(buffers).isPresent()).isEqualTo(clash);
      found += clash ? 1 : 0;
    }
    assertThat(found).isGreaterThan(100);
  }

  @Test
  void buffersOfNoBytesAndNoBuffersAtAllNeedNoArena() {
    var none = new Buffers(List.of());
    var empty = new Buffers(List.of(Buffer.of(0, 0, 5), Buffer.of(0, 1, 2)));
    for (LayoutMethod method : LayoutPlanner.methods(SEED)) {
      assertThat(method.lay(none, 0, Budget.nodes(10)).arenaBytes()).isZero();
      assertThat(method.lay(empty, 0, Budget.nodes(10)).arenaBytes()).isZero();
    }
  }

  private static boolean clashes(Buffers buffers, long[] offsets) {
    for (int i = 0; i < offsets.length; i++) {
      for (int j = 0; j < i; j++) {
        if (buffers.get(i).meets(buffers.get(j))
            && offsets[i] < offsets[j] + buffers.get(j).sizeBytes()
            && offsets[j] < offsets[i] + buffers.get(i).sizeBytes()) {
          return true;
        }
      }
    }
    return false;
  }

  /** Kind 0: any address; 1: one alignment; 2: alignments that do not divide each other. */
  private static Buffers random(RandomGenerator random, int count, int kind) {
    long[] alignments =
        switch (kind) {
          case 0 -> new long[] {1};
          case 1 -> new long[] {4};
          default -> new long[] {1, 2, 4, 6};
        };
    List<Buffer> list = new ArrayList<>();
    long steps = 1L + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      long lower = random.nextLong(-3, steps);
      long upper = lower + 1 + random.nextLong(steps);
      long size = LongStream.of(random.nextInt(3), random.nextInt(20), 16).sum() % 23;
      list.add(new Buffer(size, lower, upper, alignments[random.nextInt(alignments.length)]));
    }
    return new Buffers(list);
  }
}

package dev.banyan.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KneserNeyTest {
  @ParameterizedTest
  @CsvSource({"1,2", "2,3", "3,2", "4,4", "5,3"})
  void probabilitiesSumToOneAndAreThoseOfTheFormulaWrittenOut(int order, int vocabSize) {
    RandomGenerator random = new Seed(order).stream("documents", vocabSize);
    var model = new KneserNey(order, vocabSize);
    var documents = new ArrayList<List<Integer>>();
    for (int d = 0; d < 12; d++) {
      int[] document = skewed(random, random.nextInt(0, 60), vocabSize);
      model.learn(document);
      documents.add(boxed(document));
    }
    var oracle = new Oracle(order, vocabSize, documents);
    for (int trial = 0; trial < 60; trial++) {
      int[] history = skewed(random, random.nextInt(0, 8), vocabSize);
      double sum = 0;
      for (int symbol = 0; symbol < vocabSize; symbol++) {
        double probability = model.probability(history, symbol);
        assertThat(probability).isPositive();
        assertThat(probability)
            .isCloseTo(oracle.probability(boxed(history), symbol), within(1e-12));
        sum += probability;
      }
      assertThat(sum).isCloseTo(1, within(1e-12));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void noSymbolIsImpossibleWhateverTheCountsOfCounts(int order) {
    int vocabSize = 12;
    for (int trial = 0; trial < 300; trial++) {
      RandomGenerator random = new Seed(trial).stream("counts", order);
      var model = new KneserNey(order, vocabSize);
      for (int symbol = 0; symbol < vocabSize - 1; symbol++) {
        int[] document = new int[random.nextInt(6)];
        java.util.Arrays.fill(document, symbol);
        model.learn(document);
      }
      int[] history = skewed(random, random.nextInt(0, 4), vocabSize);
      double sum = 0;
      for (int symbol = 0; symbol < vocabSize; symbol++) {
        double probability = model.probability(history, symbol);
        assertThat(probability).as("trial %d, symbol %d", trial, symbol).isPositive();
        sum += probability;
      }
      assertThat(sum).isCloseTo(1, within(1e-12));
    }
  }

  @Test
  void theBitsOfADocumentAreThoseOfItsSymbols() {
    var model = new KneserNey(3, 256);
    model.learn(KneserNey.bytesOf("the cat sat on the mat, the rat"));
    int[] document = KneserNey.bytesOf("the hat é");
    double[] bits = model.bits(document);
    double total = 0;
    for (int i = 0; i < document.length; i++) {
      double probability = model.probability(java.util.Arrays.copyOf(document, i), document[i]);
      assertThat(bits[i]).isCloseTo(-Math.log(probability) / Math.log(2), within(1e-9));
      total += bits[i];
    }
    assertThat(model.totalBits(document)).isCloseTo(total, within(1e-9));
  }

  @Test
  void anUntrainedModelIsUniform() {
    assertThat(new KneserNey(5, 256).totalBits(new int[] {1, 2, 3})).isCloseTo(24, within(1e-9));
  }

  @Test
  void longerContextsForetellMoreOfARegularText() {
    var text = new StringBuilder();
    RandomGenerator random = new Seed(2).stream("text");
    for (int i = 0; i < 3000; i++) {
      text.append(List.of("alpha ", "beta ", "gamma ", "delta ").get(random.nextInt(4)));
    }
    int[] train = KneserNey.bytesOf(text.substring(0, 12000));
    int[] test = KneserNey.bytesOf(text.substring(12000));
    double last = 8 * test.length;
    for (int order : new int[] {1, 2, 4}) {
      var model = new KneserNey(order, 256);
      model.learn(train);
      double bits = model.totalBits(test);
      assertThat(bits).isLessThan(last * 0.95);
      last = bits;
    }
  }

  @Test
  void symbolsOutsideTheVocabularyAreRefused() {
    assertThatThrownBy(() -> new KneserNey(2, 4).learn(new int[] {4}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4");
  }

  private static int[] skewed(RandomGenerator random, int length, int vocabSize) {
    var symbols = new int[length];
    for (int i = 0; i < length; i++) {
      symbols[i] = random.nextInt(1 + random.nextInt(vocabSize));
    }
    return symbols;
  }

  private static List<Integer> boxed(int[] symbols) {
    return java.util.Arrays.stream(symbols).boxed().toList();
  }

  /** The definition with sets and lists, nothing incremental. */
  private static final class Oracle {
    private final int order;
    private final int vocabSize;
    private final List<Map<List<Integer>, Integer>> counts = new ArrayList<>();

    Oracle(int order, int vocabSize, List<List<Integer>> documents) {
      this.order = order;
      this.vocabSize = vocabSize;
      Map<List<Integer>, Integer> highest = new HashMap<>();
      for (List<Integer> document : documents) {
        List<Integer> padded = padded(document);
        for (int end = order; end <= padded.size(); end++) {
          highest.merge(padded.subList(end - order, end), 1, Integer::sum);
        }
      }
      counts.add(highest);
      for (int k = order - 1; k >= 1; k--) {
        Set<List<Integer>> longer = new HashSet<>(counts.getFirst().keySet());
        Map<List<Integer>, Integer> continuation = new HashMap<>();
        longer.forEach(gram -> continuation.merge(gram.subList(1, gram.size()), 1, Integer::sum));
        counts.addFirst(continuation);
      }
    }

    double probability(List<Integer> history, int symbol) {
      List<Integer> padded = padded(history);
      return probability(order, padded.subList(padded.size() - order + 1, padded.size()), symbol);
    }

    private double probability(int k, List<Integer> context, int symbol) {
      if (k == 0) {
        return 1.0 / vocabSize;
      }
      double lower =
          probability(k - 1, k == 1 ? context : context.subList(1, context.size()), symbol);
      double total = 0;
      double reserved = 0;
      double kept = 0;
      for (var entry : counts.get(k - 1).entrySet()) {
        if (!entry.getKey().subList(0, k - 1).equals(context)) {
          continue;
        }
        total += entry.getValue();
        reserved += discount(k, entry.getValue());
        if (entry.getKey().getLast() == symbol) {
          kept = entry.getValue() - discount(k, entry.getValue());
        }
      }
      return total == 0 ? lower : kept / total + reserved / total * lower;
    }

    private double discount(int k, int count) {
      int capped = Math.min(count, 3);
      double n1 = having(k, 1);
      double y = n1 == 0 ? 0.5 : n1 / (n1 + 2 * having(k, 2));
      double n = having(k, capped);
      double more = having(k, capped + 1);
      double discount = n == 0 || more == 0 ? 0.5 : capped - (capped + 1) * y * more / n;
      return discount <= 0 ? 0.5 : Math.min(discount, capped);
    }

    private double having(int k, int count) {
      return counts.get(k - 1).values().stream().filter(c -> c == count).count();
    }

    private List<Integer> padded(List<Integer> document) {
      var padded = new ArrayList<Integer>();
      for (int i = 1; i < order; i++) {
        padded.add(vocabSize);
      }
      padded.addAll(document);
      return padded;
    }
  }
}

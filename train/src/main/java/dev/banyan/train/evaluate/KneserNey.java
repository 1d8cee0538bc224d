package dev.banyan.train.evaluate;

import java.nio.charset.StandardCharsets;

/**
 * An interpolated Kneser–Ney n-gram model with modified (three) discounts per order: Chen and
 * Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1998), section
 * 4.1.6, over bytes or over token ids. It is what a trained model is held against.
 *
 * <p>The highest order counts grams, each lower one in how many different symbols' company its
 * grams follow. Every document begins with order-1 start marks, which are symbols of contexts only
 * and treated like any other there. Below order 1 stands the uniform distribution. Discounts come
 * from the counts of counts (equation 26 there), at most the count; where a count of counts is
 * zero, or the number it gives is not above zero, one half stands for it, so that every symbol has
 * a probability above zero.
 *
 * <p>Cost: learning and scoring look at most at 2 · order hash entries per symbol; memory is about
 * 40 bytes per distinct gram and 50 per distinct context.
 */
public final class KneserNey {
  private static final int TOTAL = 0;

  private final int order;
  private final int vocabSize;

  /** For each order k, from 1: gram → its count (or continuation count). */
  private final GramTable[] grams;

  /** For each order k: context → total, and how many followers have count 1, 2, 3 or more. */
  private final GramTable[] contexts;

  /** For each order k: how many grams have count 1, 2, 3, 4. */
  private final long[][] countsOfCounts;

  /** An untrained model, which is the uniform distribution. */
  public KneserNey(int order, int vocabSize) {
    if (order < 1 || order > 16 || vocabSize < 1) {
      throw new IllegalArgumentException(
          "order %d is not in [1, 16] or vocabulary %d < 1".formatted(order, vocabSize));
    }
    this.order = order;
    this.vocabSize = vocabSize;
    this.grams = new GramTable[order + 1];
    this.contexts = new GramTable[order + 1];
    this.countsOfCounts = new long[order + 1][5];
    for (int k = 1; k <= order; k++) {
      grams[k] = new GramTable(1);
      contexts[k] = new GramTable(4);
    }
  }

  /** The UTF-8 bytes of {@code text} as symbols 0 to 255. */
  public static int[] bytesOf(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    var symbols = new int[utf8.length];
    for (int i = 0; i < symbols.length; i++) {
      symbols[i] = utf8[i] & 0xff;
    }
    return symbols;
  }

  /** Counts one document. */
  public void learn(int[] document) {
    int[] padded = padded(document);
    for (int end = order; end <= padded.length; end++) {
      // a gram seen for the first time is one more left company of the gram without its first
      // symbol
      boolean first = true;
      for (int k = order; k >= 1 && first; k--) {
        first = count(k, padded, end);
      }
    }
  }

  /** The bits, −log2 of its probability, of each symbol of a document. */
  public double[] bits(int[] document) {
    int[] padded = padded(document);
    double[][] discounts = discounts();
    var bits = new double[document.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = -Math.log(probability(padded, i + order, discounts)) / Math.log(2);
    }
    return bits;
  }

  /** The bits of a whole document. */
  public double totalBits(int[] document) {
    double total = 0;
    for (double bits : bits(document)) {
      total += bits;
    }
    return total;
  }

  /** The probability of {@code symbol} behind {@code history}, the beginning of a document. */
  public double probability(int[] history, int symbol) {
    int[] document = java.util.Arrays.copyOf(history, history.length + 1);
    document[history.length] = symbol;
    int[] padded = padded(document);
    return probability(padded, padded.length, discounts());
  }

  /** Interpolates from the bottom up: p_k = (c − D(c)) / total + λ p_(k−1). */
  private double probability(int[] padded, int end, double[][] discounts) {
    double probability = 1.0 / vocabSize;
    for (int k = 1; k <= order; k++) {
      int context = contexts[k].find(key(padded, end - k, end - 1));
      if (context < 0) {
        break; // a longer context was not seen either
      }
      GramTable table = contexts[k];
      double total = table.get(context + TOTAL);
      int gram = grams[k].find(key(padded, end - k, end));
      int count = gram < 0 ? 0 : grams[k].get(gram);
      double[] discount = discounts[k];
      double reserved =
          discount[1] * table.get(context + 1)
              + discount[2] * table.get(context + 2)
              + discount[3] * table.get(context + 3);
      double kept = count - discount[Math.min(count, 3)];
      probability = (kept + reserved * probability) / total;
    }
    return probability;
  }

  /** Counts the gram of order k that ends before {@code end}; true if it is new. */
  private boolean count(int k, int[] padded, int end) {
    int gram = grams[k].make(key(padded, end - k, end));
    int count = grams[k].add(gram, 1);
    int context = contexts[k].make(key(padded, end - k, end - 1));
    contexts[k].add(context + TOTAL, 1);
    if (count <= 3) {
      contexts[k].add(context + count, 1);
      if (count > 1) {
        contexts[k].add(context + count - 1, -1);
      }
    }
    long[] counts = countsOfCounts[k];
    if (count <= 4) {
      counts[count]++;
    }
    if (count > 1 && count <= 5) {
      counts[count - 1]--;
    }
    return count == 1;
  }

  /** For each order the discount of counts 0, 1, 2, 3 and more. */
  private double[][] discounts() {
    var discounts = new double[order + 1][4];
    for (int k = 1; k <= order; k++) {
      long[] n = countsOfCounts[k];
      double y = n[1] == 0 ? 0.5 : n[1] / (n[1] + 2.0 * n[2]);
      for (int count = 1; count <= 3; count++) {
        double discount =
            n[count] == 0 || n[count + 1] == 0
                ? 0.5
                : count - (count + 1) * y * n[count + 1] / n[count];
        discounts[k][count] = discount <= 0 ? 0.5 : Math.min(discount, count);
      }
    }
    return discounts;
  }

  /** Start marks, then the document; the mark is one more symbol behind the vocabulary. */
  private int[] padded(int[] document) {
    var padded = new int[document.length + order - 1];
    java.util.Arrays.fill(padded, 0, order - 1, vocabSize);
    for (int i = 0; i < document.length; i++) {
      if (document[i] < 0 || document[i] >= vocabSize) {
        throw new IllegalArgumentException(
            "symbol %d is not in the vocabulary of %d".formatted(document[i], vocabSize));
      }
      padded[order - 1 + i] = document[i];
    }
    return padded;
  }

  /** A 64-bit key of {@code symbols[from, to)}, never 0, by repeated mixing (SplitMix64's). */
  private static long key(int[] symbols, int from, int to) {
    long key = 0x9e3779b97f4a7c15L;
    for (int at = from; at < to; at++) {
      key = (key ^ symbols[at]) * 0xbf58476d1ce4e5b9L;
      key ^= key >>> 29;
    }
    key *= 0x94d049bb133111ebL;
    key ^= key >>> 32;
    return key == 0 ? 1 : key;
  }
}

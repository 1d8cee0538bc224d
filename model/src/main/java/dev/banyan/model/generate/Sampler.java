package dev.banyan.model.generate;

import dev.banyan.model.Sampling;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Scores to the next token. Pure: the random number is handed in. O(n) for n tokens of the
 * vocabulary, O(n log n) with top-k or top-p.
 */
public final class Sampler {
  private Sampler() {}

  /**
   * The token chosen.
   *
   * @param scores the model's logits, one per token
   * @param uniform a random number of [0, 1)
   */
  public static int choose(float[] scores, Sampling sampling, History history, double uniform) {
    if (sampling.temperature() == 0) {
      return best(penalized(scores, sampling, history));
    }
    return pick(distribution(scores, sampling, history), uniform);
  }

  /**
   * The probability of each token after all steps; sums to one.
   *
   * @throws IllegalArgumentException at temperature 0, which is no distribution
   */
  public static double[] distribution(float[] scores, Sampling sampling, History history) {
    if (sampling.temperature() == 0) {
      throw new IllegalArgumentException("temperature 0 has no distribution");
    }
    double[] kept = penalized(scores, sampling, history);
    for (int i = 0; i < kept.length; i++) {
      kept[i] /= sampling.temperature();
    }
    if (sampling.topK() > 0 && sampling.topK() < kept.length) {
      keepTopK(kept, sampling.topK());
    }
    if (sampling.topP() < 1) {
      keepTopP(kept, sampling.topP());
    }
    if (sampling.minP() > 0) {
      // p_i >= minP * p_best in terms of scores
      double least = kept[best(kept)] + Math.log(sampling.minP());
      for (int i = 0; i < kept.length; i++) {
        kept[i] = kept[i] < least ? Double.NEGATIVE_INFINITY : kept[i];
      }
    }
    return softmax(kept);
  }

  private static double[] penalized(float[] scores, Sampling sampling, History history) {
    double[] kept = new double[scores.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = scores[i];
    }
    if (sampling.repetitionPenalty() != 1) {
      for (int id : history.seen()) {
        double penalty = sampling.repetitionPenalty();
        kept[id] = kept[id] > 0 ? kept[id] / penalty : kept[id] * penalty;
      }
    }
    if (sampling.presencePenalty() != 0 || sampling.frequencyPenalty() != 0) {
      history
          .answered()
          .forEach(
              (id, times) ->
                  kept[id] -= sampling.presencePenalty() + times * sampling.frequencyPenalty());
    }
    return kept;
  }

  /** Ties with the k-th best stay, as in transformers. */
  private static void keepTopK(double[] scores, int k) {
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    double least = sorted[sorted.length - k];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = scores[i] < least ? Double.NEGATIVE_INFINITY : scores[i];
    }
  }

  /** From the least probable on, tokens go while what goes stays within 1 - p. */
  private static void keepTopP(double[] scores, double p) {
    double[] probabilities = softmax(scores);
    int[] ascending =
        IntStream.range(0, scores.length)
            .filter(i -> probabilities[i] > 0)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(i -> probabilities[i])
                    .thenComparing(Comparator.reverseOrder()))
            .mapToInt(Integer::intValue)
            .toArray();
    double gone = 0;
    for (int rank = 0; rank < ascending.length - 1; rank++) {
      gone += probabilities[ascending[rank]];
      if (gone > 1 - p) {
        break;
      }
      scores[ascending[rank]] = Double.NEGATIVE_INFINITY;
    }
  }

  private static double[] softmax(double[] scores) {
    double highest = scores[best(scores)];
    double[] probabilities = new double[scores.length];
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] = Math.exp(scores[i] - highest);
      sum += probabilities[i];
    }
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  /** The first of the highest. */
  private static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /** The token in whose stretch of [0, 1) the number falls. */
  static int pick(double[] probabilities, double uniform) {
    double passed = 0;
    int last = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        passed += probabilities[i];
        last = i;
        if (uniform < passed) {
          return i;
        }
      }
    }
    return last; // rounding left the sum a little below one
  }
}

package dev.banyan.train;

import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How well questions were answered, by category, beside what always giving the category's most
 * frequent training answer would have reached on the same questions.
 *
 * @param categories in the order of their names
 * @param mean the mean over categories of their accuracies, with a 95 % bootstrap interval over
 *     categories
 * @param baselineMean the same mean for the most frequent answer
 */
public record SkillReport(List<Category> categories, Interval mean, double baselineMean) {
  /** Answers questions, in their order; a model behind generation, or a test's own. */
  public interface Answerer {
    List<String> answer(List<SkillQuestion> questions);
  }

  /**
   * One category.
   *
   * @param accuracy share of right answers with Wilson's 95 % interval
   * @param baseline share that the most frequent training answer gets right
   */
  public record Category(String name, int questions, Interval accuracy, double baseline) {
    /** Whether the model is above the baseline with 95 % confidence. */
    public boolean above() {
      return accuracy.above(baseline);
    }
  }

  public SkillReport {
    categories = List.copyOf(categories);
  }

  /** In how many categories the model is above the baseline with 95 % confidence. */
  public long categoriesAbove() {
    return categories.stream().filter(Category::above).count();
  }

  /** Asks and grades. */
  public static SkillReport of(
      List<SkillQuestion> questions,
      Answerer answerer,
      Map<String, String> mostFrequentAnswers,
      Seed seed) {
    return of(questions, answerer.answer(questions), mostFrequentAnswers, seed);
  }

  /**
   * Grades answers.
   *
   * @param answers one per question, in the same order
   * @param mostFrequentAnswers by category; a category without one has a baseline of 0
   */
  public static SkillReport of(
      List<SkillQuestion> questions,
      List<String> answers,
      Map<String, String> mostFrequentAnswers,
      Seed seed) {
    if (questions.isEmpty() || questions.size() != answers.size()) {
      throw new IllegalArgumentException(
          "%d answers to %d questions".formatted(answers.size(), questions.size()));
    }
    var right = new TreeMap<String, int[]>();
    for (int i = 0; i < answers.size(); i++) {
      SkillQuestion question = questions.get(i);
      int[] counts = right.computeIfAbsent(question.category(), name -> new int[3]);
      String usual = mostFrequentAnswers.get(question.category());
      counts[0]++;
      counts[1] += question.checker().grade(answers.get(i)) ? 1 : 0;
      counts[2] += usual != null && question.checker().grade(usual) ? 1 : 0;
    }
    var categories = new ArrayList<Category>();
    right.forEach(
        (name, counts) ->
            categories.add(
                new Category(
                    name,
                    counts[0],
                    Intervals.wilson(counts[1], counts[0], 0.95),
                    (double) counts[2] / counts[0])));
    double[] accuracies = categories.stream().mapToDouble(c -> c.accuracy().mean()).toArray();
    return new SkillReport(
        categories,
        Intervals.bootstrapMean(accuracies, 0.95, seed.of("skills", "mean")),
        categories.stream().mapToDouble(Category::baseline).average().orElse(0));
  }

  /** The most frequent answer of each category; of equally frequent ones the first in order. */
  public static Map<String, String> mostFrequentAnswers(Iterable<SkillQuestion> training) {
    var counts = new TreeMap<String, TreeMap<String, Integer>>();
    for (SkillQuestion question : training) {
      counts
          .computeIfAbsent(question.category(), name -> new TreeMap<>())
          .merge(question.answer(), 1, Integer::sum);
    }
    var most = new HashMap<String, String>();
    counts.forEach(
        (category, answers) -> {
          String best = answers.firstKey();
          for (var entry : answers.entrySet()) {
            if (entry.getValue() > answers.getOrDefault(best, 0)) {
              best = entry.getKey();
            }
          }
          most.put(category, best);
        });
    return Map.copyOf(most);
  }
}

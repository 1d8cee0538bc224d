package dev.banyan.train;

import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.Arrays;
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
   * @param lead accuracy minus baseline with a 95 % bootstrap interval over questions, paired
   * @param signTest chance of so uneven a result were both alike: the exact two-sided sign test on
   *     the questions that only one of them gets right
   */
  public record Category(
      String name,
      int questions,
      Interval accuracy,
      double baseline,
      Interval lead,
      double signTest) {
    /**
     * Whether the model is above the baseline with 95 % confidence. The bootstrap of a few
     * questions that all go one way has no width, so the sign test has to agree.
     */
    public boolean above() {
      return lead.low() > 0 && signTest < 0.05;
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
    var grades = new TreeMap<String, List<Grade>>();
    for (int i = 0; i < answers.size(); i++) {
      SkillQuestion question = questions.get(i);
      String usual = mostFrequentAnswers.get(question.category());
      grades
          .computeIfAbsent(question.category(), name -> new ArrayList<>())
          .add(
              new Grade(
                  question.checker().grade(answers.get(i)),
                  usual != null && question.checker().grade(usual)));
    }
    var categories = new ArrayList<Category>();
    grades.forEach((name, some) -> categories.add(category(name, some, seed)));
    double[] accuracies = categories.stream().mapToDouble(c -> c.accuracy().mean()).toArray();
    return new SkillReport(
        categories,
        Intervals.bootstrapMean(accuracies, 0.95, seed.of("skills", "mean")),
        categories.stream().mapToDouble(Category::baseline).average().orElse(0));
  }

  /** Whether the model, and whether the most frequent answer, was right. */
  private record Grade(boolean model, boolean usual) {}

  private static Category category(String name, List<Grade> grades, Seed seed) {
    double[] model = grades.stream().mapToDouble(grade -> grade.model ? 1 : 0).toArray();
    double[] usual = grades.stream().mapToDouble(grade -> grade.usual ? 1 : 0).toArray();
    return new Category(
        name,
        grades.size(),
        Intervals.wilson(grades.stream().filter(Grade::model).count(), grades.size(), 0.95),
        Arrays.stream(usual).average().orElse(0),
        Intervals.pairedDifference(model, usual, 0.95, seed.of("skills", name)),
        Intervals.signTest(model, usual));
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

package dev.banyan.cli.life;

import dev.banyan.grow.Transitions;
import dev.banyan.train.Evaluation;
import dev.banyan.train.HeldOutSplit;
import java.util.List;

/** All that a life found, for the report and for {@code --json}. */
record Lived(
    LifeConfig config,
    WorldMade world,
    HeldOutSplit.Divided data,
    TokenizerMade tokenizer,
    Trained pretraining,
    Evaluation.Text text,
    Trained tuning,
    Skills skills,
    Talk talk,
    Transitions grown,
    List<StepBook.Done> steps) {
  /** What the world step made. */
  record WorldMade(long documents, long textBytes, long exercises) {}

  /** What the tokenizer step made. */
  record TokenizerMade(int vocabulary, long merges, double bytesPerToken) {}

  /** What a training step made. */
  record Trained(
      long parameters,
      long steps,
      double loss,
      long learnedTokens,
      double tokensPerSecond,
      double seconds) {}

  /** What was said, by the model of pretraining (texts) and of the supervised stage (answers). */
  record Talk(List<Spoken> texts, List<Spoken> answers) {}

  /** One piece of talk; {@code expected} is empty where anything goes. */
  record Spoken(String prompt, String said, String expected) {}

  /** Grades, as they are kept. */
  record Skills(
      List<SkillGrade> categories, double mean, double low, double high, double baseline) {
    long above() {
      return categories.stream().filter(SkillGrade::above).count();
    }
  }

  /** One category's grade. */
  record SkillGrade(
      String name,
      int questions,
      double accuracy,
      double low,
      double high,
      double baseline,
      boolean above) {}
}

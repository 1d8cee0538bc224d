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
    Memory memory,
    Supervised supervised,
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

  /**
   * What a drill under supervision came to.
   *
   * @param steps of the run
   * @param signal that was sent
   * @param reason of the decision
   * @param evidence sentences
   * @param lostSteps computed again
   * @param sameWeights whether the run ended with the bits of one that nothing happened to
   */
  record Supervised(
      long steps,
      String signal,
      String reason,
      List<String> evidence,
      double detectSeconds,
      double diagnosisSeconds,
      double stopSeconds,
      double startSeconds,
      long lostSteps,
      double lostSeconds,
      boolean sameWeights) {}

  /** What was said, by the model of pretraining (texts) and of the supervised stage (answers). */
  record Talk(List<Spoken> texts, List<Spoken> answers) {}

  /** One piece of talk; {@code expected} is empty where anything goes. */
  record Spoken(String prompt, String said, String expected) {}

  /**
   * What one training step needs, as it is and as planned.
   *
   * @param scale which traced step it is
   * @param own whether it ran with the weights that were trained
   * @param holds what the checker said of the plan
   * @param equal whether every bit was the same in the block as under separate allocations
   * @param loss of the step that ran
   * @param trainerLoss the trainer's for the same batch
   * @param programLoads bytes live over the steps of program order, thinned
   * @param plannedLoads the same of the planned order
   */
  record Memory(
      String scale,
      boolean own,
      boolean holds,
      int operators,
      long persistentBytes,
      long programPeakBytes,
      long cachingBytes,
      long peakBytes,
      long lowerBoundBytes,
      long arenaBytes,
      boolean equal,
      int compared,
      long largestTemporaryBytes,
      double loss,
      double trainerLoss,
      List<Long> programLoads,
      List<Long> plannedLoads) {}

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

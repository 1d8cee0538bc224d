package dev.banyan.cli.life;

import dev.banyan.grow.Transitions;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.Percentiles;
import dev.banyan.train.Evaluation;
import dev.banyan.train.HeldOutSplit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    Optional<Served> served,
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
   * What serving on two instances came to: one load that nothing happens to, and the same again
   * while instance 0 is drained and comes back and instance 1 is killed.
   *
   * @param rate requests per second
   * @param outputTokens of each answer
   * @param disturbances what happened, with its time
   * @param moved running requests that went on elsewhere with their memory
   * @param requeued waiting requests that were given to the other instance
   * @param replayed requests that were computed again, since their instance was dead
   * @param compared answers that both loads have in full
   * @param differing of these, answers that are not the same text
   */
  record Served(
      int requests,
      double rate,
      int outputTokens,
      Load calm,
      Load disturbed,
      List<String> disturbances,
      long moved,
      long requeued,
      long replayed,
      int compared,
      int differing) {
    /** Drained, empty, back, killed. */
    static final int ALL = 4;

    /** Whether all of it happened before the load was over. */
    boolean happened() {
      return disturbances.size() == ALL;
    }

    /** Whether no client noticed. */
    boolean sound() {
      return calm.failed() + disturbed.failed() + differing == 0 && compared == requests;
    }
  }

  /**
   * One load. Times are seconds from scheduled arrivals, of full answers.
   *
   * @param failures counts by kind
   * @param at scheduled arrivals
   * @param first to the first token, by arrival
   * @param whole to the end, by arrival
   */
  record Load(
      long answered,
      long failed,
      Map<String, Integer> failures,
      Percentiles firstToken,
      Percentiles perToken,
      Percentiles endToEnd,
      double tokensPerSecond,
      List<Double> at,
      List<Double> first,
      List<Double> whole) {
    static Load of(LoadOutcome outcome) {
      return new Load(
          outcome.answered(),
          outcome.failed(),
          outcome.failures(),
          outcome.first(),
          outcome.perToken(),
          outcome.whole(),
          outcome.tokensPerSecond(),
          list(outcome.values(LoadAnswer::arrivalSeconds)),
          list(outcome.values(LoadAnswer::firstSeconds)),
          list(outcome.values(LoadAnswer::seconds)));
    }

    private static List<Double> list(double[] values) {
      return Arrays.stream(values).boxed().toList();
    }
  }

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

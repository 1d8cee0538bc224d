package dev.banyan.cluster;

import java.nio.file.Path;
import java.util.List;

/**
 * What a supervised job went through.
 *
 * @param finished whether every rank of the last generation ended well
 * @param restarts what went wrong on the way, in order
 * @param ended why it was stopped; empty when it finished
 * @param logs what the ranks of the last generation wrote on their streams, by rank
 * @param seconds from the start to the end
 */
public record SupervisedRun(
    boolean finished, List<Restart> restarts, String ended, List<Path> logs, double seconds) {
  public SupervisedRun {
    logs = List.copyOf(logs);
    restarts = List.copyOf(restarts);
  }

  /**
   * One generation's end and what it cost.
   *
   * @param generation that ended
   * @param decision taken
   * @param silentSeconds from the harm of a drill, else from the last collective anybody left, to
   *     the verdict: detection, of a job that stands still; of a slow one nothing
   * @param diagnosisSeconds the diagnosis itself took
   * @param stopSeconds from the verdict until every process was gone
   * @param startSeconds from there to the first collective of the next generation; 0 when there is
   *     none
   * @param reachedStep the last step anybody told of
   * @param checkpointStep that the next generation goes on from
   * @param lostSeconds what was computed after the checkpoint, and is computed again
   */
  public record Restart(
      int generation,
      SteeringDecision decision,
      double silentSeconds,
      double diagnosisSeconds,
      double stopSeconds,
      double startSeconds,
      long reachedStep,
      long checkpointStep,
      double lostSeconds) {
    /** Steps that are computed again. */
    public long lostSteps() {
      return Math.max(0, reachedStep - checkpointStep);
    }

    /** All of it. */
    public double downSeconds() {
      return silentSeconds + diagnosisSeconds + stopSeconds + startSeconds + lostSeconds;
    }
  }
}

package dev.banyan.serve;

/**
 * What a policy came to, over one seed or pooled over all. Times are seconds; {@code decode} is per
 * token after the first, {@code prefill} is from arrival to the first token, waiting included.
 *
 * @param preemptionLossSeconds mean per request, from losing memory to having it again
 * @param fragmentationFraction mean share of memory that is free but too scattered for a blocked
 *     request
 * @param moves running requests that went on elsewhere with their memory, per seed
 * @param refusedMoves moves that were not begun or not finished, per seed
 * @param requeues waiting requests sent to another queue, per seed
 * @param replays running requests computed again elsewhere, per seed
 * @param aborted requests that ended with their instance, per seed
 * @param instanceSeconds paid for, per seed
 * @param high figures of the high class; NaN when there is none
 */
public record Figures(
    double requestMeanSeconds,
    double requestP99Seconds,
    double prefillMeanSeconds,
    double prefillP99Seconds,
    double decodeMeanSeconds,
    double decodeP99Seconds,
    double preemptionLossSeconds,
    double fragmentationFraction,
    double moves,
    double refusedMoves,
    double requeues,
    double replays,
    double preemptions,
    double aborted,
    double instanceSeconds,
    double stoppedMeanSeconds,
    ClassFigures high,
    ClassFigures normal,
    ClassFigures low) {

  /**
   * One class alone.
   *
   * @param tokenShare of all tokens generated before the last arrival
   */
  public record ClassFigures(
      int requests,
      double requestMeanSeconds,
      double prefillMeanSeconds,
      double prefillP99Seconds,
      double decodeMeanSeconds,
      double tokenShare) {}
}

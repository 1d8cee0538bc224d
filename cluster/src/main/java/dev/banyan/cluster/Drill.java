package dev.banyan.cluster;

import dev.banyan.core.UserInputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A signal sent on purpose to a rank of the first generation, to see a supervisor at work.
 *
 * @param signal {@code STOP}, {@code KILL} or {@code TERM}
 * @param rank that gets it
 * @param step of the job at which it does, or soon after
 */
public record Drill(String signal, int rank, long step) {
  private static final Pattern WORDS = Pattern.compile("(STOP|KILL|TERM):(\\d{1,6})@(\\d{1,12})");

  /**
   * Reads {@code STOP:1@200}: SIGSTOP to rank 1 at step 200.
   *
   * @throws UserInputException for anything else
   */
  public static Drill of(String words) {
    Matcher matcher = WORDS.matcher(words);
    if (!matcher.matches()) {
      throw new UserInputException(
          "--drill: '%s' is no drill; write SIGNAL:RANK@STEP with STOP, KILL or TERM, for example STOP:1@200"
              .formatted(words));
    }
    return new Drill(
        matcher.group(1), Integer.parseInt(matcher.group(2)), Long.parseLong(matcher.group(3)));
  }
}

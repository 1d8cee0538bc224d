package dev.banyan.model.generate;

import java.util.List;

/**
 * Lets text through up to the first stop string, and holds back what may become the beginning of
 * one.
 */
public final class StopGate {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  public StopGate(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  /** Whether a stop string came. */
  public boolean isStopped() {
    return stopped;
  }

  /** Takes more text and gives what is certain not to belong to a stop string. */
  public String add(String text) {
    if (stopped) {
      return "";
    }
    held.append(text);
    // the stop that is complete first counts, however the text was cut
    int cut = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (at + stop.length() < end || (at + stop.length() == end && at < cut))) {
        cut = at;
        end = at + stop.length();
      }
    }
    if (cut >= 0) {
      stopped = true;
      return take(cut);
    }
    return take(held.length() - longestBeginning());
  }

  /** The rest, when no more text comes. */
  public String finish() {
    return stopped ? "" : take(held.length());
  }

  private String take(int length) {
    String taken = held.substring(0, length);
    held.delete(0, length);
    return taken;
  }

  /** How many characters at the end are the beginning of a stop string. */
  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (stop.startsWith(held.substring(held.length() - length))) {
          longest = length;
        }
      }
    }
    return longest;
  }
}

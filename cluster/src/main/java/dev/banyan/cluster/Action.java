package dev.banyan.cluster;

import com.fasterxml.jackson.annotation.JsonValue;

/** What to do about a verdict. */
public enum Action {
  /** Take the host out and restart with a spare. */
  ISOLATE("isolate"),
  /** Restart on the same hosts; isolate only when a probe says where. */
  RESTART("restart"),
  /** Run the probe the verdict names: it separates what these records cannot. */
  PROBE("probe"),
  /** The program is wrong; no machine is to be taken out. */
  FIX_SOFTWARE("fixSoftware"),
  NONE("none");

  private final String word;

  Action(String word) {
    this.word = word;
  }

  /** The word in JSON. */
  @JsonValue
  public String word() {
    return word;
  }
}

package dev.banyan.model;

import dev.banyan.model.generate.StopGate;
import java.util.List;

/**
 * Lets an answer's text through up to the first stop string, and holds back what may become the
 * beginning of one.
 */
public final class StopText {
  private final StopGate gate;

  public StopText(List<String> stops) {
    this.gate = new StopGate(stops);
  }

  /** Whether a stop string came. */
  public boolean isStopped() {
    return gate.isStopped();
  }

  /** Takes more text and gives what is certain not to belong to a stop string. */
  public String add(String text) {
    return gate.add(text);
  }

  /** The rest, when no more text comes. */
  public String finish() {
    return gate.finish();
  }
}

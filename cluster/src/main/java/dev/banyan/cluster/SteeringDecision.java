package dev.banyan.cluster;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/**
 * What is to be done about a diagnosis.
 *
 * @param kind go on, restart, or stop
 * @param isolate host labels that are not to be used again
 * @param reason one sentence
 * @param because the verdicts that led to it
 * @param next the state after it; of a decision to go on or stop, the state before
 */
public record SteeringDecision(
    Kind kind, List<String> isolate, String reason, List<Verdict> because, SteeringState next) {
  /** What to do. */
  public enum Kind {
    GO_ON,
    RESTART,
    STOP;

    /** The word in JSON. */
    @JsonValue
    public String word() {
      return this == GO_ON ? "goOn" : name().toLowerCase(Locale.ROOT);
    }
  }

  public SteeringDecision {
    isolate = List.copyOf(isolate);
    because = List.copyOf(because);
  }
}

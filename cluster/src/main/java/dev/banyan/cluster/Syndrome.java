package dev.banyan.cluster;

import com.fasterxml.jackson.annotation.JsonValue;

/** What is wrong (C4, §3; the last two go beyond it). */
public enum Syndrome {
  /** All members entered an operation and some never leave: a connection is stuck. */
  COMMUNICATION_HANG("communicationHang"),
  /** Some members entered an operation and others never did. */
  NON_COMMUNICATION_HANG("nonCommunicationHang"),
  /** Transfers over some connection take far longer than its peers'. */
  COMMUNICATION_SLOW("communicationSlow"),
  /** Transfers are normal, one rank enters late every time. */
  NON_COMMUNICATION_SLOW("nonCommunicationSlow"),
  /** A rank's process is gone, and somebody saw it go. */
  PROCESS_LOSS("processLoss"),
  /** Ranks do different things at the same place: software. */
  MISMATCH("mismatch");

  private final String word;

  Syndrome(String word) {
    this.word = word;
  }

  /** The word in JSON. */
  @JsonValue
  public String word() {
    return word;
  }

  /** Whether the job stands still. */
  public boolean isHang() {
    return this == COMMUNICATION_HANG || this == NON_COMMUNICATION_HANG;
  }

  /** Whether the job goes on, slowly. */
  public boolean isSlow() {
    return this == COMMUNICATION_SLOW || this == NON_COMMUNICATION_SLOW;
  }
}

package dev.banyan.serve.policy;

/** The request a source gives away, and how it travels. */
public record Move(long request, Kind kind) {
  /** Cheapest first. */
  public enum Kind {
    /** It has no KV memory: only its text travels. */
    REQUEUE,
    /** Its KV memory is copied while it decodes. */
    LIVE,
    /** Its KV memory is dropped and computed again at the destination. */
    REPLAY
  }
}

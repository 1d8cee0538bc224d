package dev.banyan.serve.policy;

/**
 * A request to be dispatched. Its output length is not known.
 *
 * @param promptTokens tokens to prefill, with those generated before when it is replayed
 * @param cached how much of the prompt each instance already holds
 */
public record Arrival(long id, int promptTokens, PriorityClass priority, CachedPrefix cached) {
  /** How many leading tokens of a prompt an instance holds in memory. */
  @FunctionalInterface
  public interface CachedPrefix {
    /** No instance holds anything. */
    CachedPrefix NONE = instance -> 0;

    int tokens(int instance);
  }
}

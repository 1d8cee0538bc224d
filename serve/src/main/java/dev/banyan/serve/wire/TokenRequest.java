package dev.banyan.serve.wire;

import dev.banyan.model.Sampling;
import dev.banyan.serve.policy.PriorityClass;
import java.util.List;
import java.util.Map;

/**
 * What an engine is asked for: tokens in, tokens out. Text, stop strings and templates are the
 * gateway's, so a request that moves or is computed again carries only this and its tokens.
 *
 * @param prompt at least one token
 * @param maxTokens of the answer; 0 only with {@code promptLogprobs}
 * @param stopIds tokens that end the answer and do not belong to it
 * @param logitBias added to scores, by token
 * @param logprobs how many alternatives each token comes with; -1 for no probabilities at all
 * @param promptLogprobs whether the prompt's tokens come with theirs
 * @param adapter name of an adapter of the engine; empty for the model alone
 * @param schema JSON schema the answer follows, {@code {}} for any JSON object; empty for any text
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record TokenRequest(
    int[] prompt,
    Sampling sampling,
    long seed,
    int maxTokens,
    List<Integer> stopIds,
    Map<Integer, Double> logitBias,
    int logprobs,
    boolean promptLogprobs,
    PriorityClass priority,
    String adapter,
    String schema) {
  public TokenRequest {
    stopIds = List.copyOf(stopIds);
    logitBias = Map.copyOf(logitBias);
    if (prompt.length == 0) {
      throw new IllegalArgumentException("a prompt needs at least one token");
    }
  }

  /** The likeliest tokens, as many as asked for, and nothing besides. */
  public static TokenRequest greedy(int[] prompt, int tokens) {
    return new TokenRequest(
        prompt,
        Sampling.greedy(),
        1,
        tokens,
        List.of(),
        Map.of(),
        -1,
        false,
        PriorityClass.NORMAL,
        "",
        "");
  }
}

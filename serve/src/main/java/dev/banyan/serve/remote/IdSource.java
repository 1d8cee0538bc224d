package dev.banyan.serve.remote;

import java.util.List;

/**
 * How a backend is made to tell the token ids of what it streams: by fields that are asked for
 * besides those of the client.
 */
enum IdSource {
  /** Not at all. */
  NONE(""),
  /** {@code token_ids} in a choice. */
  RETURNED("\"return_token_ids\":true,"),
  /**
   * llama.cpp's completions: {@code __verbose} beside the choices, as {@code /completion} tells.
   */
  VERBOSE("\"verbose\":true,"),
  /**
   * llama.cpp's streamed conversations, which have no {@code __verbose} before their end: the token
   * beside its probability after sampling, which is at hand there, and how many tokens there were.
   */
  PROBABILITIES("\"n_probs\":1,\"post_sampling_probs\":true,\"timings_per_token\":true,");

  private final String fields;

  IdSource(String fields) {
    this.fields = fields;
  }

  /**
   * What is to stand at the begin of a request's object; empty where the client spoke of it itself,
   * and where llama.cpp's answer could not go on elsewhere with ids either.
   */
  String fields(AskedCompletion asked) {
    boolean own = names().stream().anyMatch(asked.body()::has);
    boolean vain = this != RETURNED && Continuation.bound(asked).isPresent();
    return own || vain ? "" : fields;
  }

  private List<String> names() {
    return switch (this) {
      case NONE -> List.of();
      case RETURNED -> List.of("return_token_ids");
      case VERBOSE -> List.of("verbose");
      case PROBABILITIES ->
          List.of(
              "n_probs", "logprobs", "top_logprobs", "post_sampling_probs", "timings_per_token");
    };
  }
}

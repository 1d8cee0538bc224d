package dev.banyan.serve.remote;

/** Which software a backend is; what it can be asked for follows from that. */
enum Kind {
  /** {@code vllm serve}, 0.10.2 or later for token ids. */
  VLLM("vLLM", true, true),
  SGLANG("SGLang", true, true),
  /** {@code llama-server}. */
  LLAMA_CPP("llama.cpp", false, true),
  /** Another gateway of this house. */
  BANYAN("banyan", true, true),
  /** Anything that answers {@code /v1/models}. */
  OPENAI("an OpenAI server", false, false);

  private final String title;
  private final boolean givesIds;
  private final boolean takesIds;

  Kind(String title, boolean givesIds, boolean takesIds) {
    this.title = title;
    this.givesIds = givesIds;
    this.takesIds = takesIds;
  }

  /** As people write it. */
  String title() {
    return title;
  }

  /**
   * Whether {@code return_token_ids} makes it tell the ids of what it streams. SGLang refuses the
   * field in a conversation.
   */
  boolean givesIds(boolean chat) {
    return givesIds && !(chat && this == SGLANG);
  }

  /** Whether a prompt at {@code /v1/completions} may be token ids. */
  boolean takesIds() {
    return takesIds;
  }
}

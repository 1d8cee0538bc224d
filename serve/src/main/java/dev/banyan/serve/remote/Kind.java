package dev.banyan.serve.remote;

/** Which software a backend is; what it can be asked for follows from that. */
enum Kind {
  /** {@code vllm serve}, 0.10.2 or later for token ids. */
  VLLM("vLLM", IdSource.RETURNED, IdSource.RETURNED, true),
  /** It refuses {@code return_token_ids} in a streamed conversation. */
  SGLANG("SGLang", IdSource.RETURNED, IdSource.NONE, true),
  /** {@code llama-server}. */
  LLAMA_CPP("llama.cpp", IdSource.VERBOSE, IdSource.PROBABILITIES, true),
  /** Another gateway of this house. */
  BANYAN("banyan", IdSource.RETURNED, IdSource.RETURNED, true),
  /** Anything that answers {@code /v1/models}. */
  OPENAI("an OpenAI server", IdSource.NONE, IdSource.NONE, false);

  private final String title;
  private final IdSource ofCompletions;
  private final IdSource ofConversations;
  private final boolean takesIds;

  Kind(String title, IdSource ofCompletions, IdSource ofConversations, boolean takesIds) {
    this.title = title;
    this.ofCompletions = ofCompletions;
    this.ofConversations = ofConversations;
    this.takesIds = takesIds;
  }

  /** As people write it. */
  String title() {
    return title;
  }

  /** How it tells the ids of what it streams. */
  IdSource ids(boolean chat) {
    return chat ? ofConversations : ofCompletions;
  }

  /** Whether a prompt at {@code /v1/completions} may be token ids. */
  boolean takesIds() {
    return takesIds;
  }

  /**
   * Whether it tells how many tokens a prompt has but not which: they are to be had at {@code
   * /tokenize} and {@code /apply-template}.
   */
  boolean countsPrompts() {
    return this == LLAMA_CPP;
  }

  /** Whether keys and values of an answer can be written to a file there and read again. */
  boolean savesSlots() {
    return this == LLAMA_CPP;
  }
}

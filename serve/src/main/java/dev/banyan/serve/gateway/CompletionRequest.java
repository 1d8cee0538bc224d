package dev.banyan.serve.gateway;

import dev.banyan.serve.wire.TokenRequest;
import java.util.List;

/**
 * What a client asked for.
 *
 * @param model as the client calls it
 * @param stream whether tokens are told as they come
 * @param usage whether a stream ends with the counts of tokens
 * @param echo whether the prompt is told before the answer
 * @param ids whether token ids are told beside the text
 * @param choices answers to each prompt
 * @param logprobs how many likely tokens are told for each; -1 for no probabilities
 * @param stops texts that end an answer
 * @param id of the answer
 * @param requests one for each answer: those to the first prompt first
 */
record CompletionRequest(
    String model,
    Tools tools,
    boolean chat,
    boolean stream,
    boolean usage,
    boolean echo,
    boolean ids,
    int choices,
    int logprobs,
    List<String> stops,
    String id,
    List<TokenRequest> requests) {
  CompletionRequest {
    stops = List.copyOf(stops);
    requests = List.copyOf(requests);
  }

  /** The same with requests. */
  CompletionRequest with(List<TokenRequest> all) {
    return new CompletionRequest(
        model, tools, chat, stream, usage, echo, ids, choices, logprobs, stops, id, all);
  }

  /** Tokens of all prompts. */
  int promptTokens() {
    int tokens = 0;
    for (int i = 0; i < requests.size(); i += choices) {
      tokens += requests.get(i).prompt().length;
    }
    return tokens;
  }
}

package dev.banyan.serve.remote;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How an answer goes on at another backend: as a completion of its prompt and what the client has
 * of it. With token ids that is what the backend before would have computed next; with text it is
 * as near as another split into tokens allows.
 */
sealed interface Continuation {
  String COMPLETIONS = "/v1/completions";

  /** Asked for at {@link #COMPLETIONS}. */
  record Further(ObjectNode body) implements Continuation {}

  /** Nothing is missing but its end. */
  record Ended(String finish) implements Continuation {}

  /** It cannot go on elsewhere. */
  record Impossible(String why) implements Continuation {}

  /** What a conversation's request has and a completion's does not. */
  Set<String> OF_CHAT =
      Set.of(
          "messages",
          "tools",
          "tool_choice",
          "parallel_tool_calls",
          "functions",
          "function_call",
          "chat_template",
          "chat_template_kwargs",
          "add_generation_prompt",
          "continue_final_message",
          "max_completion_tokens",
          "top_logprobs",
          "reasoning_effort",
          "separate_reasoning",
          "stream_reasoning",
          "include_reasoning");

  /** What must be matched from the first token on, and cannot be taken up in the middle. */
  Set<String> BOUND =
      Set.of(
          "guided_json",
          "guided_regex",
          "guided_choice",
          "guided_grammar",
          "structured_outputs",
          "structural_tag",
          "json_schema",
          "regex",
          "ebnf",
          "grammar",
          "suffix",
          "kv_transfer_params",
          "use_beam_search");

  /**
   * Decides.
   *
   * @param kind of the backend that would go on
   * @param mostTokens of its context; 0 when it does not tell
   * @param template the conversation as text, where the backend could be asked for it
   */
  static Continuation of(
      AskedCompletion asked,
      Emitted emitted,
      Kind kind,
      int mostTokens,
      Optional<String> template) {
    Optional<String> bound = bound(asked, emitted);
    if (bound.isPresent()) {
      return new Impossible(bound.get());
    }
    int most = asked.most();
    if (most >= 0 && emitted.tokens() >= most) {
      return new Ended("length");
    }
    ObjectNode body = asked.body().deepCopy();
    if (asked.chat()) {
      body.remove(OF_CHAT);
      body.remove("logprobs");
    }
    body.remove(List.of("n", "best_of", "echo", "max_tokens", "prompt", "return_token_ids"));
    body.remove(List.of("response_format", "truncate_prompt_tokens", "request_id"));
    body.put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    int least = asked.body().path("min_tokens").asInt(0) - emitted.tokens();
    if (body.has("min_tokens")) {
      body.put("min_tokens", Math.max(0, least));
    }
    int prompt = prompt(asked, emitted, kind, template, body);
    if (prompt < 0) {
      return new Impossible("its token ids are not known");
    }
    if (most >= 0) {
      body.put("max_tokens", most - emitted.tokens());
    } else if (mostTokens > 0 && prompt > 0) {
      if (prompt >= mostTokens) {
        return new Ended("length");
      }
      body.put("max_tokens", mostTokens - prompt);
    } else if (kind == Kind.LLAMA_CPP) {
      body.put("max_tokens", -1); // until the context is full
    } else {
      return new Impossible("no number of tokens was asked for and the backend tells no most");
    }
    switch (kind.ids(false)) {
      case RETURNED -> body.put("return_token_ids", true);
      case VERBOSE -> body.put("verbose", true);
      case NONE, PROBABILITIES -> {}
    }
    return new Further(body);
  }

  /** Whether a backend can be told, or knows, how many tokens more there may be. */
  static boolean isBounded(AskedCompletion asked, Kind kind, int mostTokens) {
    return asked.most() >= 0 || mostTokens > 0 || kind == Kind.LLAMA_CPP;
  }

  /** Whether exact ids would be used, which is worth moving for. */
  static boolean isExact(AskedCompletion asked, Emitted emitted) {
    return bound(asked, emitted).isEmpty()
        && emitted.hasIds()
        && !promptIds(asked, emitted).isEmpty();
  }

  private static Optional<String> bound(AskedCompletion asked, Emitted emitted) {
    return emitted.isPlain()
        ? bound(asked)
        : bound(asked).or(() -> Optional.of("thoughts cannot be taken up in the middle"));
  }

  /** Why no part of what was asked for can go on elsewhere; empty when it can. */
  static Optional<String> bound(AskedCompletion asked) {
    JsonNode body = asked.body();
    for (String each : BOUND) {
      if (body.hasNonNull(each)) {
        return Optional.of("'" + each + "' cannot be taken up in the middle");
      }
    }
    String format = body.path("response_format").path("type").asString("text");
    if (!format.equals("text")) {
      return Optional.of("response_format '" + format + "' cannot be taken up in the middle");
    }
    boolean tools = asked.chat() && body.path("tools").size() > 0;
    if (tools && !body.path("tool_choice").asString("").equals("none")) {
      return Optional.of("tool calls cannot be taken up in the middle");
    }
    if (asked.chat() && body.path("logprobs").asBoolean(false)) {
      return Optional.of("probabilities of a conversation cannot be taken up in the middle");
    }
    return Optional.empty();
  }

  /** Sets the prompt; gives its tokens, 0 when they are not counted, -1 when there is no way. */
  private static int prompt(
      AskedCompletion asked,
      Emitted emitted,
      Kind kind,
      Optional<String> template,
      ObjectNode body) {
    List<Integer> ids = promptIds(asked, emitted);
    boolean known = !ids.isEmpty() && kind.takesIds();
    if (known && (emitted.hasIds() || emitted.isEmpty())) {
      ArrayNode prompt = body.putArray("prompt");
      ids.forEach(prompt::add);
      emitted.ids().forEach(prompt::add);
      return prompt.size();
    }
    if (!asked.stops().isEmpty()) {
      return -1; // the beginning of a stop string may have been held back
    }
    boolean echoes = asked.body().path("echo").asBoolean(false);
    if (asked.chat()) {
      template.ifPresent(before -> body.put("prompt", before + emitted.text()));
      return template.isPresent() ? 0 : -1;
    }
    JsonNode said = said(asked, emitted);
    if (said.isString()) {
      body.put("prompt", (echoes ? "" : said.asString()) + emitted.text());
      return 0;
    }
    if (known && kind == Kind.LLAMA_CPP && !echoes) {
      ArrayNode prompt = body.putArray("prompt"); // ids and text together are llama.cpp's own
      ids.forEach(prompt::add);
      prompt.add(emitted.text());
      return 0;
    }
    return -1;
  }

  /** The prompt of an answer to a completion, as it was asked for. */
  static JsonNode said(AskedCompletion asked, Emitted emitted) {
    List<JsonNode> prompts = asked.prompts();
    return prompts.get(Math.min(prompts.size() - 1, emitted.index / asked.choices()));
  }

  private static List<Integer> promptIds(AskedCompletion asked, Emitted emitted) {
    if (!emitted.promptIds().isEmpty() || asked.chat()) {
      return emitted.promptIds();
    }
    JsonNode said = said(asked, emitted);
    boolean ids = said.isArray() && said.valueStream().allMatch(JsonNode::isIntegralNumber);
    return ids ? said.valueStream().map(each -> each.asInt(-1)).toList() : List.of();
  }
}

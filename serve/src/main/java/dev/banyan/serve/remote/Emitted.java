package dev.banyan.serve.remote;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What a client has of one answer: where another backend goes on. */
final class Emitted {
  final int index;
  private final List<Integer> prompt = new ArrayList<>();
  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private int certain;
  private int parts;
  private int certainParts;
  private int uncounted;
  private boolean lacksIds;
  private boolean structured;
  private boolean thinking;
  private String finish = "";

  Emitted(int index) {
    this.index = index;
  }

  /** Takes a choice of a part of a stream. */
  void take(JsonNode choice, boolean chat) {
    JsonNode delta = choice.path("delta");
    String piece = chat ? delta.path("content").asString("") : choice.path("text").asString("");
    text.append(piece);
    structured |= delta.hasNonNull("tool_calls") || delta.hasNonNull("function_call");
    boolean thinks =
        !delta.path("reasoning").asString("").isEmpty()
            || !delta.path("reasoning_content").asString("").isEmpty();
    thinking = thinks || (thinking && piece.isEmpty());
    prompt(choice.path("prompt_token_ids"));
    JsonNode told = choice.path("token_ids");
    if (told.isArray()) {
      told.forEach(each -> ids.add(each.asInt(-1)));
    } else if (!piece.isEmpty()) {
      lacksIds = true;
    }
    finish = choice.path("finish_reason").asString("");
    boolean says = !piece.isEmpty() || thinks;
    // a part is a token, but for the one that begins a conversation and one that only ends it
    parts += says || (finish.isEmpty() && !delta.has("role")) ? 1 : 0;
    if (says || !finish.isEmpty()) {
      // what has no text is half a character, or text held back: it is computed again
      certain = ids.size();
      certainParts = parts;
    }
  }

  /** Takes a prompt's ids where a backend tells them. */
  void prompt(JsonNode told) {
    if (told.isArray() && prompt.isEmpty()) {
      told.forEach(each -> prompt.add(each.asInt(-1)));
    }
  }

  /** Forgets tokens whose text the client does not have. */
  void cut() {
    ids.subList(certain, ids.size()).clear();
    parts = certainParts;
  }

  /** All ids count, since their text is told to the client now. */
  void keep(String rest) {
    text.append(rest);
    certain = ids.size();
  }

  /** It was ended by us. */
  void finish(String why) {
    finish = why;
  }

  /** Tokens that a backend counted beyond those that could be counted here. */
  void counted(int tokens) {
    uncounted = Math.max(0, tokens - tokens());
  }

  List<Integer> promptIds() {
    return prompt;
  }

  List<Integer> ids() {
    return ids;
  }

  String text() {
    return text.toString();
  }

  /** Whether the ids of all its text are known. */
  boolean hasIds() {
    return !lacksIds && !ids.isEmpty();
  }

  /** Whether the client has nothing of it. */
  boolean isEmpty() {
    return text.isEmpty() && !structured && !thinking && finish.isEmpty();
  }

  /** Whether what was told last is plain text. */
  boolean isPlain() {
    return !structured && !thinking;
  }

  boolean isOver() {
    return !finish.isEmpty();
  }

  /** Tokens so far; a part counts as one where ids are not told. */
  int tokens() {
    return (hasIds() ? ids.size() : parts) + uncounted;
  }
}

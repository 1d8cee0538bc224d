package dev.banyan.serve.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * What a client has of one answer: where another backend goes on. Ids may have gaps until they are
 * {@link #fill filled}.
 */
final class Emitted {
  final int index;
  private final List<Integer> prompt = new ArrayList<>();
  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private int certain;
  private int parts;
  private int certainParts;
  private int uncounted;
  private final List<Gap> gaps = new ArrayList<>();
  private OptionalInt promptTokens = OptionalInt.empty();
  private boolean promptStrange;
  private boolean lacksIds;
  private boolean structured;
  private boolean thinking;
  private String finish = "";

  /**
   * Tokens that were counted and not told.
   *
   * @param from the first of them
   * @param to past the token that was told after them, which ends a character they began
   * @param text of all of these
   */
  record Gap(int from, int to, String text) {}

  Emitted(int index) {
    this.index = index;
  }

  /**
   * Takes a choice of a part of a stream.
   *
   * @param told the ids of its tokens, where its backend tells them
   */
  void take(JsonNode choice, JsonNode told, boolean chat) {
    JsonNode delta = choice.path("delta");
    String piece = chat ? delta.path("content").asString("") : choice.path("text").asString("");
    text.append(piece);
    structured |= delta.hasNonNull("tool_calls") || delta.hasNonNull("function_call");
    boolean thinks =
        !delta.path("reasoning").asString("").isEmpty()
            || !delta.path("reasoning_content").asString("").isEmpty();
    thinking = thinks || (thinking && piece.isEmpty());
    prompt(choice.path("prompt_token_ids"));
    if (told.isArray()) {
      int from = ids.size();
      told.forEach(each -> ids.add(each.asInt(IdReader.UNTOLD)));
      if (ids.subList(from, ids.size()).contains(IdReader.UNTOLD)) {
        gaps.add(new Gap(from, ids.size(), piece));
      }
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

  /** Its prompt has so many tokens, 0 where that was not told; what is told first counts. */
  void prompted(int tokens) {
    if (promptTokens.isEmpty() && !promptStrange && tokens > 0) {
      promptTokens = OptionalInt.of(tokens);
    }
  }

  /** Its prompt's ids, which count where they are as many as were counted. */
  void promptIs(List<Integer> known) {
    if (promptTokens.isPresent() && known.size() == promptTokens.getAsInt()) {
      prompt.addAll(known);
    } else {
      promptTokens = OptionalInt.empty();
      promptStrange = true;
    }
  }

  /** Whether its prompt's tokens were counted, and not told. */
  boolean lacksPrompt() {
    return promptTokens.isPresent() && prompt.isEmpty();
  }

  /** Whether its prompt has more to it than text, such as pictures: its tokens were others. */
  boolean isPromptStrange() {
    return promptStrange;
  }

  /** Tokens of its prompt and its own, as far as they were counted. */
  int length() {
    return Math.max(promptTokens.orElse(0), prompt.size()) + tokens();
  }

  List<Gap> gaps() {
    return List.copyOf(gaps);
  }

  /** The tokens of a gap; with none its ids are not to be known. */
  void fill(Gap gap, List<Integer> with) {
    lacksIds |= with.size() != gap.to() - gap.from();
    for (int i = 0; i < with.size() && !lacksIds; i++) {
      ids.set(gap.from() + i, with.get(i));
    }
    gaps.remove(gap);
  }

  /** Forgets tokens whose text the client does not have. */
  void cut() {
    ids.subList(certain, ids.size()).clear();
    gaps.removeIf(each -> each.to() > certain);
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

  /** Ids of what the client has. */
  List<Integer> certainIds() {
    return ids.subList(0, certain);
  }

  /** Its ids are not those of its text. */
  void forgetIds() {
    lacksIds = true;
  }

  String text() {
    return text.toString();
  }

  /** Whether the ids of all its text are known. */
  boolean hasIds() {
    return countsIds() && gaps.isEmpty();
  }

  /** Whether the ids of all its text were told or counted. */
  boolean countsIds() {
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
    return (countsIds() ? ids.size() : parts) + uncounted;
  }
}

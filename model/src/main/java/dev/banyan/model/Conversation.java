package dev.banyan.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is given. Messages, tools and documents are JSON objects as the OpenAI API
 * and transformers have them, made of maps, lists, strings, numbers, booleans and null.
 *
 * @param messages for example {@code {"role": "user", "content": "What is 2+2?"}}
 * @param tools JSON schemas of functions; null for none, which a template may tell from an empty
 *     list
 * @param documents what the answer may quote; null for none
 * @param addGenerationPrompt whether the text ends where the assistant's answer starts
 * @param variables what else the template may ask for, for example {@code enable_thinking}
 */
public record Conversation(
    List<? extends Map<String, ?>> messages,
    @Nullable List<? extends Map<String, ?>> tools,
    @Nullable List<? extends Map<String, ?>> documents,
    boolean addGenerationPrompt,
    Map<String, ?> variables) {
  public Conversation {
    messages = List.copyOf(messages);
    tools = tools == null ? null : List.copyOf(tools);
    documents = documents == null ? null : List.copyOf(documents);
    variables = Collections.unmodifiableMap(variables);
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("a conversation needs at least one message");
    }
  }

  /** Messages that the assistant is to answer. */
  public static Conversation toAnswer(List<? extends Map<String, ?>> messages) {
    return new Conversation(messages, null, null, true, Map.of());
  }

  /** A message of text. */
  public static Map<String, Object> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }

  /** The same with one message more. */
  public Conversation with(Map<String, ?> message) {
    var more = new ArrayList<Map<String, ?>>(messages);
    more.add(message);
    return new Conversation(more, tools, documents, addGenerationPrompt, variables);
  }
}

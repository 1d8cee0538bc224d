package dev.banyan.serve.gateway;

import dev.banyan.model.Tokenizer;
import dev.banyan.serve.wire.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Probabilities of tokens as the two APIs have them. A token that is no whole character is spelled
 * by its bytes as OpenAI does, so that two halves differ: {@code \xe2\x82} in conversations, {@code
 * bytes:\xe2\x82} in completions.
 */
record Logprobs(Tokenizer tokenizer) {
  private static final String HALF = "bytes:";

  /** As conversations have them. */
  Object ofChat(List<Token> tokens) {
    List<Object> content = new ArrayList<>();
    for (Token each : tokens) {
      List<Object> top = new ArrayList<>();
      for (int i = 0; i < each.topIds().length; i++) {
        top.add(one(each.topIds()[i], each.topLogprobs()[i]));
      }
      Map<String, Object> one = one(each.id(), each.logprob());
      one.put("top_logprobs", top);
      content.add(one);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("content", content);
    all.put("refusal", null);
    return all;
  }

  private Map<String, Object> one(int id, float logprob) {
    byte[] bytes = tokenizer.bytes(id);
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("token", spelled(bytes, ""));
    one.put("logprob", logprob);
    List<Integer> values = new ArrayList<>();
    for (byte b : bytes) {
      values.add(b & 0xff);
    }
    one.put("bytes", values);
    return one;
  }

  /**
   * As completions have them.
   *
   * @param prompt tokens of an echoed prompt after its first
   * @param first that first token, which has no probability; -1 without echo
   */
  Object ofText(List<Token> tokens, List<Token> prompt, int first) {
    List<String> texts = new ArrayList<>();
    List<@Nullable Object> logprobs = new ArrayList<>();
    List<@Nullable Object> tops = new ArrayList<>();
    List<Integer> offsets = new ArrayList<>();
    int offset = 0;
    if (first >= 0) {
      byte[] bytes = tokenizer.bytes(first);
      texts.add(spelled(bytes, HALF));
      logprobs.add(null);
      tops.add(null);
      offsets.add(0);
      offset = text(bytes).length();
    }
    List<Token> all = new ArrayList<>(prompt);
    all.addAll(tokens);
    for (Token each : all) {
      byte[] bytes = tokenizer.bytes(each.id());
      texts.add(spelled(bytes, HALF));
      logprobs.add(each.logprob());
      Map<String, Object> top = new LinkedHashMap<>();
      for (int i = 0; i < each.topIds().length; i++) {
        top.putIfAbsent(spelled(tokenizer.bytes(each.topIds()[i]), HALF), each.topLogprobs()[i]);
      }
      tops.add(top);
      offsets.add(offset);
      offset += text(bytes).length();
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("tokens", texts);
    map.put("token_logprobs", logprobs);
    map.put("top_logprobs", tops);
    map.put("text_offset", offsets);
    return map;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String spelled(byte[] bytes, String half) {
    String text = text(bytes);
    if (Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
      return text;
    }
    var spelled = new StringBuilder(half);
    for (byte b : bytes) {
      spelled.append("\\x%02x".formatted(b & 0xff));
    }
    return spelled.toString();
  }
}

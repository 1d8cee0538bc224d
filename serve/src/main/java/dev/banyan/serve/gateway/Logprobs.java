package dev.banyan.serve.gateway;

import dev.banyan.model.Tokenizer;
import dev.banyan.serve.wire.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Probabilities of tokens as the two APIs have them. */
record Logprobs(Tokenizer tokenizer) {
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
    return Map.of("content", content);
  }

  private Map<String, Object> one(int id, float logprob) {
    String text = spelled(id);
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("token", text);
    one.put("logprob", logprob);
    List<Integer> bytes = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(b & 0xff);
    }
    one.put("bytes", bytes);
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
      texts.add(spelled(first));
      logprobs.add(null);
      tops.add(null);
      offsets.add(0);
      offset = texts.getFirst().length();
    }
    List<Token> all = new ArrayList<>(prompt);
    all.addAll(tokens);
    for (Token each : all) {
      String text = spelled(each.id());
      texts.add(text);
      logprobs.add(each.logprob());
      Map<String, Object> top = new LinkedHashMap<>();
      for (int i = 0; i < each.topIds().length; i++) {
        top.putIfAbsent(spelled(each.topIds()[i]), each.topLogprobs()[i]);
      }
      tops.add(top);
      offsets.add(offset);
      offset += text.length();
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("tokens", texts);
    map.put("token_logprobs", logprobs);
    map.put("top_logprobs", tops);
    map.put("text_offset", offsets);
    return map;
  }

  private String spelled(int id) {
    return tokenizer.decode(new int[] {id}, false);
  }
}

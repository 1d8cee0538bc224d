package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.serve.wire.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of an answer, whole or in the chunks of a stream.
 *
 * @param created seconds since 1970
 */
record CompletionAnswer(CompletionRequest asked, Logprobs logprobs, long created) {
  /** The next chunk of a choice. */
  String chunk(Choice choice, Object delta, @Nullable Token token, @Nullable String finish) {
    boolean begins = choice.begins();
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("index", choice.index);
    one.put(asked.chat() ? "delta" : "text", delta);
    boolean probable = token != null && asked.logprobs() >= 0;
    one.put("logprobs", probable ? probabilities(List.of(token), List.of(), -1) : null);
    one.put("finish_reason", finish);
    Map<String, Object> all = envelope(true);
    if (asked.ids() && token != null) {
      one.put("token_ids", List.of(token.id()));
    }
    if (asked.ids() && begins) {
      // as vLLM has them: a conversation's prompt beside its first part, others' in their choice
      (asked.chat() ? all : one).put("prompt_token_ids", choice.stream.asked.prompt());
    }
    all.put("choices", List.of(one));
    if (asked.usage()) {
      all.put("usage", null);
    }
    return "data: " + Json.mapper().writeValueAsString(all) + "\n\n";
  }

  /** The last chunk when counts were asked for. */
  String last(List<Choice> choices) {
    Map<String, Object> last = envelope(true);
    last.put("choices", List.of());
    last.put("usage", usage(choices));
    return "data: " + Json.mapper().writeValueAsString(last) + "\n\n";
  }

  Object whole(List<Choice> choices) {
    List<Object> list = new ArrayList<>();
    for (Choice each : choices) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("index", each.index);
      if (asked.chat()) {
        one.put("message", message(each));
      } else {
        int[] prompt = each.stream.asked.prompt();
        String before = asked.echo() ? logprobs.tokenizer().decode(prompt, true) : "";
        one.put("text", before + each.text);
      }
      Object probable = null;
      if (asked.logprobs() >= 0) {
        int first = asked.echo() ? each.stream.asked.prompt()[0] : -1;
        List<Token> told = new ArrayList<>(each.tokens);
        if (!asked.chat() && each.end != null) {
          told.add(each.end); // as vLLM; lm_eval takes the last entry for what was generated
        }
        probable = probabilities(told, asked.echo() ? each.stream.prompt : List.of(), first);
      }
      one.put("logprobs", probable);
      one.put("finish_reason", each.finish);
      if (asked.ids()) {
        one.put("token_ids", each.tokens.stream().map(Token::id).toList());
        if (!asked.chat()) {
          one.put("prompt_token_ids", each.stream.asked.prompt());
        }
      }
      list.add(one);
    }
    Map<String, Object> all = envelope(false);
    all.put("choices", list);
    all.put("usage", usage(choices));
    if (asked.ids() && asked.chat()) {
      all.put("prompt_token_ids", choices.getFirst().stream.asked.prompt());
    }
    return all;
  }

  private static Object message(Choice choice) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    boolean calls = choice.tools != null && !choice.tools.calls().isEmpty();
    message.put("content", calls && choice.text.isEmpty() ? null : choice.text.toString());
    message.put("refusal", null);
    if (choice.tools != null && calls) {
      List<Object> all = new ArrayList<>();
      for (Map<String, Object> each : choice.tools.calls()) {
        Map<String, Object> call = new LinkedHashMap<>(each);
        call.remove("index"); // a stream's only
        all.add(call);
      }
      message.put("tool_calls", all);
    }
    return message;
  }

  private Object usage(List<Choice> choices) {
    int prompt = 0;
    int answer = 0;
    for (Choice each : choices) {
      prompt += each.index % asked.choices() == 0 ? each.stream.asked.prompt().length : 0;
      answer += each.tokens.size();
    }
    return Map.of(
        "prompt_tokens", prompt, "completion_tokens", answer, "total_tokens", prompt + answer);
  }

  private Map<String, Object> envelope(boolean chunk) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("id", asked.id());
    all.put(
        "object",
        asked.chat() ? (chunk ? "chat.completion.chunk" : "chat.completion") : "text_completion");
    all.put("created", created);
    all.put("model", asked.model());
    return all;
  }

  private Object probabilities(List<Token> tokens, List<Token> prompt, int first) {
    return asked.chat() ? logprobs.ofChat(tokens) : logprobs.ofText(tokens, prompt, first);
  }
}

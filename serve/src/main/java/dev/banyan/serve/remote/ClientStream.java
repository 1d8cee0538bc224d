package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.OpenAiError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What one client was told, and how it is told more: parts that follow another backend's look as if
 * the first one had written them.
 */
final class ClientStream {
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final List<Emitted> answers = new ArrayList<>();
  private final ObjectNode envelope = Json.mapper().createObjectNode();
  private int promptTokens;

  ClientStream(Exchange exchange, AskedCompletion asked) {
    this.exchange = exchange;
    this.asked = asked;
    for (int i = 0; i < asked.answers(); i++) {
      answers.add(new Emitted(i));
    }
  }

  /** The client went away; nobody is to be told any more. */
  static final class ClientGoneException extends IOException {
    private static final long serialVersionUID = 1;

    ClientGoneException(IOException cause) {
      super(cause);
    }
  }

  List<Emitted> answers() {
    return answers;
  }

  /** Whether the client has nothing yet. */
  boolean isEmpty() {
    return answers.stream().allMatch(Emitted::isEmpty);
  }

  /** Whether all of it could go on elsewhere with nothing lost. */
  boolean isMovable() {
    return isEmpty()
        || answers.stream().allMatch(each -> each.isOver() || Continuation.isExact(asked, each));
  }

  /** Prompts have so many tokens, as a backend counts them. */
  void prompted(int tokens) {
    promptTokens = tokens;
  }

  /** Keeps account of a part that is passed on as it is. */
  void note(JsonNode part, IdReader ids) {
    int before = answers.stream().mapToInt(Emitted::tokens).sum();
    if (envelope.isEmpty()) {
      for (String each : List.of("id", "object", "created", "model", "system_fingerprint")) {
        if (part.has(each)) {
          envelope.set(each, part.get(each));
        }
      }
      answers.forEach(each -> each.prompt(part.path("prompt_token_ids")));
      exchange.trip().named(part.path("id").asString(""));
    }
    for (JsonNode choice : part.path("choices")) {
      int index = choice.path("index").asInt(0);
      if (index >= 0 && index < answers.size()) {
        answers.get(index).prompted(ids.promptTokens(part));
        answers.get(index).take(choice, ids.ids(part, choice), asked.chat());
      }
    }
    promptTokens = Math.max(promptTokens, part.path("usage").path("prompt_tokens").asInt(0));
    exchange.trip().tokens(Math.max(0, answers.stream().mapToInt(Emitted::tokens).sum() - before));
  }

  void tell(Emitted emitted, String text, String finish, ObjectNode also) throws IOException {
    if (asked.chat()) {
      ObjectNode delta = also.putObject("delta");
      if (!text.isEmpty()) {
        delta.put("content", text);
      }
    } else {
      also.put("text", text);
    }
    tell(emitted, also, finish);
  }

  void tell(Emitted emitted, ObjectNode choice, String finish) throws IOException {
    choice.put("index", emitted.index);
    if (finish.isEmpty()) {
      choice.putNull("finish_reason");
    } else {
      choice.put("finish_reason", finish);
    }
    ObjectNode part = envelope.deepCopy();
    part.putArray("choices").add(choice);
    tell(part);
  }

  private void tell(ObjectNode part) throws IOException {
    String text = "data: " + Json.mapper().writeValueAsString(part) + "\n\n";
    tell(text.getBytes(StandardCharsets.UTF_8));
  }

  void tell(byte[] bytes) throws IOException {
    try {
      exchange.event(bytes);
    } catch (IOException e) {
      throw new ClientGoneException(e);
    }
  }

  void fail(int status, String message) throws IOException {
    String error = OpenAiError.of(status, message);
    if (exchange.isStreaming()) {
      tell(("data: " + error + "\n\n").getBytes(StandardCharsets.UTF_8));
    } else {
      exchange.send(status, "application/json", error);
    }
  }

  /** The end of a stream, with the usage if that was asked for. */
  void end() throws IOException {
    if (asked.wantsUsage()) {
      int completion = answers.stream().mapToInt(Emitted::tokens).sum();
      ObjectNode last = envelope.deepCopy();
      last.putArray("choices");
      last.putObject("usage")
          .put("prompt_tokens", promptTokens())
          .put("completion_tokens", completion)
          .put("total_tokens", promptTokens() + completion);
      tell(last);
    }
    tell("data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII));
  }

  /** Tokens of all prompts as they were told, or as their ids count. */
  int promptTokens() {
    int counted = 0;
    for (int i = 0; i < answers.size(); i += asked.choices()) {
      counted += answers.get(i).promptIds().size();
    }
    return counted > 0 ? counted : promptTokens;
  }
}

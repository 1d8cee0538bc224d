package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Parts of llama.cpp's streams, member by member in the order it writes them (server-task.cpp at
 * de3ff81): one a token, and one that ends it.
 *
 * @param verbose a completion's parts tell more
 * @param probabilities a conversation's parts have that of their token
 * @param timings and how many there were
 */
record FakeLlama(
    String model, boolean chat, boolean verbose, boolean probabilities, boolean timings) {
  static FakeLlama of(String model, boolean chat, boolean old, JsonNode request) {
    return new FakeLlama(
        model,
        chat,
        !old && request.path("verbose").asBoolean(false),
        !old && request.path("n_probs").asInt(0) > 0,
        !old && request.path("timings_per_token").asBoolean(false));
  }

  /** A token and how many there were with it. */
  record Token(int index, int id, String text, int prompt, int made) {}

  String role(int index) {
    ObjectNode choice = Json.mapper().createObjectNode();
    choice.putNull("finish_reason").put("index", index);
    choice.putObject("delta").put("role", "assistant").putNull("content");
    return text(envelope(choice));
  }

  String part(Token token) {
    ObjectNode choice = Json.mapper().createObjectNode();
    if (chat) {
      choice.putNull("finish_reason").put("index", token.index());
      choice.putObject("delta").put("content", token.text());
      if (probabilities) {
        probability(choice.putObject("logprobs").putArray("content"), token);
      }
    } else {
      choice.put("text", token.text()).put("index", token.index());
      choice.putNull("logprobs").putNull("finish_reason");
    }
    ObjectNode all = envelope(choice);
    if (verbose && !chat) {
      ObjectNode more = all.putObject("__verbose");
      more.put("index", token.index()).put("content", token.text());
      more.putArray("tokens").add(token.id());
      more.put("stop", false).put("id_slot", -1);
      more.put("tokens_predicted", token.made()).put("tokens_evaluated", token.prompt());
    }
    if (timings) {
      timings(all, token);
    }
    return text(all);
  }

  private static void probability(ArrayNode content, Token token) {
    ObjectNode one = content.addObject().put("id", token.id()).put("token", token.text());
    ArrayNode bytes = one.putArray("bytes");
    for (byte each : token.text().getBytes(StandardCharsets.UTF_8)) {
      bytes.add(each & 0xff);
    }
    one.put("prob", 1.0).putArray("top_probs").addObject().put("id", token.id());
  }

  private static void timings(ObjectNode all, Token token) {
    ObjectNode timings = all.putObject("timings").put("cache_n", 1);
    timings.put("prompt_n", token.prompt() - 1).put("prompt_ms", 3.25);
    timings.put("predicted_n", token.made());
  }

  /** The part that ends an answer. */
  List<String> last(Token token, String finish, JsonNode usage, boolean tellsUsage) {
    ObjectNode choice = Json.mapper().createObjectNode();
    if (!chat) {
      choice.put("text", "").put("index", token.index());
      choice.putNull("logprobs").put("finish_reason", finish);
      ObjectNode all = envelope(choice);
      all.set("usage", usage);
      all.set("id", all.remove("id"));
      if (verbose) {
        ObjectNode more = all.putObject("__verbose");
        more.put("content", "").putArray("tokens");
        more.putObject("generation_settings").put("stop", "}\"]\\");
        more.put("prompt", "secret \"}]{ \\\" prompt").put("id_slot", 0).put("stop", true);
      }
      timings(all, token);
      return List.of(text(all));
    }
    choice.put("finish_reason", finish).put("index", token.index()).putObject("delta");
    ObjectNode all = envelope(choice);
    if (!tellsUsage) {
      timings(all, token);
      return List.of(text(all));
    }
    ObjectNode counted = envelope(choice);
    counted.putArray("choices");
    counted.set("usage", usage);
    timings(counted, token);
    return List.of(text(all), text(counted));
  }

  private ObjectNode envelope(ObjectNode choice) {
    ObjectNode all = Json.mapper().createObjectNode();
    all.putArray("choices").add(choice);
    all.put("created", 1700000000);
    if (chat) {
      all.put("id", "chatcmpl-fake").put("model", model);
      all.put("system_fingerprint", "b7000-fake").put("object", "chat.completion.chunk");
    } else {
      all.put("model", model).put("system_fingerprint", "b7000-fake");
      all.put("object", "text_completion").put("id", "cmpl-fake");
    }
    return all;
  }

  private static String text(ObjectNode all) {
    return Json.mapper().writeValueAsString(all);
  }
}

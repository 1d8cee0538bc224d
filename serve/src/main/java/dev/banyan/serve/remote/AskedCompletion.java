package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.http.JsonBody;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A completion as a client asked for it.
 *
 * @param path {@code /v1/chat/completions} or {@code /v1/completions}
 * @param bytes its body as it came
 */
@SuppressWarnings("ArrayRecordComponent") // read only here
record AskedCompletion(String path, byte[] bytes, ObjectNode body) {
  private static final String CHAT = "/v1/chat/completions";

  /** How many tokens OpenAI and those who follow it give when a completion names no number. */
  private static final int USUAL_MOST = 16;

  /**
   * Reads a body.
   *
   * @throws BadRequestException when it is not UTF-8 or no JSON object, names a model that is no
   *     text, or asks for too many answers
   */
  static AskedCompletion of(String path, byte[] bytes) throws BadRequestException {
    var asked = new AskedCompletion(path, bytes, JsonBody.read(bytes));
    String unusedName = model(asked.body);
    JsonBody.requireFew((long) asked.choices() * asked.prompts().size());
    return asked;
  }

  boolean chat() {
    return path.equals(CHAT);
  }

  boolean streams() {
    return body.path("stream").asBoolean(false);
  }

  /** Whether the client wants token ids itself. */
  boolean wantsIds() {
    return body.path("return_token_ids").asBoolean(false);
  }

  boolean wantsUsage() {
    return body.path("stream_options").path("include_usage").asBoolean(false);
  }

  String model() {
    return body.path("model").asString("");
  }

  /**
   * The model a body names; empty when it names none.
   *
   * @throws BadRequestException when it is no text
   */
  static String model(JsonNode body) throws BadRequestException {
    JsonNode model = body.path("model");
    if (!model.isString() && !model.isMissingNode() && !model.isNull()) {
      throw new BadRequestException(400, "'model' must be text");
    }
    return model.asString("");
  }

  int choices() {
    return Math.max(1, body.path("n").asInt(1));
  }

  /** Prompts of a completion: texts, or lists of token ids. */
  List<JsonNode> prompts() {
    JsonNode prompt = body.path("prompt");
    boolean many = prompt.isArray() && !prompt.isEmpty() && !prompt.get(0).isNumber();
    List<JsonNode> all = new ArrayList<>();
    if (many) {
      prompt.forEach(all::add);
    } else {
      all.add(prompt);
    }
    return all;
  }

  /** Answers that were asked for. */
  int answers() {
    return choices() * (chat() ? 1 : prompts().size());
  }

  List<String> stops() {
    JsonNode stop = body.path("stop");
    List<String> all = new ArrayList<>();
    if (stop.isString()) {
      all.add(stop.asString());
    }
    for (JsonNode each : stop) {
      all.add(each.asString(""));
    }
    all.removeIf(String::isEmpty);
    return all;
  }

  /** The most tokens of an answer; -1 when the client left it to the server. */
  int most() {
    for (String key : List.of("max_completion_tokens", "max_tokens")) {
      if (body.path(key).isIntegralNumber()) {
        return body.path(key).asInt(-1);
      }
    }
    return chat() ? -1 : USUAL_MOST;
  }

  /** A guess at the tokens of its prompts, four characters each, for choosing a backend. */
  int promptTokens() {
    JsonNode prompt = body.path("prompt");
    return prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isNumber()
        ? prompt.size()
        : bytes.length / 4;
  }

  /** The client's own bytes, where the model has that name for the backend too. */
  byte[] sent(String modelThere) {
    return sent(bytes, body, modelThere);
  }

  /**
   * A body as it came, where the model it names has that name for the backend too.
   *
   * @param bytes the same as the body
   */
  static byte[] sent(byte[] bytes, ObjectNode body, String modelThere) {
    return modelThere.equals(body.path("model").asString("")) || !body.has("model")
        ? bytes
        : Json.mapper().writeValueAsBytes(body.deepCopy().put("model", modelThere));
  }

  /** What a backend is sent: the client's own bytes, with ids asked for where that helps. */
  byte[] sent(Kind kind, String modelThere) {
    byte[] sent = sent(modelThere);
    String fields = streams() ? kind.ids(chat()).fields(this) : "";
    if (fields.isEmpty()) {
      return sent;
    }
    int brace = 0;
    while (sent[brace] != '{') {
      brace++;
    }
    byte[] with = ("{" + fields).getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(with, sent.length - brace - 1 + with.length);
    System.arraycopy(sent, brace + 1, all, with.length, sent.length - brace - 1);
    return all;
  }
}

package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a backend says of the texts and tokens of a model, in small questions beside the answers.
 *
 * @param model as the backend calls it; empty to leave it out
 */
record BackendTokenizer(BackendHttp line, Backend backend, String model) {
  /**
   * Finds ids that llama.cpp counted and did not tell: those of a prompt by the tokenizer that made
   * them, and those of the begin of a character from the whole of it. What does not come out as
   * many as were counted, ending with the id that was told, is not believed.
   *
   * @throws IOException when the backend does not answer
   */
  void learn(AskedCompletion asked, Emitted emitted) throws IOException {
    boolean vain = !emitted.countsIds() || Continuation.bound(asked).isPresent();
    if (!backend.kind.countsPrompts() || vain) {
      return;
    }
    if (emitted.lacksPrompt()) {
      ObjectNode body = Json.mapper().createObjectNode();
      if (asked.chat()) {
        body.put("content", template(asked));
      } else {
        body.set("content", Continuation.said(asked, emitted));
      }
      body.put("add_special", true);
      body.put("parse_special", true);
      List<Integer> ids = new ArrayList<>();
      tokens(body).forEach(each -> ids.add(each.asInt(IdReader.UNTOLD)));
      emitted.promptIs(ids);
    }
    for (Emitted.Gap each : emitted.gaps()) {
      emitted.fill(each, tokens(each, emitted.ids().get(each.to() - 1)));
    }
  }

  /**
   * Whether the text that a client has is that of the ids, which it is not while a server that
   * reads conversations for thoughts and tools holds back a part of a token, and where tokens have
   * no text of their own. Such ids would leave something out. Before stop strings all ids count, as
   * {@link Resumed} tells what they held back.
   *
   * @throws IOException when the backend does not answer
   */
  boolean agrees(AskedCompletion asked, Emitted emitted) throws IOException {
    if (!backend.kind.countsPrompts() || !emitted.hasIds()) {
      return true;
    }
    if (!asked.stops().isEmpty()) {
      return detokenized(emitted.ids()).startsWith(emitted.text());
    }
    return !asked.chat() || detokenized(emitted.certainIds()).endsWith(emitted.text());
  }

  /** The tokens of a gap; empty where these cannot be them. */
  private List<Integer> tokens(Emitted.Gap gap, int last) throws IOException {
    ObjectNode body = Json.mapper().createObjectNode();
    body.put("content", gap.text());
    body.put("add_special", false);
    body.put("parse_special", false);
    body.put("with_pieces", true);
    JsonNode all = tokens(body);
    int size = gap.to() - gap.from();
    List<Integer> ids = new ArrayList<>();
    var bytes = new java.io.ByteArrayOutputStream();
    // some put a space before every text
    for (int i = Math.max(0, all.size() - size); i < all.size(); i++) {
      ids.add(all.get(i).path("id").asInt(IdReader.UNTOLD));
      JsonNode piece = all.get(i).path("piece");
      if (piece.isString()) {
        bytes.writeBytes(piece.asString().getBytes(StandardCharsets.UTF_8));
      }
      piece.forEach(each -> bytes.write(each.asInt(0)));
    }
    boolean same = Arrays.equals(bytes.toByteArray(), gap.text().getBytes(StandardCharsets.UTF_8));
    return same && ids.size() == size && ids.getLast() == last ? ids : List.of();
  }

  private JsonNode tokens(ObjectNode body) throws IOException {
    HttpResponse<String> answer = post("/tokenize", body);
    JsonNode tokens = BackendHttp.json(answer).path("tokens");
    if (answer.statusCode() != 200 || !tokens.isArray()) {
      throw new IOException("/tokenize is not answered");
    }
    return tokens;
  }

  /**
   * The text of token ids.
   *
   * @throws IOException when the backend does not tell
   */
  String detokenized(List<Integer> ids) throws IOException {
    ObjectNode body = Json.mapper().createObjectNode();
    ArrayNode tokens = body.putArray("tokens");
    ids.forEach(tokens::add);
    HttpResponse<String> answer = post("/detokenize", body);
    JsonNode text = BackendHttp.json(answer);
    for (String each : List.of("prompt", "text", "content")) {
      if (answer.statusCode() == 200 && text.path(each).isString()) {
        return text.path(each).asString();
      }
    }
    throw new IOException("/detokenize is not answered");
  }

  /**
   * A conversation as llama.cpp writes it for the model.
   *
   * @throws IOException when it does not
   */
  String template(AskedCompletion asked) throws IOException {
    HttpResponse<String> answer = post("/apply-template", asked.sent(model));
    JsonNode prompt = BackendHttp.json(answer).path("prompt");
    if (answer.statusCode() != 200 || !prompt.isString()) {
      throw new IOException("/apply-template is not answered");
    }
    return prompt.asString();
  }

  private HttpResponse<String> post(String path, ObjectNode body) throws IOException {
    if (!model.isEmpty()) {
      body.put("model", model);
    }
    return post(path, Json.mapper().writeValueAsBytes(body));
  }

  private HttpResponse<String> post(String path, byte[] body) throws IOException {
    try {
      return line.post(backend.url, path, body);
    } catch (ConnectException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(path + " is not answered", e);
    }
  }
}

package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.serve.http.BadRequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Messages of the chat API as chat templates expect them: content is one text (parts of text are
 * put together with line ends, none is empty), and arguments of calls are objects rather than JSON
 * within JSON.
 */
final class Messages {
  private Messages() {}

  static List<Map<String, ?>> of(JsonNode list) throws BadRequestException {
    List<Map<String, ?>> all = new ArrayList<>();
    for (JsonNode each : list) {
      if (!each.isObject() || !each.path("role").isString()) {
        throw new BadRequestException(400, "each of 'messages' must be an object with a 'role'");
      }
      Map<String, Object> message = new LinkedHashMap<>(map(each));
      message.put("content", content(each.path("content")));
      if (each.path("tool_calls").isArray()) {
        message.put("tool_calls", calls(each.path("tool_calls")));
      }
      all.add(message);
    }
    return all;
  }

  @SuppressWarnings("unchecked") // a JSON object is a map
  private static Map<String, Object> map(JsonNode object) {
    return Json.mapper().convertValue(object, Map.class);
  }

  private static String content(JsonNode content) throws BadRequestException {
    if (content.isMissingNode() || content.isNull()) {
      return "";
    }
    if (content.isString()) {
      return content.asString();
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode part : content) {
      if (!part.path("type").asString("").equals("text") || !part.path("text").isString()) {
        throw new BadRequestException(
            400,
            "a message's 'content' must be text or parts of type 'text'; nothing else is read");
      }
      texts.add(part.path("text").asString());
    }
    if (!content.isArray()) {
      throw new BadRequestException(400, "a message's 'content' must be text or a list of parts");
    }
    return String.join("\n", texts);
  }

  private static List<Object> calls(JsonNode list) throws BadRequestException {
    List<Object> all = new ArrayList<>();
    for (JsonNode each : list) {
      JsonNode function = each.path("function");
      if (!function.path("name").isString()) {
        throw new BadRequestException(400, "each of 'tool_calls' must have a function with a name");
      }
      Map<String, Object> called = new LinkedHashMap<>(map(function));
      JsonNode arguments = function.path("arguments");
      if (arguments.isString()) {
        try {
          called.put("arguments", Json.mapper().readValue(arguments.asString(), Object.class));
        } catch (JacksonException e) {
          throw new BadRequestException(400, "the arguments of a tool call are no JSON");
        }
      }
      Map<String, Object> call = new LinkedHashMap<>(map(each));
      call.put("function", called);
      all.add(call);
    }
    return all;
  }
}

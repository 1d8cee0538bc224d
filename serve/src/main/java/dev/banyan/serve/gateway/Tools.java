package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.serve.engine.JsonSchema;
import dev.banyan.serve.http.BadRequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The tools of a chat request and which of them the answer must call. A call that is asked for by
 * name, or by {@code required}, is enforced by a schema, so any model makes it.
 *
 * @param shown what the template is given; null without tools
 * @param schema the whole answer must fit, when a call is a must; else empty
 */
record Tools(@Nullable List<Map<String, ?>> shown, String schema) {
  static final Tools NONE = new Tools(null, "");

  static Tools of(JsonNode body) throws BadRequestException {
    JsonNode tools = body.path("tools");
    JsonNode choice = body.path("tool_choice");
    boolean none = choice.isString() && choice.asString().equals("none");
    if (tools.isMissingNode() || tools.isNull() || (tools.isArray() && tools.isEmpty())) {
      if (choice.isObject() || choice.asString("").equals("required")) {
        throw new BadRequestException(
            400, "'tool_choice' asks for a call, but there are no 'tools'");
      }
      return NONE;
    }
    if (!tools.isArray()) {
      throw new BadRequestException(400, "'tools' must be a list");
    }
    List<Map<String, ?>> shown = new ArrayList<>();
    for (JsonNode each : tools) {
      shown.add(shown(each));
    }
    return none ? NONE : new Tools(shown, schema(tools, choice));
  }

  /** What reads the calls of one answer; null without tools. */
  @Nullable ToolCalls reader(String id) {
    if (shown == null) {
      return null;
    }
    return schema.isEmpty() ? new ToolCalls(id) : ToolCalls.begun(id);
  }

  @SuppressWarnings("unchecked") // a JSON object is a map
  private static Map<String, ?> shown(JsonNode tool) throws BadRequestException {
    if (!tool.at("/function/name").isString()) {
      throw new BadRequestException(400, "each of 'tools' must have a 'function' with a 'name'");
    }
    return Json.mapper().convertValue(tool, Map.class);
  }

  private static String schema(JsonNode tools, JsonNode choice) throws BadRequestException {
    if (choice.isMissingNode() || choice.isNull() || choice.asString("").equals("auto")) {
      return "";
    }
    String named = choice.at("/function/name").asString("");
    if (named.isEmpty() && !choice.asString("").equals("required")) {
      throw new BadRequestException(
          400, "'tool_choice' must be none, auto, required or {type: function, function: {name}}");
    }
    List<Object> calls = new ArrayList<>();
    for (JsonNode each : tools) {
      String name = each.at("/function/name").asString("");
      if (named.isEmpty() || named.equals(name)) {
        calls.add(call(name, each.at("/function/parameters")));
      }
    }
    if (calls.isEmpty()) {
      throw new BadRequestException(400, "'tool_choice' asks for '" + named + "', not in 'tools'");
    }
    String schema =
        Json.mapper()
            .writeValueAsString(calls.size() == 1 ? calls.getFirst() : Map.of("anyOf", calls));
    JsonSchema.check(schema);
    return schema;
  }

  private static Object call(String name, JsonNode parameters) {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("name", Map.of("const", name));
    properties.put(
        "arguments", parameters.path("type").isString() ? parameters : Map.of("type", "object"));
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("type", "object");
    call.put("properties", properties);
    call.put("required", List.of("name", "arguments"));
    call.put("additionalProperties", false);
    return call;
  }
}

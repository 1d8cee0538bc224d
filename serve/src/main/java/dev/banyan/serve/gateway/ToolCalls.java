package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Calls of tools in an answer, as templates of the Qwen kind have models write them: {@code
 * <tool_call>{"name": …, "arguments": {…}}</tool_call>}. Text before the first is content and is
 * handed on as soon as it cannot begin one; what does not parse is content too.
 */
final class ToolCalls {
  private static final String BEGIN = "<tool_call>";
  private static final String END = "</tool_call>";

  private final StringBuilder held = new StringBuilder();
  private final List<Map<String, Object>> calls = new ArrayList<>();
  private final String id;

  ToolCalls(String id) {
    this.id = id;
  }

  /** For an answer that is one call from its first character to its last. */
  static ToolCalls begun(String id) {
    var calls = new ToolCalls(id);
    calls.held.append(BEGIN);
    return calls;
  }

  /** Takes a piece of the answer and gives what of it is content. */
  String add(String piece) {
    held.append(piece);
    var content = new StringBuilder();
    while (true) {
      int begin = held.indexOf(BEGIN);
      if (begin < 0) {
        int keep = beginning();
        content.append(held, 0, held.length() - keep);
        held.delete(0, held.length() - keep);
        return said(content);
      }
      String before = held.substring(0, begin);
      if (calls.isEmpty() || !before.isBlank()) {
        content.append(before);
      }
      held.delete(0, begin);
      int end = held.indexOf(END);
      if (end < 0) {
        return said(content);
      }
      if (!take(held.substring(BEGIN.length(), end))) {
        content.append(held, 0, end + END.length());
      }
      held.delete(0, end + END.length());
    }
  }

  /** What is left at the end of the answer; a call that only lacks its end is taken. */
  String finish() {
    String rest = held.toString();
    held.setLength(0);
    if (rest.startsWith(BEGIN) && take(rest.substring(BEGIN.length()))) {
      return "";
    }
    return calls.isEmpty() ? rest : rest.isBlank() ? "" : rest;
  }

  /** The calls so far, as the API has them. */
  List<Map<String, Object>> calls() {
    return calls;
  }

  /** White space between calls is no content. */
  private String said(StringBuilder content) {
    return !calls.isEmpty() && content.toString().isBlank() ? "" : content.toString();
  }

  private int beginning() {
    for (int length = Math.min(BEGIN.length() - 1, held.length()); length > 0; length--) {
      if (BEGIN.startsWith(held.substring(held.length() - length))) {
        return length;
      }
    }
    return 0;
  }

  private boolean take(String text) {
    JsonNode call;
    try {
      call = Json.mapper().readTree(text);
    } catch (JacksonException e) {
      return false;
    }
    if (!call.path("name").isString()) {
      return false;
    }
    JsonNode arguments = call.has("arguments") ? call.path("arguments") : call.path("parameters");
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", call.path("name").asString(""));
    function.put(
        "arguments",
        arguments.isString()
            ? arguments.asString("")
            : arguments.isMissingNode() ? "{}" : arguments.toString());
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("index", calls.size());
    one.put("id", "call_%s_%d".formatted(id, calls.size()));
    one.put("type", "function");
    one.put("function", function);
    calls.add(one);
    return true;
  }
}

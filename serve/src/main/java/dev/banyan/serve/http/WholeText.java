package dev.banyan.serve.http;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Texts of a request must be Unicode: JSON can write one half of a surrogate pair ({@code
 * "\ud800"}, RFC 8259, section 8.2), which no tokenizer can read and no answer could repeat.
 */
public final class WholeText {
  private WholeText() {}

  /**
   * Looks at every text and every name in a body.
   *
   * @throws BadRequestException with 400 when one has half a surrogate pair
   */
  public static void check(JsonNode body) throws BadRequestException {
    Deque<JsonNode> left = new ArrayDeque<>();
    left.add(body);
    while (!left.isEmpty()) {
      JsonNode node = left.remove();
      if (node.isString()) {
        whole(node.asString());
      }
      for (Map.Entry<String, JsonNode> each : node.properties()) {
        whole(each.getKey());
      }
      node.forEach(left::add);
    }
  }

  private static void whole(String text) throws BadRequestException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw new BadRequestException(
            400,
            "a text has half a surrogate pair, \\u%04x, which is no character; both halves are needed"
                .formatted((int) c));
      }
    }
  }
}

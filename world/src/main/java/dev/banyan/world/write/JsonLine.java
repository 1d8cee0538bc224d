package dev.banyan.world.write;

import dev.banyan.world.Document;
import dev.banyan.world.Skill;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Lines of the JSONL files. Documents are by far the most bytes and have three known fields, so
 * they are escaped here (RFC 8259, section 7); the rest goes through the shared mapper.
 */
final class JsonLine {
  private JsonLine() {}

  /** {@code {"text":…,"domain":…,"index":…}} and a line end. */
  static void document(StringBuilder out, Document document) {
    out.append("{\"text\":\"");
    escape(out, document.text());
    out.append("\",\"domain\":\"").append(document.domain().label());
    out.append("\",\"index\":").append(document.index()).append("}\n");
  }

  static Map<String, Object> skill(Skill skill) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put(
        "messages",
        skill.messages().stream()
            .map(
                message -> {
                  Map<String, Object> turn = new LinkedHashMap<>();
                  turn.put("role", message.role());
                  turn.put("content", message.content());
                  return turn;
                })
            .toList());
    line.put("category", skill.category().label());
    line.put("question", skill.question());
    line.put("answer", skill.answer());
    line.put("checker", skill.checker().json());
    return line;
  }

  static void escape(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ') {
            out.append("\\u").append(String.format(Locale.ROOT, "%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
  }
}

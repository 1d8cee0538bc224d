package dev.banyan.train.read;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Example;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.Origin;
import dev.banyan.train.Example.Role;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.Example.Turn;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One line of JSONL as an example. The layout is told by the keys, line by line: {@code text};
 * {@code messages} (role, content); {@code conversations} (ShareGPT: from, value); {@code
 * instruction}, {@code input}, {@code output} (alpaca); {@code prompt} and {@code completion}.
 */
public final class JsonExamples {
  private JsonExamples() {}

  /**
   * Reads one line.
   *
   * @throws UserInputException if it is no JSON object or has none of the layouts; the message
   *     names file and line
   */
  public static Example read(String line, Origin origin) {
    JsonNode root = Json.readLine(line, origin.file(), origin.line(), JsonNode.class);
    if (!root.isObject()) {
      throw bad(origin, "a JSON object is expected, this is " + root.getNodeType());
    }
    if (root.has("messages")) {
      return chat(origin, turns(root.path("messages"), "messages", "role", "content", origin));
    }
    if (root.has("conversations")) {
      JsonNode list = root.path("conversations");
      boolean shareGpt = list.path(0).has("from");
      return chat(
          origin,
          turns(
              list,
              "conversations",
              shareGpt ? "from" : "role",
              shareGpt ? "value" : "content",
              origin));
    }
    if (root.has("instruction")) {
      String input = root.path("input").asString("");
      String instruction = string(root, "instruction", origin);
      return pair(
          origin,
          root,
          input.isBlank() ? instruction : instruction + "\n\n" + input,
          string(root, "output", origin));
    }
    if (root.has("prompt")) {
      return pair(origin, root, string(root, "prompt", origin), string(root, "completion", origin));
    }
    if (root.has("text")) {
      return new TextExample(origin, string(root, "text", origin));
    }
    throw bad(
        origin,
        "none of the keys text, messages, conversations, instruction or prompt is there; found "
            + new ArrayList<>(root.propertyNames()));
  }

  private static ChatExample pair(Origin origin, JsonNode root, String question, String answer) {
    var turns = new ArrayList<Turn>();
    String system = root.path("system").asString("");
    if (!system.isBlank()) {
      turns.add(new Turn(Role.SYSTEM, system));
    }
    turns.add(new Turn(Role.USER, question));
    turns.add(new Turn(Role.ASSISTANT, answer));
    return new ChatExample(origin, turns);
  }

  private static ChatExample chat(Origin origin, List<Turn> turns) {
    if (turns.stream().noneMatch(turn -> turn.role() == Role.ASSISTANT)) {
      throw bad(origin, "the conversation has no turn of the assistant, so nothing to learn");
    }
    return new ChatExample(origin, turns);
  }

  private static List<Turn> turns(
      JsonNode list, String key, String roleKey, String textKey, Origin origin) {
    if (!list.isArray() || list.isEmpty()) {
      throw bad(origin, "'%s' must be a list of turns that is not empty".formatted(key));
    }
    var turns = new ArrayList<Turn>();
    for (JsonNode turn : list) {
      turns.add(
          new Turn(role(string(turn, roleKey, origin), origin), content(turn, textKey, origin)));
    }
    return turns;
  }

  private static Role role(String name, Origin origin) {
    return switch (name) {
      case "system", "developer" -> Role.SYSTEM;
      case "user", "human" -> Role.USER;
      case "assistant", "gpt", "bot", "chatgpt", "model" -> Role.ASSISTANT;
      default ->
          throw bad(
              origin,
              "the role '%s' is not known; expected system, user (human) or assistant (gpt)"
                  .formatted(name));
    };
  }

  /** A string, or a list of parts of which all are text. */
  private static String content(JsonNode turn, String key, Origin origin) {
    JsonNode content = turn.path(key);
    if (!content.isArray()) {
      return string(turn, key, origin);
    }
    var text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(string(part, "text", origin));
    }
    return text.toString();
  }

  private static String string(JsonNode node, String key, Origin origin) {
    JsonNode value = node.path(key);
    if (!value.isString()) {
      throw bad(
          origin,
          value.isMissingNode()
              ? "the key '%s' is missing".formatted(key)
              : "'%s' must be a string, this is %s".formatted(key, value.getNodeType()));
    }
    return value.stringValue();
  }

  private static UserInputException bad(Origin origin, String what) {
    return new UserInputException(origin + ": " + what);
  }
}

package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Runs the programs again with a small interpreter of indented lines. */
class CodeTextTest {
  private static final World WORLD = World.of(new Seed(12), WorldSize.SMALL);

  @Test
  void programsPrintWhatTheirLastLineSays() {
    int programs = 0;
    for (int i = 0; i < 3000; i++) {
      String text = WORLD.document(Domain.CODE, i).text();
      if (text.startsWith("data = ")) {
        assertThat(Json.mapper().readTree(text.substring("data = ".length())).isEmpty()).isFalse();
        continue;
      }
      int comment = text.lastIndexOf("\n# prints ");
      assertThat(new Interpreter().run(text.substring(0, comment)))
          .as(text)
          .isEqualTo(List.of(text.substring(comment + "\n# prints ".length()).split(" ")));
      programs++;
    }
    assertThat(programs).isGreaterThan(2000);
  }

  @Test
  void theCodeSkillsAnswerIsWhatTheProgramPrints() {
    for (int i = 0; i < 500; i++) {
      Skill skill = WORLD.skill(SkillCategory.CODE, i, i % 2 == 0 ? Split.TRAIN : Split.TEST);
      String program = skill.question().substring(skill.question().indexOf('\n') + 1);
      assertThat(new Interpreter().run(program)).containsExactly(skill.answer());
    }
  }

  /** Lines with indent, one value per name; blocks are lines that are indented further. */
  private static final class Interpreter {
    private final Map<String, Integer> values = new HashMap<>();
    private final Map<String, List<Integer>> lists = new HashMap<>();
    private final Map<String, List<String>> functions = new HashMap<>();
    private final List<String> printed = new ArrayList<>();

    List<String> run(String source) {
      block(source.lines().filter(line -> !line.isBlank()).toList(), values);
      return printed;
    }

    private void block(List<String> lines, Map<String, Integer> scope) {
      int at = 0;
      while (at < lines.size()) {
        String line = lines.get(at++);
        List<String> body = new ArrayList<>();
        while (at < lines.size() && lines.get(at).startsWith("    ")) {
          body.add(lines.get(at++).substring(4));
        }
        if (line.startsWith("def ")) {
          String head = line.substring(4, line.indexOf('('));
          body.add(0, line.substring(line.indexOf('(') + 1, line.indexOf(')')));
          functions.put(head, body);
        } else if (line.startsWith("for ")) {
          int rounds = Integer.parseInt(line.replaceAll("\\D", ""));
          for (int round = 0; round < rounds; round++) {
            block(body, scope);
          }
        } else if (line.startsWith("if ")) {
          String[] parts = line.substring(3, line.length() - 1).split(" > ");
          boolean holds = value(parts[0], scope) > value(parts[1], scope);
          assertThat(lines.get(at)).isEqualTo("else:");
          String otherwise = lines.get(at + 1).substring(4);
          at += 2;
          block(holds ? body : List.of(otherwise), scope);
        } else if (line.startsWith("print(")) {
          printed.add(String.valueOf(value(line.substring(6, line.length() - 1), scope)));
        } else {
          assign(line.split(" = ", 2), scope);
        }
      }
    }

    private void assign(String[] sides, Map<String, Integer> scope) {
      if (sides[1].startsWith("[")) {
        String inside = sides[1].substring(1, sides[1].length() - 1);
        lists.put(
            sides[0], java.util.Arrays.stream(inside.split(", ")).map(Integer::valueOf).toList());
      } else {
        scope.put(sides[0], value(sides[1], scope));
      }
    }

    private int value(String expression, Map<String, Integer> scope) {
      String[] tokens = expression.split(" ");
      int value = term(tokens[0], scope);
      for (int i = 1; i < tokens.length; i += 2) {
        int next = term(tokens[i + 1], scope);
        value = tokens[i].equals("+") ? value + next : value - next;
      }
      return value;
    }

    private int term(String token, Map<String, Integer> scope) {
      if (Character.isDigit(token.charAt(0))) {
        return Integer.parseInt(token);
      }
      if (token.endsWith("]")) {
        String name = token.substring(0, token.indexOf('['));
        return lists
            .getOrDefault(name, List.of())
            .get(Integer.parseInt(token.replaceAll("\\D", "")));
      }
      if (token.endsWith(")")) {
        return call(token, scope);
      }
      assertThat(scope).containsKey(token);
      return scope.getOrDefault(token, 0);
    }

    private int call(String token, Map<String, Integer> scope) {
      List<String> body = functions.getOrDefault(token.substring(0, token.indexOf('(')), List.of());
      Map<String, Integer> local = new HashMap<>();
      local.put(
          body.get(0), value(token.substring(token.indexOf('(') + 1, token.length() - 1), scope));
      block(body.subList(1, body.size() - 1), local);
      return value(body.get(body.size() - 1).substring("return ".length()), local);
    }
  }
}

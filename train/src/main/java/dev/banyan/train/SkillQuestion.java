package dev.banyan.train;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Example.Role;
import dev.banyan.train.Example.Turn;
import dev.banyan.world.Checker;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One graded question of a skill file: a line of JSONL with {@code category}, {@code question},
 * {@code answer} and a {@code checker}. Where there is no checker, the answer itself must be given.
 */
public record SkillQuestion(String category, String question, String answer, Checker checker) {

  /** What a model is asked. */
  public List<Turn> prompt() {
    return List.of(new Turn(Role.USER, question));
  }

  /**
   * Reads a skill file.
   *
   * @throws UserInputException if the file is missing, empty, not UTF-8, or a line is no question;
   *     the message names file and line
   */
  public static List<SkillQuestion> readAll(Path file) {
    var questions = new ArrayList<SkillQuestion>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      long number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          questions.add(read(Json.readLine(line, file, number, JsonNode.class), file, number));
        }
      }
    } catch (NoSuchFileException absent) {
      throw new UserInputException("%s: no such file".formatted(file), absent);
    } catch (CharacterCodingException bad) {
      throw new UserInputException("%s: not UTF-8 text".formatted(file), bad);
    } catch (IOException unreadable) {
      throw new UserInputException(
          "%s: cannot be read: %s".formatted(file, unreadable.getMessage()), unreadable);
    }
    if (questions.isEmpty()) {
      throw new UserInputException("%s: there is no question in it".formatted(file));
    }
    return List.copyOf(questions);
  }

  /** The first questions of each category, in their order, at most so many of one. */
  public static List<SkillQuestion> firstOfEach(List<SkillQuestion> questions, int most) {
    var taken = new HashMap<String, Integer>();
    var first = new ArrayList<SkillQuestion>();
    for (SkillQuestion question : questions) {
      if (taken.merge(question.category(), 1, Integer::sum) <= most) {
        first.add(question);
      }
    }
    return List.copyOf(first);
  }

  private static SkillQuestion read(JsonNode line, Path file, long number) {
    String answer = text(line, "answer", file, number);
    Checker checker;
    try {
      checker = line.has("checker") ? Checker.of(line.path("checker")) : new Checker.Exact(answer);
    } catch (UserInputException bad) {
      throw new UserInputException("%s:%d: %s".formatted(file, number, bad.getMessage()), bad);
    }
    return new SkillQuestion(
        text(line, "category", file, number),
        text(line, "question", file, number),
        answer,
        checker);
  }

  private static String text(JsonNode line, String key, Path file, long number) {
    JsonNode value = line.path(key);
    if (!value.isString()) {
      throw new UserInputException(
          "%s:%d: a graded question needs the string '%s'".formatted(file, number, key));
    }
    return value.stringValue();
  }
}

package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Translates Velan back to English with a dictionary of its own and the documented endings. */
class VelanTextTest {
  private static final World WORLD = World.of(new Seed(13), WorldSize.SMALL);
  private static final Map<String, String> THIRD = Map.of("carry", "carries");
  private static final Map<String, String> PAST =
      Map.ofEntries(
          Map.entry("see", "saw"),
          Map.entry("find", "found"),
          Map.entry("carry", "carried"),
          Map.entry("love", "loved"),
          Map.entry("hear", "heard"),
          Map.entry("know", "knew"),
          Map.entry("lose", "lost"),
          Map.entry("sleep", "slept"),
          Map.entry("sing", "sang"),
          Map.entry("dance", "danced"));
  private static final Map<String, String> PLURAL =
      Map.of(
          "child",
          "children",
          "fish",
          "fish",
          "man",
          "men",
          "woman",
          "women",
          "wolf",
          "wolves",
          "knife",
          "knives");

  private final Map<String, String> english = new HashMap<>();

  VelanTextTest() {
    WORLD.setting().tongue().roots().forEach((word, root) -> english.put(root, word));
  }

  @Test
  void everyPairOfSentencesMatches() {
    int pairs = 0;
    for (int i = 0; i < 3000; i++) {
      String[] lines = WORLD.document(Domain.PARALLEL, i).text().split("\n");
      for (int at = 0; at + 1 < lines.length; at++) {
        if (lines[at].startsWith("English: ")
            && lines[at + 1].startsWith("Velan: ")
            && at % 2 == 0) {
          check(lines[at].substring(9), lines[at + 1].substring(7));
          pairs++;
        }
      }
      for (String line : lines) {
        String[] sides = line.split(" = ");
        if (sides.length == 2 && sides[0].startsWith("The ")) {
          check(sides[0], sides[1]);
          pairs++;
        }
      }
    }
    assertThat(pairs).isGreaterThan(1500);
  }

  @Test
  void aPassageIsTranslatedSentenceBySentence() {
    int passages = 0;
    for (int i = 0; i < 2000; i++) {
      String[] lines = WORLD.document(Domain.PARALLEL, i).text().split("\n");
      if (lines.length == 3 && lines[1].startsWith("The ") && !lines[2].startsWith("The ")) {
        String[] source = lines[1].split("(?<=\\.) ");
        String[] target = lines[2].split("(?<=\\.) ");
        assertThat(target).hasSameSizeAs(source);
        for (int s = 0; s < source.length; s++) {
          check(source[s], target[s]);
        }
        passages++;
      }
    }
    assertThat(passages).isGreaterThan(200);
  }

  @Test
  void theTranslationSkillsAnswersAreRight() {
    for (int i = 0; i < 500; i++) {
      Skill skill = WORLD.skill(SkillCategory.SENTENCE_TRANSLATION, i, Split.TEST);
      check(skill.question().substring(skill.question().indexOf(": ") + 2), skill.answer());
    }
  }

  private void check(String sentence, String velan) {
    assertThat(toEnglish(velan.substring(0, velan.length() - 1).toLowerCase(Locale.ROOT)))
        .as(velan)
        .isEqualTo(sentence.substring(0, sentence.length() - 1).toLowerCase(Locale.ROOT));
  }

  private String toEnglish(String velan) {
    List<String> words = List.of(velan.split(" "));
    String subject = "";
    String object = "";
    String place = "";
    boolean manyActors = false;
    int last = words.size() - 1;
    boolean negated = words.get(last - 1).equals("mo");
    for (int at = 0; at < last - (negated ? 1 : 0); ) {
      String noun = words.get(at++);
      String adjective = at < last && words.get(at).matches(".+e(ni)?[ks]?") ? words.get(at++) : "";
      String ending = noun.replaceFirst("^.*?a(?=(ni)?[ks]?$)", "");
      boolean plural = ending.startsWith("ni");
      String phrase =
          phrase(noun.substring(0, noun.length() - ending.length() - 1), adjective, plural);
      switch (ending.replace("ni", "")) {
        case "k" -> object = " " + phrase;
        case "s" ->
            place = (phrase.matches(".*(road|mountain|island)s?") ? " on " : " in ") + phrase;
        default -> {
          subject = phrase;
          manyActors = plural;
        }
      }
    }
    return subject + " " + verb(words.get(last), manyActors, negated) + object + place;
  }

  private String phrase(String root, String adjective, boolean plural) {
    String noun = english.getOrDefault(root, "?" + root);
    String described =
        adjective.isEmpty() ? "" : english.get(adjective.replaceFirst("e(ni)?[ks]?$", "")) + " ";
    return "the " + described + (plural ? PLURAL.getOrDefault(noun, noun + "s") : noun);
  }

  private String verb(String word, boolean plural, boolean negated) {
    String base = english.getOrDefault(word.substring(0, word.length() - 2), "?" + word);
    return switch (word.substring(word.length() - 2)) {
      case "ir" ->
          negated
              ? (plural ? "do not " : "does not ") + base
              : plural ? base : THIRD.getOrDefault(base, base + "s");
      case "ol" -> negated ? "did not " + base : PAST.getOrDefault(base, base + "ed");
      default -> (negated ? "will not " : "will ") + base;
    };
  }
}

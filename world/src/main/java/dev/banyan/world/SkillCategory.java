package dev.banyan.world;

import java.util.Locale;
import java.util.Map;

/**
 * The graded skills. A prerequisite is a skill whose step is literally done inside the later one,
 * with the reason; together they form a directed acyclic graph, the planted curriculum.
 */
public enum SkillCategory {
  NEXT_NUMBER(Map.of()),
  CARRYLESS_ADDITION(Map.of("next-number", "adding digits is counting on")),
  ADDITION(
      Map.of(
          "carryless-addition", "each column is one carry-less step",
          "next-number", "a carry counts the next column on by one")),
  SUMS(Map.of("addition", "a sum of three is two additions, one after the other")),
  COPY(Map.of()),
  REVERSE(Map.of("copy", "the same words, from the other end")),
  SORT(Map.of("copy", "the same numbers come back", "next-number", "needs the order of numbers")),
  SPELL(Map.of("copy", "a word comes back letter by letter")),
  COUNT_LETTERS(
      Map.of(
          "spell",
          "letters must be seen one by one",
          "next-number",
          "counting is next, next, next")),
  WORD_TRANSLATION(Map.of()),
  PHRASE_TRANSLATION(
      Map.of(
          "word-translation",
          "a phrase is a noun and an adjective, each translated, endings agreed")),
  SENTENCE_TRANSLATION(
      Map.of("phrase-translation", "a sentence is two phrases around a verb, with case endings")),
  ONE_HOP(Map.of()),
  TWO_HOP(Map.of("one-hop", "the answer of the first question is the subject of the second")),
  COMPARISON(Map.of("one-hop", "two ages or years are recalled", "sort", "and put in order")),
  COMMONSENSE(Map.of("attributes", "what a thing is made of decides what happens to it")),
  ATTRIBUTES(Map.of("copy", "the answer stands in the question")),
  READING(Map.of("attributes", "the passage is searched", "copy", "the last place comes back")),
  CODE(
      Map.of(
          "carryless-addition",
          "lines compute sums",
          "reading",
          "the latest value of a name counts")),
  PROTEIN_FAMILY(Map.of("copy", "a motif is found again")),
  HELD_OUT_FACTS(Map.of("one-hop", "the same questions, about facts never stated in that form"));

  @SuppressWarnings("ImmutableEnumChecker") // made by Map.of
  private final Map<String, String> prerequisites;

  SkillCategory(Map<String, String> prerequisites) {
    this.prerequisites = prerequisites;
  }

  /** The name in files, "two-hop". */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Label of each skill this one is built on, with the reason. */
  public Map<String, String> prerequisites() {
    return prerequisites;
  }
}

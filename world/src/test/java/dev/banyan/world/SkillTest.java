package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.world.graph.Relation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SkillTest {
  private static final World WORLD = World.of(new Seed(15), WorldSize.SMALL);
  private static final int DRAWS = 1500;

  private static List<Skill> draw(SkillCategory category, Split split) {
    List<Skill> skills = new ArrayList<>();
    for (int i = 0; i < DRAWS; i++) {
      skills.add(WORLD.skill(category, i, split));
    }
    return skills;
  }

  @ParameterizedTest
  @EnumSource
  void guessingTheMostFrequentTrainingAnswerIsSeldomRight(SkillCategory category) {
    Map<String, Integer> answers = new HashMap<>();
    draw(category, Split.TRAIN).forEach(skill -> answers.merge(skill.answer(), 1, Integer::sum));
    String guess = Collections.max(answers.entrySet(), Map.Entry.comparingByValue()).getKey();
    long right = draw(category, Split.TEST).stream().filter(s -> s.checker().grade(guess)).count();
    assertThat((double) right / DRAWS).isLessThan(0.16);
  }

  @ParameterizedTest
  @EnumSource
  void aCheckerAcceptsTheAnswerAndNotThatOfAnotherQuestion(SkillCategory category) {
    List<Skill> skills = draw(category, Split.TEST);
    int accepted = 0;
    for (int i = 0; i < skills.size(); i++) {
      Skill skill = skills.get(i);
      assertThat(skill.checker().grade(skill.answer())).as(skill.toString()).isTrue();
      assertThat(skill.checker().grade("  " + skill.answer() + "\nand then more")).isTrue();
      accepted += skill.checker().grade(skills.get((i + 1) % skills.size()).answer()) ? 1 : 0;
    }
    assertThat((double) accepted / DRAWS).isLessThan(0.2);
  }

  @Test
  void noTestQuestionIsATrainingQuestion() {
    Set<String> training = new HashSet<>();
    for (SkillCategory category : SkillCategory.values()) {
      draw(category, Split.TRAIN).forEach(skill -> training.add(skill.question()));
    }
    for (SkillCategory category : SkillCategory.values()) {
      assertThat(
              draw(category, Split.TEST).stream().map(Skill::question).filter(training::contains))
          .isEmpty();
    }
  }

  /** Every question with two facts in a row is built here from the facts, with what it teaches. */
  @Test
  void trainingTeachesNoFactThatTheOneHopTestAsks() {
    Map<Relation, String> between =
        Map.of(
            Relation.FRIEND, "the best friend of ",
            Relation.MENTOR, "the teacher of ",
            Relation.LEADER, "the mayor of ",
            Relation.OWNER, "the owner of ",
            Relation.MAKER, "the maker of ",
            Relation.HOME, "the home of ");
    Map<String, List<Fact>> bySubject = new HashMap<>();
    for (Fact fact : WORLD.facts()) {
      bySubject.computeIfAbsent(fact.subject(), subject -> new ArrayList<>()).add(fact);
    }
    Map<String, List<Fact>> taught = new HashMap<>();
    for (Fact first : WORLD.facts()) {
      String phrase = between.get(relation(first));
      for (Fact second : bySubject.getOrDefault(first.object(), List.of())) {
        for (String asked : relation(second).questions()) {
          String question = asked.replace("{s}", phrase + first.subject());
          taught.put(
              question.toLowerCase(Locale.ROOT) + first.object() + ", " + second.object(),
              List.of(first, second));
        }
      }
    }
    for (Skill skill : draw(SkillCategory.TWO_HOP, Split.TRAIN)) {
      String key = skill.question().toLowerCase(Locale.ROOT) + skill.answer();
      assertThat(taught.get(key))
          .as(skill.toString())
          .hasSize(2)
          .allMatch(fact -> Split.of("ask " + fact.key()) == Split.TRAIN);
    }
  }

  private static Relation relation(Fact fact) {
    return Relation.valueOf(fact.relation().toUpperCase(Locale.ROOT));
  }

  @Test
  void thereAreAHundredDifferentTestQuestionsOfEveryKind() {
    for (SkillCategory category : SkillCategory.values()) {
      assertThat(draw(category, Split.TEST).stream().map(Skill::question).distinct().count())
          .as(category.label())
          .isGreaterThanOrEqualTo(100);
    }
  }

  @Test
  void noDocumentAsksAFactTheWayTheSkillsDo() {
    Set<String> questions = new HashSet<>();
    draw(SkillCategory.ONE_HOP, Split.TEST).forEach(skill -> questions.add(skill.question()));
    draw(SkillCategory.HELD_OUT_FACTS, Split.TEST)
        .forEach(skill -> questions.add(skill.question()));
    for (int i = 0; i < 1500; i++) {
      String text = WORLD.document(Domain.DIALOGUE, i).text();
      assertThat(questions.stream().filter(text::contains).toList()).isEmpty();
    }
  }

  @Test
  void heldOutFactsAreNotStatedByName() {
    List<String> forbidden = new ArrayList<>();
    int heldOut = 0;
    for (Fact fact : WORLD.facts()) {
      if (fact.status() == Fact.Status.STATED) {
        continue;
      }
      heldOut++;
      for (String statement : relation(fact).statements()) {
        if (!statement.contains("{h}")
            && !statement.contains("{p}")
            && !statement.contains("{a o}")) {
          forbidden.add(fact.subject() + " " + statement.replace("{o}", fact.object()));
        }
      }
    }
    assertThat((double) heldOut / WORLD.facts().size()).isBetween(0.06, 0.25);
    for (int i = 0; i < 3000; i++) {
      String text = WORLD.document(Domain.ENCYCLOPAEDIA, i).text();
      assertThat(forbidden.stream().filter(text::contains).toList()).as(text).isEmpty();
    }
  }

  @Test
  void factQuestionsAreAnsweredByTheGraph() {
    Map<String, String> bySubject = new HashMap<>();
    WORLD
        .facts()
        .forEach(fact -> bySubject.merge(fact.subject(), fact.object(), (a, b) -> a + "|" + b));
    for (Skill skill : draw(SkillCategory.ONE_HOP, Split.TEST).subList(0, 200)) {
      assertThat(bySubject.entrySet())
          .anyMatch(
              entry ->
                  skill
                          .question()
                          .toLowerCase(Locale.ROOT)
                          .contains(entry.getKey().toLowerCase(Locale.ROOT))
                      && List.of(entry.getValue().split("\\|")).contains(skill.answer()));
    }
  }

  @Test
  void thePlantedGraphIsAcyclicAndNamesRealSkills() {
    SkillGraph graph = World.skillGraph();
    Map<String, Integer> depths = new HashMap<>();
    graph.nodes().forEach(node -> depths.put(node.category(), node.depth()));
    assertThat(depths).hasSize(SkillCategory.values().length).hasSizeGreaterThanOrEqualTo(18);
    for (SkillGraph.Node node : graph.nodes()) {
      for (SkillGraph.Edge edge : node.prerequisites()) {
        assertThat(depths).containsKey(edge.category());
        assertThat(depths.getOrDefault(edge.category(), 99)).isLessThan(node.depth());
        assertThat(edge.why()).isNotBlank();
      }
    }
    assertThat(Json.mapper().readValue(Json.mapper().writeValueAsString(graph), SkillGraph.class))
        .isEqualTo(graph);
  }
}

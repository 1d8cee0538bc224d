package dev.banyan.world.skill;

import dev.banyan.world.Checker;
import dev.banyan.world.Fact;
import dev.banyan.world.Split;
import dev.banyan.world.document.Setting;
import dev.banyan.world.graph.KnowledgeGraph;
import dev.banyan.world.graph.Relation;
import dev.banyan.world.phrase.English;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Questions about the graph: one fact, two facts in a row, two facts compared, held-out facts. */
final class KnowledgeSkills {
  private static final Map<Relation, String> BRIDGES =
      Map.of(
          Relation.FRIEND, "the best friend of ",
          Relation.MENTOR, "the teacher of ",
          Relation.LEADER, "the mayor of ",
          Relation.OWNER, "the owner of ",
          Relation.MAKER, "the maker of ",
          Relation.HOME, "the home of ");

  private final KnowledgeGraph graph;
  private final Map<Relation, List<Fact>> stated = new EnumMap<>(Relation.class);
  private final List<Fact> heldOut = new ArrayList<>();

  KnowledgeSkills(Setting setting) {
    this.graph = setting.graph();
    for (Relation relation : Relation.values()) {
      stated.put(relation, new ArrayList<>());
    }
    for (Fact fact : graph.facts()) {
      if (fact.status() == Fact.Status.STATED) {
        of(relation(fact)).add(fact);
      } else {
        heldOut.add(fact);
      }
    }
  }

  /** A stated fact; test facts are asked in no wording in training. */
  Exercise oneHop(Split split, RandomGenerator random) {
    while (true) {
      List<Fact> facts = of(one(List.of(Relation.values()), random));
      if (facts.isEmpty()) {
        continue;
      }
      Fact fact = one(facts, random);
      if (split(fact) == split) {
        return ask(fact.subject(), relation(fact), fact.object(), random);
      }
    }
  }

  /** Training asks what one-hop training asks; the test asks held-out facts. */
  Exercise heldOut(Split split, RandomGenerator random) {
    if (split == Split.TRAIN || heldOut.isEmpty()) {
      return oneHop(Split.TRAIN, random);
    }
    Fact fact = one(heldOut, random);
    return ask(fact.subject(), relation(fact), fact.object(), random);
  }

  /** The answer names the one in between, then the answer; the answer alone is right too. */
  Exercise twoHop(Split split, RandomGenerator random) {
    while (true) {
      Relation first = one(List.copyOf(BRIDGES.keySet()).stream().sorted().toList(), random);
      List<Fact> facts = of(first);
      if (facts.isEmpty()) {
        continue;
      }
      Fact bridge = one(facts, random);
      Fact second = one(graph.factsOf(bridge.object()), random);
      boolean known =
          second.status() == Fact.Status.STATED && !second.object().equals(bridge.subject());
      if (split == Split.TRAIN && (split(bridge) != split || split(second) != split)) {
        continue; // its answer would teach a fact that the one-hop test asks
      }
      if (known && Split.of("two-hop " + bridge.key() + " " + second.relation()) == split) {
        String subject = BRIDGES.getOrDefault(first, "") + bridge.subject();
        Exercise asked = ask(subject, relation(second), second.object(), random);
        return new Exercise(
            asked.question(),
            bridge.object() + ", " + second.object(),
            new Checker.Contains(List.of(second.object())));
      }
    }
  }

  Exercise comparison(Split split, RandomGenerator random) {
    while (true) {
      boolean people = random.nextInt(3) > 0;
      List<Fact> facts = of(people ? Relation.AGE : Relation.FOUNDED);
      if (facts.size() < 2) {
        continue;
      }
      List<Fact> two = Setting.distinct(facts, 2, random);
      int first = Integer.parseInt(two.get(0).object());
      int second = Integer.parseInt(two.get(1).object());
      String a = two.get(0).subject();
      String b = two.get(1).subject();
      String key = a.compareTo(b) < 0 ? a + " " + b : b + " " + a;
      if (first != second && Split.of("compare " + key) == split) {
        boolean older = random.nextBoolean();
        boolean firstIsOlder = people ? first > second : first < second;
        String asked = a + " or " + b;
        String question =
            ExerciseSource.ask(
                random,
                asked,
                older ? "Which is older, #?" : "Which is younger, #?",
                older ? "Who or what is older, #?" : "Who or what is younger, #?",
                older ? "The older one of the two: #?" : "The younger one of the two: #?");
        return Exercise.exact(question, older == firstIsOlder ? a : b);
      }
    }
  }

  private static Exercise ask(
      String subject, Relation relation, String object, RandomGenerator random) {
    String question = one(relation.questions(), random).replace("{s}", subject);
    return Exercise.exact(English.capital(question), object);
  }

  private static Split split(Fact fact) {
    return Split.of("ask " + fact.key());
  }

  private List<Fact> of(Relation relation) {
    return stated.getOrDefault(relation, List.of());
  }

  private static Relation relation(Fact fact) {
    return Relation.valueOf(fact.relation().toUpperCase(Locale.ROOT));
  }

  private static <T> T one(List<T> options, RandomGenerator random) {
    return options.get(random.nextInt(options.size()));
  }
}

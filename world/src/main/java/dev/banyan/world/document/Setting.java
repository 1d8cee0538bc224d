package dev.banyan.world.document;

import dev.banyan.world.Fact;
import dev.banyan.world.graph.KnowledgeGraph;
import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Place;
import dev.banyan.world.graph.Relation;
import dev.banyan.world.graph.Thing;
import dev.banyan.world.language.Tongue;
import dev.banyan.world.phrase.Draft;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** What all domains write about, and the rules of what may be stated. */
public record Setting(KnowledgeGraph graph, Tongue tongue, List<Family> families) {
  public Setting {
    families = List.copyOf(families);
  }

  public Person person(RandomGenerator random) {
    return graph.people().get(random.nextInt(graph.people().size()));
  }

  public Place place(RandomGenerator random) {
    return graph.places().get(random.nextInt(graph.places().size()));
  }

  public Thing thing(RandomGenerator random) {
    return graph.things().get(random.nextInt(graph.things().size()));
  }

  /** Different people, in random order. */
  public List<Person> people(int count, RandomGenerator random) {
    return distinct(graph.people(), count, random);
  }

  /** The object of a fact that documents may state in every form. */
  Optional<String> stated(String subject, Relation relation) {
    Fact fact = graph.fact(subject, relation);
    return fact.status() == Fact.Status.STATED ? Optional.of(fact.object()) : Optional.empty();
  }

  /** "Mirana, the baker" where the job may be told, else the name. */
  String introduced(Person person, Draft draft) {
    Optional<String> job = stated(person.name(), Relation.JOB);
    if (job.isEmpty() || draft.between(0, 2) == 0) {
      return person.name();
    }
    return draft.phrase(
        "[the "
            + job.get()
            + " "
            + person.name()
            + "|"
            + person.name()
            + " the "
            + job.get()
            + "]");
  }

  /** Different ones of the given, in random order. */
  public static <T> List<T> distinct(List<T> from, int count, RandomGenerator random) {
    List<T> chosen = new ArrayList<>(count);
    while (chosen.size() < count) {
      T next = from.get(random.nextInt(from.size()));
      if (!chosen.contains(next)) {
        chosen.add(next);
      }
    }
    return chosen;
  }

  /** A shuffled copy. */
  public static <T> List<T> shuffled(List<T> from, RandomGenerator random) {
    List<T> copy = new ArrayList<>(from);
    for (int i = copy.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      T swap = copy.get(i);
      copy.set(i, copy.get(j));
      copy.set(j, swap);
    }
    return copy;
  }
}

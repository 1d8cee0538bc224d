package dev.banyan.world.graph;

import dev.banyan.core.Seed;
import dev.banyan.world.Fact;
import dev.banyan.world.WorldSize;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Everybody and everything of one world, drawn once from the seed. Facts stand in subject order:
 * all of the first person's, and so on; {@code factsOf} gives those of one subject.
 */
public record KnowledgeGraph(
    List<Person> people,
    List<Place> places,
    List<Thing> things,
    List<String> regions,
    List<String> rivers,
    List<Fact> facts,
    Map<String, List<Fact>> factsBySubject) {

  private static final Map<String, List<String>> MATERIALS =
      Map.ofEntries(
          Map.entry("bell", List.of("iron", "silver", "copper", "glass", "clay")),
          Map.entry("lamp", List.of("glass", "iron", "copper", "clay", "paper")),
          Map.entry("sword", List.of("iron", "copper", "bone", "wood")),
          Map.entry("ring", List.of("silver", "iron", "copper", "bone", "wood")),
          Map.entry("clock", List.of("wood", "silver", "copper", "iron")),
          Map.entry("cup", List.of("glass", "clay", "silver", "wood", "bone")),
          Map.entry("crown", List.of("silver", "copper", "iron", "paper")),
          Map.entry("book", List.of("paper", "wood", "clay")),
          Map.entry("map", List.of("paper", "wool", "copper")),
          Map.entry("key", List.of("iron", "silver", "bone", "wood")),
          Map.entry("mirror", List.of("glass", "silver", "copper")),
          Map.entry("chest", List.of("wood", "iron", "stone", "clay")),
          Map.entry("chair", List.of("wood", "stone", "iron", "bone")),
          Map.entry("coin", List.of("silver", "copper", "iron", "clay")),
          Map.entry("statue", List.of("stone", "wood", "glass", "clay", "copper")),
          Map.entry("carpet", List.of("wool")));

  public KnowledgeGraph {
    people = List.copyOf(people);
    places = List.copyOf(places);
    things = List.copyOf(things);
    regions = List.copyOf(regions);
    rivers = List.copyOf(rivers);
    facts = List.copyOf(facts);
    factsBySubject = Map.copyOf(factsBySubject);
  }

  public static KnowledgeGraph of(Seed seed, WorldSize size) {
    RandomGenerator random = seed.stream("graph");
    NameForge forge = new NameForge(seed.stream("names"), new HashSet<>(taken()));
    List<String> regions = names(forge, NameForge.Style.REGION, 4 + size.places() / 16);
    List<String> rivers = names(forge, NameForge.Style.RIVER, 5 + size.places() / 8);
    List<Person> people = new ArrayList<>();
    for (int i = 0; i < size.people(); i++) {
      people.add(person(i, size, forge, random));
    }
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < size.places(); i++) {
      places.add(
          new Place(
              forge.next(NameForge.Style.PLACE),
              of(Words.KINDS, random),
              of(regions, random),
              of(rivers, random),
              of(Words.PRODUCTS, random),
              of(Words.CLIMATES, random),
              100 + random.nextInt(900),
              random.nextInt(size.people())));
    }
    List<Thing> things = new ArrayList<>();
    for (int i = 0; i < size.things(); i++) {
      String kind = Words.THINGS.get(i % Words.THINGS.size());
      things.add(
          new Thing(
              forge.next(NameForge.Style.THING),
              kind,
              of(MATERIALS.getOrDefault(kind, Words.MATERIALS), random),
              random.nextInt(size.people()),
              random.nextInt(size.people()),
              random.nextInt(size.places())));
    }
    return assemble(people, places, things, regions, rivers);
  }

  private static Person person(int i, WorldSize size, NameForge forge, RandomGenerator random) {
    boolean woman = random.nextBoolean();
    return new Person(
        forge.next(woman ? NameForge.Style.SHE : NameForge.Style.HE),
        woman,
        18 + random.nextInt(62),
        of(Words.JOBS, random),
        random.nextInt(size.places()),
        another(i, size.people(), random),
        another(i, size.people(), random),
        of(Words.PETS, random),
        of(Words.FOODS, random),
        of(Words.COLOURS, random),
        of(Words.INSTRUMENTS, random));
  }

  private static KnowledgeGraph assemble(
      List<Person> people,
      List<Place> places,
      List<Thing> things,
      List<String> regions,
      List<String> rivers) {
    List<Fact> facts = new ArrayList<>();
    for (Person p : people) {
      facts.add(fact(p.name(), Relation.HOME, places.get(p.home()).name()));
      facts.add(fact(p.name(), Relation.JOB, p.job()));
      facts.add(fact(p.name(), Relation.FRIEND, people.get(p.friend()).name()));
      facts.add(fact(p.name(), Relation.MENTOR, people.get(p.mentor()).name()));
      facts.add(fact(p.name(), Relation.PET, p.pet()));
      facts.add(fact(p.name(), Relation.FOOD, p.food()));
      facts.add(fact(p.name(), Relation.COLOUR, p.colour()));
      facts.add(fact(p.name(), Relation.INSTRUMENT, p.instrument()));
      facts.add(fact(p.name(), Relation.AGE, Integer.toString(p.age())));
    }
    for (Place p : places) {
      facts.add(fact(p.name(), Relation.REGION, p.region()));
      facts.add(fact(p.name(), Relation.RIVER, p.river()));
      facts.add(fact(p.name(), Relation.PRODUCT, p.product()));
      facts.add(fact(p.name(), Relation.CLIMATE, p.climate()));
      facts.add(fact(p.name(), Relation.FOUNDED, Integer.toString(p.founded())));
      facts.add(fact(p.name(), Relation.LEADER, people.get(p.leader()).name()));
    }
    for (Thing t : things) {
      facts.add(fact(t.title(), Relation.MATERIAL, t.material()));
      facts.add(fact(t.title(), Relation.MAKER, people.get(t.maker()).name()));
      facts.add(fact(t.title(), Relation.OWNER, people.get(t.owner()).name()));
      facts.add(fact(t.title(), Relation.KEPT, places.get(t.kept()).name()));
    }
    Map<String, List<Fact>> bySubject = new java.util.HashMap<>();
    for (Fact fact : facts) {
      bySubject.computeIfAbsent(fact.subject(), s -> new ArrayList<>()).add(fact);
    }
    bySubject.replaceAll((subject, list) -> List.copyOf(list));
    return new KnowledgeGraph(people, places, things, regions, rivers, facts, bySubject);
  }

  private static Fact fact(String subject, Relation relation, String object) {
    return new Fact(subject, relation.name().toLowerCase(java.util.Locale.ROOT), object);
  }

  /** The fact of this relation about this subject. */
  public Fact fact(String subject, Relation relation) {
    String name = relation.name();
    for (Fact fact : factsOf(subject)) {
      if (fact.relation().equalsIgnoreCase(name)) {
        return fact;
      }
    }
    throw new IllegalArgumentException("no fact " + relation + " about " + subject);
  }

  public List<Fact> factsOf(String subject) {
    List<Fact> known = factsBySubject.get(subject);
    if (known == null) {
      throw new IllegalArgumentException("nobody and nothing is called " + subject);
    }
    return known;
  }

  private static List<String> names(NameForge forge, NameForge.Style style, int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(forge.next(style));
    }
    return names;
  }

  /** English words a name must not be, so that a name always means one thing. */
  private static Set<String> taken() {
    return Set.of("Grave", "Drive", "Shade", "Thin", "Stone", "Brave", "Trade", "Those", "Then");
  }

  private static int another(int self, int count, RandomGenerator random) {
    int other = random.nextInt(count - 1);
    return other < self ? other : other + 1;
  }

  private static <T> T of(List<T> options, RandomGenerator random) {
    return options.get(random.nextInt(options.size()));
  }
}

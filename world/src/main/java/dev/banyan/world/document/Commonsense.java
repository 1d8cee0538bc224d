package dev.banyan.world.document;

import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Place;
import dev.banyan.world.graph.Relation;
import dev.banyan.world.graph.Thing;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Draft;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Statements that follow from attributes: what a thing is made of is told first (or is known from
 * elsewhere), and decides, a few sentences on, what happens to it. Likewise weather and clothes.
 */
public final class Commonsense implements DomainText {
  public static final List<String> OBJECTS =
      List.of(
          "bird", "box", "ring", "button", "toy", "mask", "doll", "star", "ball", "horse", "flower",
          "fish");

  private final Setting setting;

  public Commonsense(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    switch (random.nextInt(6)) {
      case 0, 1, 2 -> fates(draft);
      case 3 -> comparison(draft);
      case 4 -> which(draft);
      default -> weather(draft);
    }
    return draft.text();
  }

  /** Two or three things of different materials, told first; then what happens to each. */
  private void fates(Draft draft) {
    RandomGenerator random = draft.random();
    Person person = setting.person(random);
    draft.set("n", person.name()).set("p", person.subject()).set("h", person.possessive());
    List<String> objects = Setting.distinct(OBJECTS, 3, random);
    List<String> materials = Setting.distinct(Words.MATERIALS, 3, random);
    draft.set("place", setting.place(random).name());
    for (int i = 0; i < 3; i++) {
      draft
          .set("x" + i, objects.get(i))
          .set("m" + i, materials.get(i))
          .set("w" + i, Material.adjective(materials.get(i)));
    }
    draft.say(
        "{n} owned {a w0} {x0}, {a w1} {x1} and {a w2} {x2}.",
        "On the table of {n} stood {a x0} made of {m0}, {a x1} made of {m1} and {a x2} made of {m2}.",
        "{n} bought three things in {place}: {a w0} {x0}, {a w1} {x1}, {a w2} {x2}.",
        "The {x0} of {n} was [of|made of] {m0}, the {x1} of {m1} and the {x2} of {m2}.");
    for (Integer i : Setting.shuffled(List.of(0, 1, 2), random)) {
      Material event = Material.EVENTS.get(random.nextInt(Material.EVENTS.size()));
      draft.set("x", objects.get(i));
      if (random.nextInt(3) == 0) {
        draft.say(
            "[Then|One day|A week later|In spring] [something happened|there was trouble|nobody paid attention].");
      }
      draft.say(event.happening().toArray(String[]::new));
      boolean affected = event.affected().contains(materials.get(i));
      draft.say((affected ? event.yes() : event.no()).toArray(String[]::new));
      if (random.nextInt(3) == 0) {
        draft.set("m", materials.get(i));
        draft.say(
            "[That is the way of|Such is|So it goes with] {m}.",
            "[After all|You see], it was made of {m}.");
      }
    }
  }

  /** Ages or years compared, both told in the same breath. */
  private void comparison(Draft draft) {
    RandomGenerator random = draft.random();
    boolean ages = random.nextBoolean();
    for (int i = 0, pairs = 2 + random.nextInt(3); i < pairs; i++) {
      if (ages) {
        compare(draft, setting.people(2, random), Relation.AGE);
      } else {
        List<Place> places = Setting.distinct(setting.graph().places(), 2, random);
        compareYears(draft, places);
      }
    }
    if (ages) {
      Person person = setting.person(random);
      setting
          .stated(person.name(), Relation.AGE)
          .ifPresent(
              age ->
                  draft
                      .set("s", person.name())
                      .set("a", age)
                      .say("And {s}? {s} is {a}.", "{s}, by the way, is {a} years old."));
    }
    if (draft.text().isEmpty()) {
      weather(draft);
    }
  }

  private void compare(Draft draft, List<Person> people, Relation relation) {
    Optional<String> first = setting.stated(people.get(0).name(), relation);
    Optional<String> second = setting.stated(people.get(1).name(), relation);
    if (first.isEmpty() || second.isEmpty() || first.equals(second)) {
      return;
    }
    boolean order = Integer.parseInt(first.get()) > Integer.parseInt(second.get());
    draft.set("o", people.get(order ? 0 : 1).name()).set("y", people.get(order ? 1 : 0).name());
    draft.set("a", order ? first.get() : second.get()).set("b", order ? second.get() : first.get());
    draft
        .say(
            "{o} is {a} and {y} is {b}, so {o} is older.",
            "{o} is older than {y}: {a} is more than {b}.",
            "{y} is younger than {o}, for {y} is {b} and {o} is {a}.",
            "With {b} years {y} is younger than {o}, who is {a}.")
        .line();
  }

  private void compareYears(Draft draft, List<Place> places) {
    Optional<String> first = setting.stated(places.get(0).name(), Relation.FOUNDED);
    Optional<String> second = setting.stated(places.get(1).name(), Relation.FOUNDED);
    if (first.isEmpty() || second.isEmpty() || first.equals(second)) {
      return;
    }
    boolean order = Integer.parseInt(first.get()) < Integer.parseInt(second.get());
    draft.set("o", places.get(order ? 0 : 1).name()).set("y", places.get(order ? 1 : 0).name());
    draft.set("a", order ? first.get() : second.get()).set("b", order ? second.get() : first.get());
    draft
        .say(
            "{o} was founded in {a} and {y} in {b}, so {o} is the older place.",
            "{o} is older than {y}: {a} came before {b}.",
            "{y}, founded in {b}, is younger than {o}, founded in {a}.")
        .line();
  }

  /** Which of three famous or plain things would break, burn, float; and why. */
  private void which(Draft draft) {
    RandomGenerator random = draft.random();
    for (int i = 0, rounds = 2 + random.nextInt(2); i < rounds; i++) {
      Material event = Material.EVENTS.get(random.nextInt(Material.EVENTS.size()));
      List<String> others =
          Words.MATERIALS.stream().filter(m -> !event.affected().contains(m)).toList();
      List<String> objects = Setting.distinct(OBJECTS, 2, random);
      String yes = event.affected().get(random.nextInt(event.affected().size()));
      String no = others.get(random.nextInt(others.size()));
      draft
          .set("w", Material.adjective(yes))
          .set("x", objects.get(0))
          .set("v", Material.adjective(no))
          .set("y", objects.get(1));
      draft.set("e", event.question()).set("m", yes).set("k", no);
      draft.say(
          "{a w} {x} {e}, {a v} {y} would not.",
          "What is made of {m} {e}. What is made of {k} would not.",
          "[Everybody knows|A child knows] that {a w} {x} {e} and that {a v} {y} would not.",
          "The {w} {x} or the {v} {y}? Only the {w} {x} {e}.");
      draft.line();
    }
    Thing thing = setting.thing(random);
    Optional<String> material = setting.stated(thing.title(), Relation.MATERIAL);
    if (material.isPresent()) {
      Material event = Material.EVENTS.get(random.nextInt(Material.EVENTS.size()));
      draft.set("t", thing.title()).set("m", material.get()).set("e", event.question());
      boolean affected = event.affected().contains(material.get());
      draft.say(
          affected
              ? "{^t} is made of {m}, so it {e}."
              : "{^t} is made of {m}, so nobody thinks that it {e}.");
    }
  }

  /** The weather of a place decides what people wear there. */
  private void weather(Draft draft) {
    RandomGenerator random = draft.random();
    Person person = setting.person(random);
    draft.set("n", person.name()).set("p", person.subject()).set("h", person.possessive());
    boolean first = true;
    for (Place place : Setting.distinct(setting.graph().places(), 3, random)) {
      Optional<String> climate = setting.stated(place.name(), Relation.CLIMATE);
      if (climate.isEmpty()) {
        continue;
      }
      draft.set("s", place.name()).set("c", climate.get());
      draft.say(
          first
              ? "{n} [went|travelled|drove|had to go] to {s}."
              : "[[Next|Then|One day] {p} [had to go|went|travelled] to {s}|[The road|The coach] [took|led] {n} to {s}].");
      first = false;
      if (random.nextInt(3) == 0) {
        draft.say("[The journey was long|It was far|{n} slept on the way|The coach was full].");
      }
      draft.say(clothes(climate.get()).toArray(String[]::new));
      if (random.nextBoolean()) {
        draft.say(
            "{s} is {c}, [after all|as everybody knows|and so it was that day].",
            "It was {c}, as it often is in {s}.");
      }
    }
    draft.say(
        "[At home|In the evening|At last] {n} [unpacked|hung up {h} coat|dried {h} shoes|was glad of the fire].",
        "[So|Thus] {n} learned [what to wear|to pack well].");
  }

  private static List<String> clothes(String climate) {
    return switch (climate) {
      case "rainy" ->
          List.of("{n} [took|opened] an umbrella.", "Without an umbrella {p} would have been wet.");
      case "windy" -> List.of("{n} held on to {h} hat.", "The wind took {h} hat.");
      case "dry" ->
          List.of(
              "{n} drank [all {h} water|three cups of water].",
              "{^p} carried two bottles of water.");
      case "cold" -> List.of("{n} put on a thick coat.", "{^p} wore gloves and a scarf.");
      case "mild" ->
          List.of("{n} needed neither coat nor umbrella.", "{^p} walked in a light shirt.");
      case "foggy" ->
          List.of(
              "{n} took a lantern, for one could not see ten steps.",
              "{^p} lost the way in the grey air.");
      case "snowy" -> List.of("{n} put on heavy boots.", "{^p} went by sledge.");
      default -> List.of("{n} looked for shade.", "{^p} wore a straw hat against the sun.");
    };
  }
}

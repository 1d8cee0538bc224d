package dev.banyan.world.document;

import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Place;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Small stories with something to keep in mind: where a thing was put last, what somebody cannot
 * stand, who carried what, which way the road went. The end depends on it.
 */
public final class Stories implements DomainText {
  private final Setting setting;

  public Stories(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> hiding(draft);
      case 4, 5, 6 -> trait(draft);
      case 7, 8 -> belongings(draft);
      default -> journey(draft);
    }
    return draft.text();
  }

  private void cast(Draft draft, Person hero, Person other) {
    draft.set("s", setting.introduced(hero, draft)).set("n", hero.name());
    draft.set("p", hero.subject()).set("h", hero.possessive()).set("m", hero.object());
    draft.set("f", other.name()).set("fp", other.subject()).set("fh", other.possessive());
    draft.set("place", setting.place(draft.random()).name());
  }

  private static void opening(Draft draft) {
    draft.say(
        "One [cold|bright|rainy|quiet|windy] [morning|evening|afternoon|night] {s} [was in|came to|walked through] {place}.",
        "It was a [cold|bright|rainy|quiet|windy] [morning|evening|night] [in {place}, and {s} was awake|when {s} came to {place}].",
        "[Once|Long ago|Last winter|Last summer|Not long ago], {s} [stayed|spent a week|was a guest] in {place} with {f}.",
        "[Nobody|Hardly anybody] in {place} [slept well|was awake|had work] that [day|night|week], [and {s} was no better off|except {s}|not even {s}].",
        "{^s} [woke|got up|came down] [early|late|before the sun] and [looked for|called for|waited for] {f}.",
        "The people of {place} [still|often|sometimes] tell this story about {s} and {f}.");
  }

  /** Something that happens on a lonely road. */
  private static void solitude(Draft draft) {
    draft.say(
        "[It rained|The sun shone|The wind blew] [all day|until noon|and nobody else was on the road].",
        "{n} [slept|rested] [under a tree|in a barn|at an inn] [and dreamed of home|and dreamed of nothing|for a while].",
        "[A farmer|A child|An old woman|A sailor] [showed {n} the way|gave {n} an apple|walked along for a while].",
        "[On the way|Along the road] {n} [sang|counted birds|thought of {f}|lost a button].",
        "[A dog barked|A bell rang|Somebody sang] [far away|behind the hills].");
  }

  private static void filler(Draft draft) {
    draft.say(
        "[Outside|In the street|Far away] [a dog barked|a bell rang|it began to rain|the wind rose|somebody sang].",
        "{n} [ate|drank|sang|slept] [a little|for a while|and felt better].",
        "[Then|After that|A little later] {f} [came in|went out|told a joke|asked for water|laughed|fell asleep].",
        "[The sun|The moon] [came out|went behind a cloud|stood high].",
        "[An hour|A day|A week|Some time] [passed|went by], and [nothing happened|nobody came|the fire went out].",
        "[A neighbour|A stranger|A child] [knocked|waved|asked the way|brought news] [and left again|and stayed for supper|and said nothing more].",
        "\"[What a day|How quiet it is|I am hungry|Listen to that wind|It is getting late],\" said [{f}|{n}].",
        "{n} [thought of|missed|talked about] [home|old friends|the sea|better days].",
        "{f} [lit a lamp|shut the window|swept the floor|made tea|cut some bread].",
        "[There was|They heard] [a noise on the stairs|music next door|thunder over the hills].");
  }

  /** A thing moves from container to container; the end says where it is. */
  private void hiding(Draft draft) {
    RandomGenerator random = draft.random();
    List<Person> people = setting.people(2, random);
    cast(draft, people.get(0), people.get(1));
    List<String> things = Setting.distinct(Words.SMALL_THINGS, 2, random);
    List<String> spots = Setting.distinct(Words.CONTAINERS, 4, random);
    boolean second = random.nextInt(2) == 0;
    draft.set("x", things.get(0)).set("y", things.get(1));
    opening(draft);
    draft.set("c", spots.get(0));
    draft.say(
        "{n} [had|owned|found|was given] {a x} and [put|hid|laid|kept] the {x} in the {c}.",
        "There was {a x} in the house, and {n} [put|dropped|hid] the {x} in the {c}.",
        "The [first|only] thing {n} did was to [put|lay|hide] the {x} in the {c}.");
    if (second) {
      draft.set("c", spots.get(1));
      draft.say(
          "{f} [put|hid|laid|left] {a y} in the {c}.",
          "As for the {y}, {f} [put|hid|laid] the {y} in the {c}.");
    }
    int at = 0;
    int moves = random.nextInt(4);
    for (int i = 0; i < moves; i++) {
      if (random.nextInt(3) > 0) {
        filler(draft);
      }
      int next = (at + 1 + random.nextInt(3)) % 4;
      draft.set("b", spots.get(at)).set("c", spots.get(next));
      draft.say(
          "[Then|Later|After supper|Before long|Soon] [{n}|{f}] took the {x} out of the {b} and put the {x} in the {c}.",
          "[{n}|{f}] [moved|carried|brought] the {x} from the {b} to the {c}.",
          "[In the night|When nobody looked|At noon|Without a word] [{n}|{f}] [moved|shifted] the {x} to the {c}.",
          "\"The {b} is no good place,\" said [{n}|{f}], and the {x} went into the {c}.");
      at = next;
    }
    if (random.nextInt(2) == 0) {
      filler(draft);
    }
    draft.set("c", spots.get(at));
    draft.say(
        "[In the end|At last|The next day|When they left] the {x} was [still |]in the {c}.",
        "[Where was the {x}|Where did they find the {x}|And the {x}]? In the {c}.",
        "When {f} asked for the {x}, {n} [looked|reached|searched] in the {c}, and there it was.",
        "So whoever wants the {x} must [look|search] in the {c}.");
    if (second) {
      draft.set("c", spots.get(1));
      draft.say(
          "And the {y}? [It|The {y}] was [still|where it had been,] in the {c}.",
          "The {y} [never left|stayed in] the {c}.");
    }
  }

  /** What somebody is like, and, much later, what therefore happens. */
  private void trait(Draft draft) {
    RandomGenerator random = draft.random();
    List<Person> people = setting.people(2, random);
    cast(draft, people.get(0), people.get(1));
    Trait trait = Trait.ALL.get(random.nextInt(Trait.ALL.size()));
    draft.set("c", Words.COLOURS.get(random.nextInt(Words.COLOURS.size())));
    draft.set("food", Words.FOODS.get(random.nextInt(Words.FOODS.size())));
    draft.set("animal", Words.PETS.get(random.nextInt(Words.PETS.size())));
    draft.set("animals", English.plural(draft.phrase("{animal}")));
    draft.set("tune", Words.INSTRUMENTS.get(random.nextInt(Words.INSTRUMENTS.size())));
    if (random.nextInt(2) == 0) {
      opening(draft);
    }
    draft.say(trait.given().toArray(String[]::new));
    int fillers = 2 + random.nextInt(4);
    for (int i = 0; i < fillers; i++) {
      filler(draft);
    }
    draft.say(trait.event().toArray(String[]::new));
    draft.say(trait.outcome().toArray(String[]::new));
    if (random.nextInt(2) == 0) {
      draft.say(
          "[And that was that|That is how it was|Nobody was surprised|{f} had known it all along].",
          "{f} [smiled|laughed|shook {fh} head|wrote it down] and [went home|said good night|said nothing].",
          "[People|The neighbours|Children] in {place} [tell it to this day|still laugh about it|often ask for this story].");
    }
  }

  /** Several people put down what they carry, and each takes the same thing back. */
  private void belongings(Draft draft) {
    RandomGenerator random = draft.random();
    List<Person> people = setting.people(4, random);
    int count = 3 + random.nextInt(2);
    List<String> things = Setting.distinct(Words.SMALL_THINGS, count, random);
    List<String> colours = Setting.distinct(Words.COLOURS, count, random);
    cast(draft, people.get(0), people.get(1));
    draft.set(
        "all", English.list(people.subList(0, count).stream().map(Person::name).toList(), "and"));
    draft.set("room", Words.ROOMS.get(random.nextInt(Words.ROOMS.size())));
    draft.say(
        "{all} [met|sat together|played a game|waited for the rain to stop] in the {room} [of {place}|at {place}|near {place}].",
        "[One day|Last week|On a feast day] {all} [came|walked|went] to the {room} [at|near] {place}.");
    for (int i = 0; i < count; i++) {
      draft.set("s", people.get(i).name()).set("h", people.get(i).possessive());
      draft.set("x", colours.get(i) + " " + things.get(i));
      draft.say(
          "{s} [brought|had|carried|came with] {a x}.",
          "{s} put {h} {x} on the [table|bench|floor].",
          "{s} [showed|laid down|took out] {a x}.");
    }
    draft.set("n", people.get(0).name());
    for (int i = 0, fillers = 1 + random.nextInt(3); i < fillers; i++) {
      filler(draft);
    }
    draft.say(
        "[Then|At last|In the evening] [it was time to go|the rain stopped|somebody blew out the lamp|they had to leave].",
        "[When|As soon as] [the bell rang|it grew dark|the fire was out], [they packed up|each took something back|everybody got up].");
    for (Integer i :
        Setting.shuffled(java.util.stream.IntStream.range(0, count).boxed().toList(), random)) {
      draft.set("s", people.get(i).name()).set("x", things.get(i)).set("c", colours.get(i));
      draft.set("h", people.get(i).possessive());
      draft.say(
          "{s} [took|picked up|asked for] the {x}, the {c} one.",
          "{s} [did not forget|went home with|left with] the {c} {x}.",
          "The {c} {x} [went back|belonged] to {s}.");
    }
  }

  /** A road through several places and the same road back. */
  private void journey(Draft draft) {
    RandomGenerator random = draft.random();
    List<Person> people = setting.people(2, random);
    cast(draft, people.get(0), people.get(1));
    List<Place> stops = Setting.distinct(setting.graph().places(), 4, random);
    List<String> names = new ArrayList<>(stops.stream().map(Place::name).toList());
    draft
        .set("a0", names.get(0))
        .set("a1", names.get(1))
        .set("a2", names.get(2))
        .set("a3", names.get(3));
    draft.set("x", Words.SMALL_THINGS.get(random.nextInt(Words.SMALL_THINGS.size())));
    draft.say(
        "{^s} [set out|started|left] from {a0} with {a x} for {f}.",
        "{f} lived far away, and {s} wanted to bring {m} {a x}, so {p} left {a0}."
            .replace("{m}", people.get(1).object()));
    draft.say(
        "[From there|First] {p} [walked|rode|sailed|went] to {a1}.",
        "The [first|next] [stop|night] was {a1}.");
    solitude(draft);
    draft.say("After {a1} came {a2}.", "[From|Behind] {a1} the road [led|ran|climbed] to {a2}.");
    solitude(draft);
    draft.say(
        "{f} was waiting in {a3}, and {n} gave the {x} away.",
        "In {a3} {n} [found|met] {f} and handed over the {x}.");
    filler(draft);
    draft.say(
        "{n} went home by the same road: from {a3} to {a2}, from {a2} to {a1}, and from {a1} to {a0}.",
        "The way back was the same: {a3}, {a2}, {a1}, {a0}.",
        "[Then|The next day] {p} turned round and passed {a2}, then {a1}, until {p} was back in {a0}.");
    draft.say(
        "The {x} stayed with {f} in {a3}.",
        "And the {x}? {f} [has it still|keeps it to this day].");
  }
}

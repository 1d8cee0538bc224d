package dev.banyan.world.document;

import dev.banyan.world.Fact;
import dev.banyan.world.Split;
import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Relation;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Two voices, a line each: gossip about what is known, lessons, shopping with the right change,
 * orders that come back as ordered, and things told early and asked late.
 */
public final class Dialogue implements DomainText {
  private final Setting setting;

  public Dialogue(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    List<Person> people = setting.people(2, random);
    draft.set("a", people.get(0).name()).set("b", people.get(1).name());
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> gossip(draft);
      case 4, 5, 6 -> lesson(draft);
      case 7 -> shop(draft);
      case 8 -> order(draft);
      default -> memory(draft);
    }
    return draft.text();
  }

  private static void a(Draft draft, String... templates) {
    draft.raw("{a}:").say(templates).line();
  }

  private static void b(Draft draft, String... templates) {
    draft.raw("{b}:").say(templates).line();
  }

  private static void greeting(Draft draft) {
    if (draft.between(0, 2) == 0) {
      a(
          draft,
          "Good [morning|evening|day], {b}.",
          "Hello, {b}.",
          "There you are, {b}!",
          "[May|Can] I ask you something, {b}?");
      b(
          draft,
          "Good [morning|evening|day], {a}.",
          "Hello, {a}. [What is new|How are you]?",
          "[Of course|Yes], {a}.",
          "Sit down, {a}.");
    }
  }

  /** Facts asked and told, in other words than the skills use. */
  private void gossip(Draft draft) {
    RandomGenerator random = draft.random();
    greeting(draft);
    List<Fact> asked = new ArrayList<>();
    for (int i = 0, turns = 3 + random.nextInt(3); i < turns; i++) {
      Fact fact = setting.graph().facts().get(random.nextInt(setting.graph().facts().size()));
      if (fact.status() != Fact.Status.STATED || asked.contains(fact)) {
        continue;
      }
      asked.add(fact);
      Relation relation = Relation.valueOf(fact.relation().toUpperCase(Locale.ROOT));
      pronouns(draft, fact, relation);
      draft.set("s", fact.subject()).set("o", fact.object());
      String predicate = draft.phrase(relation.statements().toArray(String[]::new));
      draft.set("q", predicate).set("topic", topic(relation));
      a(
          draft,
          "Tell me about {s}: {topic}?",
          "And {s}? I mean, {topic}?",
          "Do you know, about {s}, {topic}?",
          "You know {s}, don't you? So {topic}?",
          "About {s} I forgot one thing: {topic}?");
      b(
          draft,
          "{^s} {q}.",
          "{^o}. {^p} {q}.",
          "[I think|I am sure|As far as I know|If I remember well], {o}.",
          "{^o}, [of course|I believe|as everybody knows].",
          "[I heard|They say|My neighbour says] that {p} {q}.",
          "{^o}. [Why do you ask|Everybody knows that|Don't tell anybody]{end}"
              .replace("{end}", "."));
    }
    if (!asked.isEmpty()) {
      Fact last = asked.get(0);
      draft.set("s", last.subject()).set("o", last.object());
      a(
          draft,
          "[Thank you|Thanks], {b}. What was it again with {s}?",
          "Wait, what did you say first about {s}?",
          "I forgot the first thing already.");
      b(draft, "{^o}, I said.", "I said {o}.", "Only this: {o}.");
    } else {
      a(draft, "[It is late|I must go]. [Good night|Goodbye], {b}.");
      b(draft, "[Good night|Goodbye], {a}.");
    }
  }

  private void pronouns(Draft draft, Fact fact, Relation relation) {
    draft.set("p", "it").set("h", "its");
    if (relation.kind() == Relation.Kind.PERSON) {
      for (Person person : setting.graph().people()) {
        if (person.name().equals(fact.subject())) {
          draft.set("p", person.subject()).set("h", person.possessive());
        }
      }
    }
  }

  private static String topic(Relation relation) {
    return switch (relation) {
      case HOME -> "which place is home";
      case JOB -> "what work is it";
      case FRIEND -> "who is the best friend";
      case MENTOR -> "who was the teacher";
      case PET -> "which animal is it";
      case FOOD -> "which food is best";
      case COLOUR -> "which colour is it";
      case INSTRUMENT -> "what music is it";
      case AGE -> "how many years is it";
      case REGION -> "which region is it";
      case RIVER -> "which river is it";
      case PRODUCT -> "what do they sell there";
      case CLIMATE -> "how is the weather";
      case FOUNDED -> "which year was it";
      case LEADER -> "who is mayor there";
      case MATERIAL -> "what is it made of";
      case MAKER -> "who made it";
      case OWNER -> "whose is it";
      case KEPT -> "where is it now";
    };
  }

  /** A teacher and a pupil; what is asked is always on the training side of the split. */
  private void lesson(Draft draft) {
    RandomGenerator random = draft.random();
    if (random.nextInt(3) == 0) {
      a(
          draft,
          "[Are you ready|Shall we begin|Let us begin], {b}?",
          "Sit down, {b}, [and listen|and think well|and answer].");
      b(draft, "[Yes|I am ready|Gladly].", "[Ask|Begin], please.");
    }
    for (int i = 0, turns = 3 + random.nextInt(3); i < turns; i++) {
      exercise(draft);
    }
    if (random.nextInt(2) == 0) {
      a(draft, "[Well done|Very good|All right|That is enough for today].");
      b(draft, "Thank you, {a}.");
    }
  }

  private void exercise(Draft draft) {
    RandomGenerator random = draft.random();
    switch (random.nextInt(8)) {
      case 0 -> {
        draft.set(
            "w", String.join(" ", Exercises.words(2 + random.nextInt(3), Split.TRAIN, random)));
        a(draft, "Say after me: {w}", "Say it again: {w}", "Now you: {w}");
        draft.raw("{b}: {w}").line();
      }
      case 1 -> {
        List<String> words = Exercises.words(2 + random.nextInt(3), Split.TRAIN, random);
        draft.set("w", String.join(" ", words)).set("v", String.join(" ", words.reversed()));
        a(draft, "Now backwards: {w}", "From the end: {w}", "Turn it round: {w}");
        draft.raw("{b}: {v}").line();
      }
      case 2, 3 -> {
        draft.set("w", spellable(setting, random));
        draft.set("v", English.spelled(draft.phrase("{w}")));
        a(draft, "How do you write {w}?", "Letter by letter: {w}", "Give me the letters of {w}");
        draft.raw("{b}: {v}").line();
      }
      case 4 -> {
        List<Integer> numbers = Exercises.numbers(3 + random.nextInt(2), Split.TRAIN, random);
        draft
            .set("w", Arithmetic.joined(numbers))
            .set("v", Arithmetic.joined(numbers.stream().sorted().toList()));
        a(draft, "Put in order: {w}", "Smallest first: {w}", "Order these: {w}");
        draft.raw("{b}: {v}").line();
      }
      case 5 -> {
        String letters = Exercises.letters(Split.TRAIN, random);
        draft.set("w", letters).set("v", (letters.length() + 1) / 2);
        a(draft, "Count these letters: {w}", "How many do you see: {w}", "Letters, how many: {w}");
        draft.raw("{b}: {v}").line();
      }
      case 6 -> {
        int[] pair =
            random.nextBoolean()
                ? Exercises.carryless(Split.TRAIN, random)
                : Exercises.carrying(Split.TRAIN, random);
        draft.set("w", pair[0] + " + " + pair[1]).set("v", pair[0] + pair[1]);
        a(draft, "How much is {w}?", "Add up {w}", "And {w}?");
        draft.raw("{b}: {v}").line();
      }
      default -> {
        int number = Exercises.next(Split.TRAIN, random);
        draft.set("w", number).set("v", number + 1);
        a(draft, "What follows {w}?", "One more than {w}?", "Count on from {w}");
        draft.raw("{b}: {v}").line();
      }
    }
  }

  /** A word whose letters documents give: list words, words of materials and foods, and names. */
  public static String spellable(Setting setting, RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> setting.person(random).name().toLowerCase(Locale.ROOT);
      case 1 -> setting.place(random).name().toLowerCase(Locale.ROOT);
      default -> Exercises.LIST_WORDS.get(random.nextInt(Exercises.LIST_WORDS.size()));
    };
  }

  private static void shop(Draft draft) {
    RandomGenerator random = draft.random();
    List<String> things = Setting.distinct(Words.SMALL_THINGS, 2, random);
    int[] prices = Exercises.carryless(Split.TRAIN, random);
    int sum = prices[0] + prices[1];
    int paid = sum + random.nextInt(10);
    draft.set("x", things.get(0)).set("y", things.get(1)).set("m", prices[0]).set("n", prices[1]);
    draft.set("sum", sum).set("paid", paid).set("change", paid - sum);
    draft.set("x", things.get(0)).set("c", draft.pick("red", "blue", "old", "small", "yellow"));
    a(draft, "[How much is the {c} {x}|What does the {c} {x} cost], please?");
    b(draft, "The {c} {x}? {m} coins.", "{m} coins, [as always|and not one less].");
    a(draft, "And the {y}?", "[And how much is|And what is the price of] the {y}?");
    b(draft, "{n} coins.", "That one is {n}.", "The {y} is {n} coins.");
    if (random.nextBoolean()) {
      a(draft, "[That is a lot|My purse is thin|Fair enough|Let me think].");
      b(draft, "[It is good work|Take your time|You will not find better].");
    }
    a(
        draft,
        "I take both.",
        "Good, [both of them|I want both].",
        "Then give me the {c} {x} and the {y}.");
    b(
        draft,
        "{m} and {n} make {sum}.",
        "Both together are {sum} coins.",
        "That makes {sum}, please.");
    a(draft, "Here are {paid}.", "I have {paid} coins here.");
    b(
        draft,
        "And {change} back for you. The {c} {x} and the {y}, there you are.",
        "You get {change} back.",
        "{paid} less {sum}: {change} for you.");
  }

  /** Everything ordered is repeated, in the same order, after some talk. */
  private static void order(Draft draft) {
    RandomGenerator random = draft.random();
    int count = 3 + random.nextInt(2);
    List<String> foods = Setting.distinct(Words.FOODS, count, random);
    draft.set("all", English.list(foods, "and"));
    a(
        draft,
        "[Good evening|Welcome|Sit down], {b}. What will you eat?",
        "What may I bring you, {b}?");
    b(
        draft,
        "[First|To begin with] {f0}, please.".replace("{f0}", foods.get(0)),
        "I would like " + foods.get(0) + ".");
    for (int i = 1; i < count; i++) {
      draft.set("f", foods.get(i));
      a(
          draft,
          "And [then|after that|with it]?",
          "[Anything else|What else|Is that all]?",
          "[Gladly|Good choice|Very well]. And?");
      b(draft, "{^f}[, please|].", "Some {f}.", "[Then|And] {f}.");
    }
    a(draft, "So that is {all}.", "I repeat: {all}.", "{^all}, [it will not be long|right away].");
    b(draft, "[Exactly|Right|Thank you], {a}.");
  }

  /** Something told at the start is asked at the end, with talk about others in between. */
  private void memory(Draft draft) {
    RandomGenerator random = draft.random();
    List<String> things = Setting.distinct(Words.SMALL_THINGS, 3, random);
    List<String> colours = Setting.distinct(Words.COLOURS, 3, random);
    List<String> rooms = Setting.distinct(Words.ROOMS, 3, random);
    for (int i = 0; i < 3; i++) {
      draft.set("x", things.get(i)).set("c", colours.get(i)).set("r", rooms.get(i));
      a(
          draft,
          "My {c} {x} is in the {r}.",
          "I left the {c} {x} in the {r}.",
          "In the {r} there is {a c} {x}.");
      b(
          draft,
          "[I see|Good|I will remember|All right|If you say so].",
          "[Mine is at home|I have none|I never use one].");
    }
    for (Integer i : Setting.shuffled(List.of(0, 1, 2), random)) {
      draft.set("x", things.get(i)).set("c", colours.get(i)).set("r", rooms.get(i));
      switch (random.nextInt(3)) {
        case 0 -> {
          a(draft, "Do you remember where the {x} is?", "Now, where is my {x}?");
          b(draft, "In the {r}.", "The {x}? In the {r}.");
        }
        case 1 -> {
          a(draft, "Which colour was the {x}?", "And the {x}, what colour?");
          b(draft, "{^c}.", "It was {c}.");
        }
        default -> {
          a(draft, "What is in the {r}?", "What did I leave in the {r}?");
          b(draft, "The {c} {x}.", "Your {x}, the {c} one.");
        }
      }
    }
    Optional<String> home = setting.stated(draft.phrase("{b}"), Relation.HOME);
    home.ifPresent(place -> draft.set("o", place));
    if (home.isPresent() && random.nextBoolean()) {
      a(
          draft,
          "You never forget anything. [Are they all like that|Is everybody like that] in {o}?");
      b(draft, "[In {o} we are|Not all of us]. [Good night|Goodbye], {a}.");
    }
  }
}

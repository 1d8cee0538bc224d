package dev.banyan.world.document;

import dev.banyan.world.Split;
import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Sums that are right: tables, sums in columns, running totals, word problems, counting, ordering.
 * No sum of two or three numbers with a test key is ever stated.
 */
public final class Arithmetic implements DomainText {
  private final Setting setting;

  public Arithmetic(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    switch (random.nextInt(8)) {
      case 0 -> table(draft);
      case 1 -> steps(draft);
      case 2 -> ledger(draft);
      case 3 -> counting(draft);
      case 4 -> ordering(draft);
      case 5 -> columns(draft);
      default -> problem(draft);
    }
    return draft.text();
  }

  private static void table(Draft draft) {
    RandomGenerator random = draft.random();
    draft.raw("[Sums|Some sums|A page of sums|Sums for today|Adding]").raw("[.|:]").line();
    boolean words = random.nextInt(3) == 0;
    for (int i = 0, lines = 5 + random.nextInt(8); i < lines; i++) {
      int[] pair =
          random.nextBoolean()
              ? Exercises.carryless(Split.TRAIN, random)
              : Exercises.carrying(Split.TRAIN, random);
      draft.set("a", pair[0]).set("b", pair[1]).set("c", pair[0] + pair[1]);
      if (words) {
        draft.raw(
            "{a} plus {b} is {c}.", "{a} and {b} make {c}.", "Add {b} to {a} and you get {c}.");
      } else {
        draft.raw("{a} + {b} = {c}");
      }
      draft.line();
    }
  }

  private static void steps(Draft draft) {
    RandomGenerator random = draft.random();
    draft
        .raw("[Step by step|Sums in steps|One after the other|Three at a time]")
        .raw("[.|:]")
        .line();
    for (int i = 0, lines = 3 + random.nextInt(5); i < lines; i++) {
      int[] three = Exercises.three(Split.TRAIN, random);
      int first = three[0] + three[1];
      draft.set("a", three[0]).set("b", three[1]).set("c", three[2]);
      draft.set("d", first).set("e", first + three[2]);
      draft
          .raw(
              "{a} + {b} + {c} = {d} + {c} = {e}",
              "{a} + {b} = {d}, {d} + {c} = {e}",
              "{a} + {b} + {c} = {e}")
          .line();
    }
  }

  private static void columns(Draft draft) {
    RandomGenerator random = draft.random();
    draft.say("[How to add|Adding column by column|A hard sum made easy].").line();
    for (int i = 0, blocks = 2 + random.nextInt(2); i < blocks; i++) {
      int[] pair = Exercises.carrying(Split.TRAIN, random);
      int units = pair[0] % 10 + pair[1] % 10;
      draft.set("a", pair[0]).set("b", pair[1]).set("c", pair[0] + pair[1]);
      draft.set("u", pair[0] % 10).set("v", pair[1] % 10).set("w", units).set("x", units % 10);
      draft.set("t", pair[0] / 10).set("s", pair[1] / 10).set("r", pair[0] / 10 + pair[1] / 10 + 1);
      draft.say("[Take|Look at|We want] {a} + {b}.", "What about {a} + {b}?");
      draft.say("Units: {u} + {v} = {w}, [write|put down] {x}, carry 1.");
      draft.say("Tens: {t} + {s} + 1 = {r}.");
      draft.say("So {a} + {b} = {c}.").line();
    }
  }

  /** A running total with income and spending; the last line is the total again. */
  private void ledger(Draft draft) {
    RandomGenerator random = draft.random();
    Person person = setting.person(random);
    int total = 10 + random.nextInt(40);
    draft.set("s", person.name()).set("p", person.subject()).set("h", person.possessive());
    draft.set("p2", person.object()).set("t", total);
    draft.set("day", draft.pick("Monday", "Tuesday", "Friday", "Saturday", "Sunday", "market day"));
    draft.say(
        "{s} [began|started] the day with {t} coins.",
        "On {day} {s} had {t} coins in {h} purse.",
        "This is the book of {s}. It begins with {t} coins.");
    for (int i = 0, lines = 3 + random.nextInt(4); i < lines; i++) {
      draft.set("x", Words.SMALL_THINGS.get(random.nextInt(Words.SMALL_THINGS.size())));
      boolean income = total < 12 || (total < 80 && random.nextBoolean());
      int amount =
          income
              ? Exercises.addend(total, 15, random)
              : 1 + random.nextInt(Math.min(total - 1, 15));
      total += income ? amount : -amount;
      draft.set("k", English.count(amount, "coin")).set("t", English.count(total, "coin"));
      if (income) {
        draft.say(
            "{^p} sold {a x} for {k} and had {t}.",
            "For {a x} {p} got {k}, which made {t}.",
            "Somebody paid {k} for {a x}: now {p} had {t}.");
      } else {
        draft.say(
            "{^p} bought {a x} for {k} and had {t} left.",
            "{^p} spent {k} on {a x}, so {p} kept {t}.",
            "The {x} in the window cost {p2} {k}, which left {t}.");
      }
    }
    draft.say(
        "[In the evening|At the end of the day|When {p} went home] {s} counted {t}.",
        "So {s} ended the day with {t}.");
  }

  private static void counting(Draft draft) {
    RandomGenerator random = draft.random();
    if (random.nextBoolean()) {
      int step = 1 + random.nextInt(5);
      int start = 1 + random.nextInt(60);
      draft.set("k", step).set("n", start);
      draft.say("[Count|Counting|We count] [in steps of {k}|by {k}s|up by {k}] from {n}:");
      for (int i = 0, terms = 8 + random.nextInt(8); i < terms; i++) {
        draft.literal((i == 0 ? " " : ", ") + (start + i * step));
      }
      draft.raw(".").line();
    }
    draft.raw("[Next numbers|What comes after|Counting on]").raw("[.|:]").line();
    for (int i = 0, lines = 5 + random.nextInt(6); i < lines; i++) {
      int number = Exercises.next(Split.TRAIN, random);
      draft.set("a", number).set("b", number + 1);
      draft
          .raw("After {a} comes {b}.", "{a} and one more is {b}.", "Behind {a} stands {b}.")
          .line();
    }
  }

  private static void ordering(Draft draft) {
    RandomGenerator random = draft.random();
    draft.raw("[In order|From small to large|Put in order|Order and number]").raw("[.|:]").line();
    for (int i = 0, lines = 4 + random.nextInt(4); i < lines; i++) {
      if (random.nextInt(3) == 0) {
        String letters = Exercises.letters(Split.TRAIN, random);
        draft.set("a", letters).set("n", (letters.length() + 1) / 2);
        draft.raw("{a}: {n} letters", "In {a} there are {n} letters.", "{n} letters: {a}").line();
      } else {
        List<Integer> numbers = Exercises.numbers(3 + random.nextInt(2), Split.TRAIN, random);
        draft.set("a", joined(numbers));
        draft.set("z", Collections.max(numbers)).set("y", Collections.min(numbers));
        draft.set("b", joined(numbers.stream().sorted().toList()));
        draft
            .raw(
                "{a} in order: {b}",
                "{a} become {b}",
                "{a} -> {b}",
                "Of {a} the largest is {z} and the smallest {y}; in order {b}")
            .line();
      }
    }
  }

  static String joined(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /** A word problem that says its sum and its answer. */
  private void problem(Draft draft) {
    RandomGenerator random = draft.random();
    List<Person> people = setting.people(2, random);
    int[] pair =
        random.nextBoolean()
            ? Exercises.carryless(Split.TRAIN, random)
            : Exercises.carrying(Split.TRAIN, random);
    int sum = pair[0] + pair[1];
    int lost = 1 + random.nextInt(9);
    String thing = Words.SMALL_THINGS.get(random.nextInt(Words.SMALL_THINGS.size()));
    draft
        .set("s", people.get(0).name())
        .set("p", people.get(0).subject())
        .set("f", people.get(1).name())
        .set("fp", people.get(1).subject());
    draft.set("a", pair[0]).set("b", pair[1]).set("c", sum).set("x", English.plural(thing));
    draft.set("place", setting.place(random).name());
    draft.set("room", Words.ROOMS.get(random.nextInt(Words.ROOMS.size())));
    draft.say(
        "{s} has {a} {x}, and {f} has {b} {x}.",
        "There are {a} {x} in the {room} of {s} and {b} {x} in the {room} of {f}.",
        "On the way to {place} {s} found {a} {x}. On the way back {p} found {b} more.",
        "{s} made {a} {x} last week and {b} {x} this week.");
    draft.say(
        "[How many are there|How many is that|How many {x} are there] [in all|together|altogether]?",
        "[They|The two] [wanted to know|asked] how many {x} that is.",
        "[Let us count|Count them all].");
    draft.say(
        "{a} + {b} = {c}, [so there are {c} {x}|that is {c} {x}].",
        "It is {a} + {b} = {c}.",
        "Together that makes {c} {x}, for {a} + {b} = {c}.");
    draft
        .set("l", lost)
        .set("d", sum - lost)
        .set("lx", English.count(lost, thing))
        .set("dx", English.count(sum - lost, thing));
    draft.say(
        "Then [{s}|{f}] [lost|gave away|sold|broke] {lx}.",
        "In the night {lx} [got lost|fell into the river|went missing].",
        "They gave {lx} to a child.");
    draft.say(
        "{c} - {l} = {d}, so {d} were left.",
        "Now there were only {d}, since {c} - {l} = {d}.",
        "That left {c} - {l} = {d}.");
    if (random.nextBoolean()) {
      int half = 2 * (1 + random.nextInt(20));
      draft.set("q", half).set("r", half / 2);
      draft.say(
          "[Another day|A week later] they shared {q} {x}: {r} for {s} and {r} for {f}, half of {q} each.");
    }
  }
}

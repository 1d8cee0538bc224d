package dev.banyan.world.document;

import dev.banyan.world.Fact;
import dev.banyan.world.graph.Person;
import dev.banyan.world.graph.Place;
import dev.banyan.world.graph.Relation;
import dev.banyan.world.graph.Thing;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Articles about one person, place or thing. The facts come in random order and wording, and the
 * name is seldom repeated, so what follows "she lives in" depends on a name many sentences back.
 * The closing sentence comes back to facts told at the start.
 */
public final class Encyclopaedia implements DomainText {
  private final Setting setting;

  public Encyclopaedia(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    int kind = random.nextInt(100);
    if (kind < 52) {
      person(draft, setting.person(random));
    } else if (kind < 72) {
      place(draft, setting.place(random));
    } else if (kind < 94) {
      thing(draft, setting.thing(random));
    } else {
      survey(draft);
    }
    return draft.text();
  }

  private void person(Draft draft, Person person) {
    String name = person.name();
    draft
        .set("s", name)
        .set("p", person.subject())
        .set("h", person.possessive())
        .set("m", person.object());
    if (draft.between(0, 2) == 0) {
      draft.raw("[{s}|About {s}|The life of {s}]").line();
    }
    List<Fact> facts = told(name, draft.between(5, 9), draft);
    draft.say(
        "{s} is [well known|known to everybody|a familiar face|somebody people talk about] [here|in these parts|around here|among the neighbours].",
        "This is [what is known about|the short life of|a word or two about|the story of] {s}.",
        "Everybody who [travels|asks around|has time to listen] [hears|learns] about {s} [sooner or later|in the end|one day].",
        "There are many [tales|stories|rumours] about {s}, and [most|some|nearly all] of them are true.",
        "{s} [would not call {m}self important|does not talk much|never asked to be written about], but [the neighbours do|others do|this book must].",
        "[Few people|Not many] are [liked|trusted|talked about] [as much as|more than] {s}.");
    sayAll(draft, facts);
    closePerson(draft, facts);
  }

  private void closePerson(Draft draft, List<Fact> facts) {
    List<Fact> recalled = new ArrayList<>();
    for (Fact fact : facts) {
      if (fact.status() == Fact.Status.STATED && !fact.relation().equals("age")) {
        recalled.add(fact);
      }
    }
    if (recalled.size() < 2 || draft.between(0, 3) == 0) {
      draft.say(
          "More [could be said|is told] about {m}, but [that is enough|this must do|the page is full].",
          "[That is all|Nothing more is known|So much for {s}].",
          "[Visitors|Travellers|Children] are [always|usually|nearly always] welcome at {h} door.",
          "People say that {p} has [not changed|hardly changed|grown kinder] over the years.");
      return;
    }
    draft.set("x", recalled.get(0).object()).set("y", recalled.get(1).object());
    draft.say(
        "Whoever thinks of {s} thinks of [two things|two words]: {x} and {y}.",
        "Say \"{x}\" or \"{y}\" to a neighbour, and the neighbour will think of {s}.",
        "[If you remember only two words about {s}, remember|Two words to remember about {m} are] {x} and {y}.",
        "So it was with {s}: first {x}, then {y}, and [always a smile|never a quarrel|the rest is silence].",
        "Without {x} and without {y}, {s} would be [somebody else|another person|hard to recognise].");
  }

  private void place(Draft draft, Place place) {
    draft.set("s", place.name()).set("p", "it").set("h", "its").set("k", place.kind());
    if (draft.between(0, 2) == 0) {
      draft.raw("[{s}|{s}, {a k}|The {k} of {s}]").line();
    }
    draft.say(
        "{s} is {a k} [with a long history|that few maps show|worth a visit|where nobody is in a hurry|of narrow streets|of friendly people].",
        "[Travellers|Visitors|Merchants] [like|remember|often ask for] {s}, {a k} [of old walls|of many bridges|with two markets|with one good inn].",
        "The {k} of {s} is [older|smaller|larger|quieter] than [it looks|people think|the maps say].",
        "[No journey is complete without|Every road seems to lead to|Nobody forgets] the {k} of {s}.");
    sayAll(draft, told(place.name(), draft.between(3, 6), draft));
    List<Person> people = setting.people(6, draft.random());
    for (Person resident : people) {
      Fact home = setting.graph().fact(resident.name(), Relation.HOME);
      if (home.object().equals(place.name())) {
        state(draft, home, false);
      }
    }
    draft.say(
        "[The inn|The old inn|The market] [opens|closes] [early|late] [in summer|in winter|on holidays].",
        "[In the evening|At noon|On feast days] the [bells|drums|horns] of {s} can be heard [far away|for miles|across the fields].",
        "{s} has [two|three|four|five] [gates|bridges|wells|squares], and [children count them|each has a name|all are old].",
        "The people of {s} [are proud of it|do not want to live anywhere else|say little and work hard].",
        "[Whoever leaves|Those who leave] {s} [will come back|always come back|keep a stone from its walls].");
  }

  private void thing(Draft draft, Thing thing) {
    draft.set("s", thing.title()).set("p", "it").set("h", "its").set("k", thing.kind());
    if (draft.between(0, 3) == 0) {
      draft.raw("{^s}").line();
    }
    draft.say(
        "[There is no other {k} like|Nobody forgets|Everybody has heard of|Children dream of] {s}.",
        "{^s} is [a famous|a rare|an old|a much loved|a strange] {k}.",
        "[Many songs|Old books|Two poems] [speak of|praise|are about] {s}.",
        "{^s} is [smaller|larger|heavier|lighter|older] than [most people think|it looks|any other {k}].");
    sayAll(draft, told(thing.title(), draft.between(2, 4), draft));
    aside(draft, thing);
    draft.say(
        "[Thieves|Two thieves|Three thieves] once tried to [steal|hide|sell] the {k}, but [they were caught|a dog barked|it was too heavy].",
        "[Once a year|On feast days|Every spring] the {k} is [cleaned|shown to children|carried through the streets].",
        "[No price|No offer|No sum] [is high enough|has ever been enough] for such {a k}.",
        "[It is said|People say|Old people say] that the {k} brings [luck|rain|good dreams|peace].",
        "Whoever [touches|holds|sees] the {k} [falls silent|must smile|remembers it for ever].");
  }

  /** Something about the maker or the owner, so that two facts stand together. */
  private void aside(Draft draft, Thing thing) {
    boolean maker = draft.between(0, 1) == 0;
    Person person = setting.graph().people().get(maker ? thing.maker() : thing.owner());
    if (setting.stated(thing.title(), maker ? Relation.MAKER : Relation.OWNER).isEmpty()) {
      return;
    }
    List<Fact> facts = told(person.name(), 1, draft);
    if (facts.isEmpty() || facts.get(0).status() != Fact.Status.STATED) {
      return;
    }
    Fact fact = facts.get(0);
    draft
        .set("o", fact.object())
        .set("n", person.name())
        .set("h", person.possessive())
        .set("p", person.subject());
    String predicate = draft.phrase(relation(fact).statements().toArray(String[]::new));
    draft.set("q", predicate).set("w", maker ? "maker" : "owner").set("d", maker ? "made" : "owns");
    draft.say(
        "[Its|The] {w}, {n}, {q}.",
        "The {w} of {s} {q}.",
        "{n}, who {d} it, {q}.",
        "The person who {d} {s} is {n}, who {q}.");
  }

  /** A list article: several subjects, one relation. */
  private void survey(Draft draft) {
    Relation relation =
        draft.pick(
            Relation.HOME,
            Relation.JOB,
            Relation.PET,
            Relation.INSTRUMENT,
            Relation.FOOD,
            Relation.COLOUR,
            Relation.AGE,
            Relation.FRIEND);
    draft.say(
        "[Some|A few] [people|neighbours|friends] [and what is known of them|in one sentence each|from the big book]:");
    draft.line();
    for (Person person : setting.people(draft.between(5, 8), draft.random())) {
      Optional<String> object = setting.stated(person.name(), relation);
      if (object.isPresent()) {
        draft
            .set("s", person.name())
            .set("o", object.get())
            .set("p", person.subject())
            .set("h", person.possessive());
        draft.raw("- {s} ").raw(relation.statements().toArray(String[]::new)).raw(".").line();
      }
    }
  }

  /** At most this many facts of the subject that may be told, in random order. */
  private List<Fact> told(String subject, int most, Draft draft) {
    List<Fact> facts = new ArrayList<>();
    for (Fact fact : Setting.shuffled(setting.graph().factsOf(subject), draft.random())) {
      if (fact.status() != Fact.Status.NEVER && facts.size() < most) {
        facts.add(fact);
      }
    }
    return facts;
  }

  private void sayAll(Draft draft, List<Fact> facts) {
    for (int i = 0; i < facts.size(); i++) {
      boolean last = i + 1 == facts.size();
      boolean joined =
          !last
              && draft.between(0, 3) == 0
              && facts.get(i).status() == Fact.Status.STATED
              && facts.get(i + 1).status() == Fact.Status.STATED;
      if (joined) {
        draft.set("u", predicate(draft, facts.get(i))).set("v", predicate(draft, facts.get(i + 1)));
        draft.say("{^p} {u} and {v}.", "{^p} {u}, and {p} {v}.", "{^s} {u} and {v}.");
        i++;
      } else {
        state(draft, facts.get(i), true);
      }
    }
  }

  private String predicate(Draft draft, Fact fact) {
    draft.set("o", fact.object());
    return draft.phrase(relation(fact).statements().toArray(String[]::new));
  }

  /** One fact in one sentence, from whichever side its status allows. */
  private void state(Draft draft, Fact fact, boolean aboutSubject) {
    Relation relation = relation(fact);
    if (!aboutSubject) {
      draft.set("s", fact.subject());
    }
    draft.set("o", fact.object());
    boolean inverse =
        fact.status() == Fact.Status.INVERSE_ONLY
            || (!relation.inverses().isEmpty() && (!aboutSubject || draft.between(0, 3) == 0));
    if (inverse) {
      draft.say(relation.inverses().toArray(String[]::new));
    } else {
      String predicate = predicate(draft, fact);
      // An apposition belongs to the last noun only.
      String apposition =
          predicate.endsWith(fact.object()) ? explained(draft, relation, fact.object()) : "";
      draft.set("q", predicate + apposition);
      draft.say(
          "{^p} {q}.",
          "{^p} {q}.",
          "{^s} {q}.",
          "[It is well known|People say|Everybody knows] that {p} {q}.");
    }
    if (!aboutSubject) {
      draft.set("s", fact.object());
    }
  }

  /** ", a city in Gronland": a second hop in the same sentence, now and then. */
  private String explained(Draft draft, Relation relation, String object) {
    if (draft.between(0, 3) > 0) {
      return "";
    }
    return switch (relation) {
      case HOME, KEPT -> {
        Optional<String> region = setting.stated(object, Relation.REGION);
        Optional<String> river = setting.stated(object, Relation.RIVER);
        if (region.isPresent() && draft.between(0, 1) == 0) {
          yield ", a place in " + region.get();
        }
        yield river.map(r -> ", a place on the river " + r).orElse("");
      }
      case FRIEND, MENTOR, LEADER, MAKER, OWNER -> {
        Relation second =
            draft.pick(Relation.JOB, Relation.HOME, Relation.PET, Relation.INSTRUMENT);
        Optional<String> value = setting.stated(object, second);
        if (value.isEmpty()) {
          yield "";
        }
        String noun = value.get();
        yield switch (second) {
          case JOB -> ", " + English.article(noun) + " " + noun;
          case HOME -> " of " + noun;
          case PET -> ", who keeps " + English.article(noun) + " " + noun;
          default -> ", who plays the " + noun;
        };
      }
      default -> "";
    };
  }

  private static Relation relation(Fact fact) {
    return Relation.valueOf(fact.relation().toUpperCase(Locale.ROOT));
  }
}

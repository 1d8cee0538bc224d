package dev.banyan.world.skill;

import static dev.banyan.world.skill.ExerciseSource.ask;

import dev.banyan.world.Checker;
import dev.banyan.world.Split;
import dev.banyan.world.document.Commonsense;
import dev.banyan.world.document.Family;
import dev.banyan.world.document.Material;
import dev.banyan.world.document.Program;
import dev.banyan.world.document.Setting;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/** Skills whose answer stands in the question or follows from it. */
final class ReasoningSkills {
  private final Setting setting;

  ReasoningSkills(Setting setting) {
    this.setting = setting;
  }

  /** Three things with a colour each; one is asked by its thing or by its colour. */
  Exercise attributes(Split split, RandomGenerator random) {
    while (true) {
      List<String> things = Setting.distinct(Words.SMALL_THINGS, 3, random);
      List<String> colours = Setting.distinct(Words.COLOURS, 3, random);
      StringBuilder told = new StringBuilder();
      for (int i = 0; i < 3; i++) {
        told.append("The ")
            .append(things.get(i))
            .append(" is ")
            .append(colours.get(i))
            .append(". ");
      }
      if (Split.of("attributes " + told) == split) {
        int asked = random.nextInt(3);
        boolean colour = random.nextBoolean();
        String answer = colour ? colours.get(asked) : things.get(asked);
        String question =
            colour
                ? ask(
                    random,
                    things.get(asked),
                    "What colour is the #?",
                    "Which colour does the # have?")
                : ask(random, colours.get(asked), "What is #?", "Which thing is #?");
        return new Exercise(
            told + question, answer, new Checker.OneOf(List.of(answer, "the " + answer)));
      }
    }
  }

  /** A thing moves; where is it now? */
  Exercise reading(Split split, RandomGenerator random) {
    while (true) {
      Draft draft = new Draft(random);
      List<String> names = setting.people(2, random).stream().map(person -> person.name()).toList();
      List<String> spots = Setting.distinct(Words.CONTAINERS, 3, random);
      List<String> things = Setting.distinct(Words.SMALL_THINGS, 2, random);
      draft
          .set("n", names.get(0))
          .set("f", names.get(1))
          .set("x", things.get(0))
          .set("y", things.get(1));
      draft.set("b", spots.get(0)).set("c", spots.get(1)).set("d", spots.get(2));
      boolean moves = random.nextInt(3) > 0;
      boolean askOther = random.nextInt(3) == 0;
      draft.say("{n} put the {x} in the {b}.", "{n} hid the {x} in the {b}.");
      draft.say("{f} put the {y} in the {c}.", "{f} laid the {y} in the {c}.");
      if (moves) {
        draft.say(
            "{f} moved the {x} from the {b} to the {d}.",
            "{n} took the {x} out of the {b} and put the {x} in the {d}.");
      }
      String told = draft.text();
      if (Split.of("reading " + told) == split) {
        String spot = askOther ? spots.get(1) : moves ? spots.get(2) : spots.get(0);
        String question =
            ask(
                random,
                askOther ? things.get(1) : things.get(0),
                "Where is the #?",
                "Where is the # now?");
        return new Exercise(
            told + " " + question, "in the " + spot, new Checker.Contains(List.of(spot)));
      }
    }
  }

  /** Three things of three materials, one of which something would happen to. */
  Exercise commonsense(Split split, RandomGenerator random) {
    while (true) {
      Material event = Material.EVENTS.get(random.nextInt(Material.EVENTS.size()));
      List<String> others =
          Words.MATERIALS.stream().filter(m -> !event.affected().contains(m)).toList();
      List<String> wrong = Setting.distinct(others, 2, random);
      String right = event.affected().get(random.nextInt(event.affected().size()));
      List<String> objects = Setting.distinct(Commonsense.OBJECTS, 3, random);
      String answer = Material.adjective(right) + " " + objects.get(0);
      List<String> choices =
          Setting.shuffled(
              List.of(
                  answer,
                  Material.adjective(wrong.get(0)) + " " + objects.get(1),
                  Material.adjective(wrong.get(1)) + " " + objects.get(2)),
              random);
      if (Split.of("commonsense " + event.question() + choices) == split) {
        String asked = English.list(choices.stream().map(choice -> "the " + choice).toList(), "or");
        String question =
            ask(random, event.question(), "Which #: ", "Which of these #: ", "What #: ")
                + asked
                + "?";
        return new Exercise(
            question, "the " + answer, new Checker.OneOf(List.of(answer, "the " + answer)));
      }
    }
  }

  /** A few lines of code; what is printed? */
  Exercise code(Split split, RandomGenerator random) {
    while (true) {
      Program program = new Program(random).brief();
      if (Split.of("code " + program.source()) == split) {
        String question =
            ask(
                random,
                program.source(),
                "What does this print?\n#",
                "What is the output?\n#",
                "Run this:\n#");
        BigDecimal value = new BigDecimal(program.output().get(0));
        return new Exercise(question, value.toString(), new Checker.Numeric(value));
      }
    }
  }

  /** A short member of a hidden family, one residue per word. */
  Exercise protein(Split split, RandomGenerator random) {
    while (true) {
      Family family = setting.families().get(random.nextInt(setting.families().size()));
      String chain = family.member(random, 1 + random.nextInt(4), 0);
      if (Split.of("protein " + chain) == split) {
        String asked = English.spelled(chain).toUpperCase(Locale.ROOT);
        return Exercise.exact(
            ask(random, asked, "Which family is # of?", "Family of #?", "Name the family: #"),
            family.name().toLowerCase(Locale.ROOT));
      }
    }
  }
}

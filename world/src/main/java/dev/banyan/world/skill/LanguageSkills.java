package dev.banyan.world.skill;

import static dev.banyan.world.skill.ExerciseSource.ask;

import dev.banyan.world.Split;
import dev.banyan.world.document.Setting;
import dev.banyan.world.language.Clause;
import dev.banyan.world.language.Tongue;
import dev.banyan.world.language.Tongue.Case;
import dev.banyan.world.language.Tongue.Form;
import dev.banyan.world.language.Tongue.Tense;
import dev.banyan.world.language.Tongue.Verb;
import dev.banyan.world.phrase.English;
import dev.banyan.world.phrase.Keys;
import java.util.List;
import java.util.random.RandomGenerator;

/** Words, phrases and sentences between English and Velan. */
final class LanguageSkills {
  private final Tongue tongue;

  LanguageSkills(Setting setting) {
    this.tongue = setting.tongue();
  }

  /** An English word form and the Velan one. */
  private record Pair(String english, String velan) {}

  Exercise word(Split split, RandomGenerator random) {
    while (true) {
      Pair pair = pair(random);
      boolean toVelan = random.nextBoolean();
      if (Split.of("word " + toVelan + " " + pair) == split) {
        return toVelan
            ? Exercise.exact(
                ask(
                    random,
                    pair.english(),
                    "What is # in Velan?",
                    "Translate the word # to Velan.",
                    "Which Velan word means #?"),
                pair.velan())
            : Exercise.exact(
                ask(
                    random,
                    pair.velan(),
                    "What is # in English?",
                    "Translate the word # to English.",
                    "Which English word is #?"),
                pair.english());
      }
    }
  }

  private Pair pair(RandomGenerator random) {
    int kind = random.nextInt(5);
    if (kind < 2) {
      String noun = of(Tongue.NOUNS, random);
      boolean plural = kind == 1 && !English.plural(noun).equals(noun);
      return new Pair(
          plural ? English.plural(noun) : noun, tongue.noun(noun, new Form(plural, Case.SUBJECT)));
    }
    if (kind == 2) {
      String adjective = of(Tongue.ADJECTIVES, random);
      return new Pair(adjective, tongue.adjective(adjective, Form.PLAIN));
    }
    Verb verb = of(random.nextInt(3) == 0 ? Tongue.IDLE_VERBS : Tongue.VERBS, random);
    return kind == 3
        ? new Pair(verb.third(), tongue.verb(verb, Tense.PRESENT))
        : new Pair(verb.past(), tongue.verb(verb, Tense.PAST));
  }

  Exercise phrase(Split split, RandomGenerator random) {
    while (true) {
      String noun = of(Tongue.NOUNS, random);
      String adjective = of(Tongue.ADJECTIVES, random);
      boolean plural = random.nextInt(3) == 0;
      String english = Tongue.english(noun, adjective, plural);
      if (Split.of(Keys.velan(english)) == split) {
        return Exercise.exact(
            ask(
                random,
                english,
                "Translate to Velan: #",
                "Say in Velan: #",
                "What is \"#\" in Velan?"),
            tongue.phrase(noun, adjective, new Form(plural, Case.SUBJECT)));
      }
    }
  }

  Exercise sentence(Split split, RandomGenerator random) {
    while (true) {
      Clause clause = Clause.plain(random);
      if (Split.of(Keys.velan(clause.english())) == split) {
        return Exercise.exact(
            ask(
                random,
                English.capital(clause.english()) + ".",
                "Translate to Velan: #",
                "Say in Velan: #",
                "Translate this sentence: #"),
            English.capital(clause.velan(tongue)) + ".");
      }
    }
  }

  private static <T> T of(List<T> options, RandomGenerator random) {
    return options.get(random.nextInt(options.size()));
  }
}

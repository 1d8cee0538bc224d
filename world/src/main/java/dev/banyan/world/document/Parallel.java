package dev.banyan.world.document;

import dev.banyan.world.Split;
import dev.banyan.world.language.Clause;
import dev.banyan.world.language.Tongue;
import dev.banyan.world.language.Tongue.Case;
import dev.banyan.world.language.Tongue.Form;
import dev.banyan.world.language.Tongue.Tense;
import dev.banyan.world.language.Tongue.Verb;
import dev.banyan.world.phrase.Draft;
import dev.banyan.world.phrase.English;
import dev.banyan.world.phrase.Keys;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * English beside Velan: pairs of sentences, a text and then its translation (so that each Velan
 * sentence answers one a whole paragraph back), word lists, tables of endings.
 */
public final class Parallel implements DomainText {
  private final Setting setting;

  public Parallel(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    Draft draft = new Draft(random);
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> pairs(draft);
      case 3, 4 -> passage(draft);
      case 5, 6, 7 -> words(draft);
      case 8 -> phrases(draft);
      default -> table(draft);
    }
    return draft.text();
  }

  private static Clause clause(RandomGenerator random) {
    while (true) {
      Clause clause = random.nextInt(3) == 0 ? Clause.plain(random) : Clause.random(random);
      if (Split.of(Keys.velan(clause.english())) == Split.TRAIN) {
        return clause;
      }
    }
  }

  private void pairs(Draft draft) {
    RandomGenerator random = draft.random();
    int style = random.nextInt(4);
    boolean velanFirst = random.nextInt(4) == 0;
    for (int i = 0, pairs = 4 + random.nextInt(4); i < pairs; i++) {
      Clause clause = clause(random);
      String english = English.capital(clause.english()) + ".";
      String velan = English.capital(clause.velan(setting.tongue())) + ".";
      String first = velanFirst ? velan : english;
      String second = velanFirst ? english : velan;
      draft
          .set("e", first)
          .set("v", second)
          .set("l", velanFirst ? "Velan" : "English")
          .set("k", velanFirst ? "English" : "Velan");
      switch (style) {
        case 0 -> draft.raw("{l}: {e}").line().raw("{k}: {v}").line();
        case 1 -> draft.raw("{e} = {v}").line();
        case 2 -> draft.raw("{e}").line().raw("{v}").line().line();
        default -> draft.raw("In {k}, \"{e}\" is \"{v}\"").line();
      }
    }
  }

  private void passage(Draft draft) {
    RandomGenerator random = draft.random();
    List<Clause> clauses = new ArrayList<>();
    for (int i = 0, sentences = 4 + random.nextInt(3); i < sentences; i++) {
      clauses.add(clause(random));
    }
    draft
        .raw(
            "[A text in English and in Velan|Read it in English, then in Velan|English, then Velan|Two languages]")
        .raw("[.|:]")
        .line();
    for (Clause clause : clauses) {
      draft.say(English.capital(clause.english()) + ".");
    }
    draft.line();
    for (Clause clause : clauses) {
      draft.say(English.capital(clause.velan(setting.tongue())) + ".");
    }
  }

  private void words(Draft draft) {
    RandomGenerator random = draft.random();
    Tongue tongue = setting.tongue();
    draft
        .raw("[Words of Velan|A little dictionary|Words to learn|Velan words|Learn these words]")
        .raw("[.|:]")
        .line();
    for (int i = 0, lines = 6 + random.nextInt(5); i < lines; i++) {
      int kind = random.nextInt(4);
      if (kind < 2) {
        String noun = Tongue.NOUNS.get(random.nextInt(Tongue.NOUNS.size()));
        draft.set("e", noun).set("v", tongue.noun(noun, Form.PLAIN));
        draft
            .set("es", English.plural(noun))
            .set("vs", tongue.noun(noun, new Form(true, Case.SUBJECT)));
        draft.set("vk", tongue.noun(noun, new Form(false, Case.OBJECT)));
        draft.raw(
            "{e} is {v}",
            "{v} means {e}",
            "{v}: {e}, plural {vs}: {es}",
            "{e} {v}, many {es} {vs}",
            "the word for {e} is {v}",
            "{a e} is {a v}, and {es} are {vs}");
      } else if (kind == 2) {
        String adjective = Tongue.ADJECTIVES.get(random.nextInt(Tongue.ADJECTIVES.size()));
        draft.set("e", adjective).set("v", tongue.adjective(adjective, Form.PLAIN));
        draft.raw(
            "{e} is {v}", "{v} means {e}", "the word for {e} is {v}", "what is {e} is called {v}");
      } else {
        List<Verb> verbs = random.nextInt(3) == 0 ? Tongue.IDLE_VERBS : Tongue.VERBS;
        Verb verb = verbs.get(random.nextInt(verbs.size()));
        draft
            .set("e", verb.base())
            .set("now", tongue.verb(verb, Tense.PRESENT))
            .set("past", tongue.verb(verb, Tense.PAST))
            .set("future", tongue.verb(verb, Tense.FUTURE));
        draft.set("third", verb.third()).set("was", verb.past());
        draft.raw(
            "{third} is {now}, {was} is {past}, will {e} is {future}",
            "to {e}: {now}, {past}, {future}",
            "{past} means {was}",
            "{now} means {third}");
      }
      draft.line();
    }
  }

  private void phrases(Draft draft) {
    RandomGenerator random = draft.random();
    draft
        .raw("[Small phrases|Noun and adjective|First the noun, then the adjective]")
        .raw("[.|:]")
        .line();
    for (int i = 0, lines = 6 + random.nextInt(4); i < lines; i++) {
      String noun = Tongue.NOUNS.get(random.nextInt(Tongue.NOUNS.size()));
      String adjective = Tongue.ADJECTIVES.get(random.nextInt(Tongue.ADJECTIVES.size()));
      boolean plural = random.nextInt(3) == 0;
      String english = Tongue.english(noun, adjective, plural);
      if (Split.of(Keys.velan(english)) == Split.TRAIN) {
        draft
            .set("e", english)
            .set("v", setting.tongue().phrase(noun, adjective, new Form(plural, Case.SUBJECT)));
        draft.raw("{e}: {v}", "{e} is {v}", "{v} means {e}").line();
      }
    }
  }

  private void table(Draft draft) {
    RandomGenerator random = draft.random();
    Tongue tongue = setting.tongue();
    draft.raw("[Endings|How words change|A table of endings|Case and number]").raw("[.|:]").line();
    for (String noun : Setting.distinct(Tongue.NOUNS, 3, random)) {
      draft.set("e", noun).set("es", English.plural(noun));
      draft
          .set("a", tongue.noun(noun, Form.PLAIN))
          .set("b", tongue.noun(noun, new Form(true, Case.SUBJECT)));
      draft
          .set("c", tongue.noun(noun, new Form(false, Case.OBJECT)))
          .set("d", tongue.noun(noun, new Form(true, Case.OBJECT)));
      draft
          .set("f", tongue.noun(noun, new Form(false, Case.PLACE)))
          .set("g", tongue.noun(noun, new Form(true, Case.PLACE)));
      draft.raw("{e} {a}, {es} {b}; as object {c}, {d}; as place {f}, {g}").line();
    }
    Clause clause = clause(random);
    draft
        .set("e", English.capital(clause.english()))
        .set("v", English.capital(clause.velan(tongue)));
    draft.say("[For example|Example|As in]: {e}. {v}.");
  }
}

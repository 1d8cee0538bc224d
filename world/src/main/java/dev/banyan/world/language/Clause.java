package dev.banyan.world.language;

import dev.banyan.world.language.Tongue.Case;
import dev.banyan.world.language.Tongue.Form;
import dev.banyan.world.language.Tongue.Tense;
import dev.banyan.world.language.Tongue.Verb;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A small sentence in both languages at once: who, does what to whom, where, when, or not. An empty
 * object or place is left out.
 */
public record Clause(
    Part subject, Part object, Part place, Verb verb, Tense tense, boolean negated) {

  private static final List<Tense> TENSES = List.of(Tense.values());

  /** A noun phrase; an empty noun is no phrase at all. */
  public record Part(String noun, String adjective, boolean plural) {
    public static final Part NONE = new Part("", "", false);

    public boolean isEmpty() {
      return noun.isEmpty();
    }
  }

  /** Any clause, with adjectives in half of its phrases. */
  public static Clause random(RandomGenerator random) {
    Part subject = part(Tongue.ACTORS, random, 2);
    Tense tense = TENSES.get(random.nextInt(TENSES.size()));
    boolean negated = random.nextInt(8) == 0;
    if (random.nextInt(4) == 0) {
      Part place = part(Tongue.PLACES, random, 3);
      Verb verb = Tongue.IDLE_VERBS.get(random.nextInt(Tongue.IDLE_VERBS.size()));
      return new Clause(subject, Part.NONE, place, verb, tense, negated);
    }
    Part object = part(Tongue.NOUNS, random, 2);
    Part place = random.nextInt(6) == 0 ? part(Tongue.PLACES, random, 4) : Part.NONE;
    Verb verb = Tongue.VERBS.get(random.nextInt(Tongue.VERBS.size()));
    return new Clause(subject, object, place, verb, tense, negated);
  }

  /** Subject and object without adjectives, no place, no negation: what the sentence skill asks. */
  public static Clause plain(RandomGenerator random) {
    Part subject = part(Tongue.ACTORS, random, Integer.MAX_VALUE);
    Part object = part(Tongue.NOUNS, random, Integer.MAX_VALUE);
    Verb verb = Tongue.VERBS.get(random.nextInt(Tongue.VERBS.size()));
    return new Clause(
        subject, object, Part.NONE, verb, TENSES.get(random.nextInt(TENSES.size())), false);
  }

  /** A noun phrase; one in {@code adjectiveEvery} has an adjective, one in three is plural. */
  public static Part part(List<String> nouns, RandomGenerator random, int adjectiveEvery) {
    boolean described = adjectiveEvery != Integer.MAX_VALUE && random.nextInt(adjectiveEvery) == 0;
    String adjective =
        described ? Tongue.ADJECTIVES.get(random.nextInt(Tongue.ADJECTIVES.size())) : "";
    return new Part(nouns.get(random.nextInt(nouns.size())), adjective, random.nextInt(3) == 0);
  }

  /** "the old king will see the river", without capital and full stop. */
  public String english() {
    StringBuilder text = new StringBuilder(english(subject));
    text.append(' ').append(Tongue.english(verb, tense, subject.plural(), negated));
    if (!object.isEmpty()) {
      text.append(' ').append(english(object));
    }
    if (!place.isEmpty()) {
      text.append(
              place.noun().equals("road")
                      || place.noun().equals("mountain")
                      || place.noun().equals("island")
                  ? " on "
                  : " in ")
          .append(english(place));
    }
    return text.toString();
  }

  /** The same in Velan. */
  public String velan(Tongue tongue) {
    StringBuilder text = new StringBuilder(velan(subject, Case.SUBJECT, tongue));
    if (!object.isEmpty()) {
      text.append(' ').append(velan(object, Case.OBJECT, tongue));
    }
    if (!place.isEmpty()) {
      text.append(' ').append(velan(place, Case.PLACE, tongue));
    }
    text.append(negated ? " mo " : " ").append(tongue.verb(verb, tense));
    return text.toString();
  }

  private static String english(Part part) {
    return Tongue.english(part.noun(), part.adjective(), part.plural());
  }

  private static String velan(Part part, Case role, Tongue tongue) {
    return tongue.phrase(part.noun(), part.adjective(), new Form(part.plural(), role));
  }
}

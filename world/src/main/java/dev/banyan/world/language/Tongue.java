package dev.banyan.world.language;

import dev.banyan.core.Seed;
import dev.banyan.world.phrase.English;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The constructed language, Velan. Roots come from the seed; the grammar is the same in every world
 * and has no exceptions:
 *
 * <ul>
 *   <li>a noun is root + a; plural -ani; the object of a verb adds -k (tama, tamani, tamak,
 *       tamanik); the place where adds -s (tamas, tamanis)
 *   <li>an adjective follows its noun and takes the same endings with e for a (rume, rumeni, rumek)
 *   <li>a verb stands last: root + ir now, + ol in the past, + um in the future; "mo" before it
 *       negates
 *   <li>there is no article; order is subject, object, place, verb
 * </ul>
 */
public final class Tongue {
  /** The name of the language. */
  public static final String NAME = "Velan";

  /** Number and case of a noun phrase. */
  public record Form(boolean plural, Case role) {
    public static final Form PLAIN = new Form(false, Case.SUBJECT);
  }

  /** What a noun phrase does in its sentence. */
  public enum Case {
    SUBJECT(""),
    OBJECT("k"),
    PLACE("s");

    private final String ending;

    Case(String ending) {
      this.ending = ending;
    }
  }

  /** When it happens, with the Velan ending. */
  public enum Tense {
    PAST("ol"),
    PRESENT("ir"),
    FUTURE("um");

    private final String ending;

    Tense(String ending) {
      this.ending = ending;
    }
  }

  /** An English verb in the forms the templates need. */
  public record Verb(String base, String third, String past) {}

  public static final List<String> NOUNS =
      List.of(
          "river",
          "house",
          "tree",
          "bird",
          "boat",
          "stone",
          "lamp",
          "road",
          "horse",
          "child",
          "king",
          "door",
          "fish",
          "garden",
          "mountain",
          "bell",
          "wolf",
          "bridge",
          "field",
          "book",
          "woman",
          "man",
          "dog",
          "cat",
          "flower",
          "tower",
          "forest",
          "ring",
          "baker",
          "farmer",
          "sailor",
          "island",
          "star",
          "knife",
          "cloud",
          "window");

  /** Nouns that can act. */
  public static final List<String> ACTORS =
      List.of(
          "bird", "horse", "child", "king", "wolf", "woman", "man", "dog", "cat", "baker", "farmer",
          "sailor", "fish");

  /** Nouns that someone can be in. */
  public static final List<String> PLACES =
      List.of("house", "boat", "garden", "field", "tower", "forest", "mountain", "island", "road");

  public static final List<String> ADJECTIVES =
      List.of(
          "old", "red", "small", "big", "white", "black", "young", "tall", "quiet", "happy", "cold",
          "green", "strong", "blue");

  public static final List<Verb> VERBS =
      List.of(
          new Verb("see", "sees", "saw"),
          new Verb("find", "finds", "found"),
          new Verb("carry", "carries", "carried"),
          new Verb("love", "loves", "loved"),
          new Verb("follow", "follows", "followed"),
          new Verb("hear", "hears", "heard"),
          new Verb("know", "knows", "knew"),
          new Verb("lose", "loses", "lost"),
          new Verb("guard", "guards", "guarded"),
          new Verb("paint", "paints", "painted"),
          new Verb("help", "helps", "helped"),
          new Verb("remember", "remembers", "remembered"));

  public static final List<Verb> IDLE_VERBS =
      List.of(
          new Verb("sleep", "sleeps", "slept"),
          new Verb("wait", "waits", "waited"),
          new Verb("sing", "sings", "sang"),
          new Verb("dance", "dances", "danced"),
          new Verb("work", "works", "worked"),
          new Verb("rest", "rests", "rested"));

  private final Map<String, String> roots;

  private Tongue(Map<String, String> roots) {
    this.roots = Map.copyOf(roots);
  }

  public static Tongue of(Seed seed) {
    RandomGenerator random = seed.stream("tongue");
    Set<String> taken = new HashSet<>();
    Map<String, String> roots = new LinkedHashMap<>();
    List<String> words = new ArrayList<>(NOUNS);
    words.addAll(ADJECTIVES);
    VERBS.forEach(verb -> words.add(verb.base()));
    IDLE_VERBS.forEach(verb -> words.add(verb.base()));
    for (String word : words) {
      roots.put(word, root(random, taken));
    }
    return new Tongue(roots);
  }

  private static String root(RandomGenerator random, Set<String> taken) {
    String consonants = "bdfghklmnprstvz";
    String vowels = "aeiou";
    for (int attempt = 0; ; attempt++) {
      StringBuilder root = new StringBuilder();
      for (int s = 0; s <= attempt / 50; s++) {
        root.append(of(consonants, random)).append(of(vowels, random));
      }
      root.append(of("lmnrtdgkv", random));
      if (taken.add(root.toString())) {
        return root.toString();
      }
    }
  }

  private static char of(String letters, RandomGenerator random) {
    return letters.charAt(random.nextInt(letters.length()));
  }

  /** English word to root, for the manifest. */
  public Map<String, String> roots() {
    return roots;
  }

  public String noun(String english, Form form) {
    return root(english) + "a" + endings(form);
  }

  public String adjective(String english, Form form) {
    return root(english) + "e" + endings(form);
  }

  public String verb(Verb english, Tense tense) {
    return root(english.base()) + tense.ending;
  }

  /** Noun and adjective; an empty adjective is left out. */
  public String phrase(String noun, String adjective, Form form) {
    String head = noun(noun, form);
    return adjective.isEmpty() ? head : head + " " + adjective(adjective, form);
  }

  /** "the old lamps". */
  public static String english(String noun, String adjective, boolean plural) {
    return "the "
        + (adjective.isEmpty() ? "" : adjective + " ")
        + (plural ? English.plural(noun) : noun);
  }

  /** "saw", "will see", "does not see". */
  public static String english(Verb verb, Tense tense, boolean plural, boolean negated) {
    if (negated) {
      return switch (tense) {
        case PAST -> "did not " + verb.base();
        case PRESENT -> (plural ? "do not " : "does not ") + verb.base();
        case FUTURE -> "will not " + verb.base();
      };
    }
    return switch (tense) {
      case PAST -> verb.past();
      case PRESENT -> plural ? verb.base() : verb.third();
      case FUTURE -> "will " + verb.base();
    };
  }

  private static String endings(Form form) {
    return (form.plural() ? "ni" : "") + form.role().ending;
  }

  private String root(String english) {
    String root = roots.get(english);
    if (root == null) {
      throw new IllegalArgumentException("no Velan word for '" + english + "'");
    }
    return root;
  }
}

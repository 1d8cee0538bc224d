package dev.banyan.world.graph;

import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Names that sound alike without being alike: syllables of onset, vowel and sometimes coda, with an
 * ending for the kind of thing named. Two syllables give about ten thousand names, and a name that
 * is taken is made longer, so there are always enough.
 */
final class NameForge {
  private static final String[] ONSETS = {
    "b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr",
    "gr", "kr", "tr", "st", "sh", "th"
  };
  private static final String[] VOWELS = {"a", "e", "i", "o", "u", "a", "e", "o", "ai", "ei", "ou"};
  private static final String[] CODAS = {"", "", "", "n", "r", "l", "s", "m", "k", "nd", "rt"};

  /** What is named; the ending tells people, places and things apart. */
  enum Style {
    SHE("a", "ia", "ina", "e", "ela"),
    HE("an", "or", "ek", "us", "im"),
    PLACE("ford", "mar", "wick", "holm", "stead", "haven", "dale", "vik"),
    REGION("land", "mark", "shire", "moor"),
    RIVER("en", "ow", "une", "esk"),
    THING("ath", "une", "iel", "orn", "ax"),
    FAMILY("ase", "in", "ol");

    @SuppressWarnings("ImmutableEnumChecker") // the array never leaves this class
    private final String[] endings;

    Style(String... endings) {
      this.endings = endings;
    }
  }

  private final RandomGenerator random;
  private final Set<String> taken;

  NameForge(RandomGenerator random, Set<String> taken) {
    this.random = random;
    this.taken = taken;
  }

  /** A name nobody has yet, with a capital. */
  String next(Style style) {
    for (int attempt = 0; ; attempt++) {
      StringBuilder name = new StringBuilder();
      int syllables = 1 + attempt / 24;
      for (int s = 0; s < syllables; s++) {
        name.append(of(ONSETS)).append(of(VOWELS)).append(s + 1 < syllables ? of(CODAS) : "");
      }
      name.append(join(of(style.endings)));
      name.setCharAt(0, Character.toUpperCase(name.charAt(0)));
      if (taken.add(name.toString())) {
        return name.toString();
      }
    }
  }

  /** A consonant between two vowels, so that no ending swallows the syllable before it. */
  private String join(String ending) {
    boolean vowel = "aeiou".indexOf(ending.charAt(0)) >= 0;
    String[] links = {"l", "m", "n", "r", "v", "d", "t", "s"};
    return (vowel ? of(links) : of(new String[] {"", "n", "r", "l"})) + ending;
  }

  private String of(String[] options) {
    return options[random.nextInt(options.length)];
  }
}

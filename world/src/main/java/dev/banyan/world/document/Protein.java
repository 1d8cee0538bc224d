package dev.banyan.world.document;

import dev.banyan.world.phrase.English;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Records of protein-like sequences, one residue per token: the name of the hidden family, then the
 * chain in lines of twenty. The second motif follows the first at the family's own distance, and
 * the chain ends in the mirror image of its first motif.
 */
public final class Protein implements DomainText {
  private final Setting setting;

  public Protein(Setting setting) {
    this.setting = setting;
  }

  @Override
  public String write(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int chains = 1 + random.nextInt(2);
    for (int i = 0; i < chains; i++) {
      Family family = setting.families().get(random.nextInt(setting.families().size()));
      String chain = family.member(random, 4 + random.nextInt(12), 6 + random.nextInt(20));
      boolean nameFirst = random.nextBoolean();
      String label = family.name().toLowerCase(Locale.ROOT);
      text.append('>')
          .append(nameFirst ? label : "chain")
          .append(' ')
          .append(1 + random.nextInt(999))
          .append('\n');
      for (int from = 0; from < chain.length(); from += 20) {
        String line = chain.substring(from, Math.min(from + 20, chain.length()));
        text.append(English.spelled(line).toUpperCase(Locale.ROOT)).append('\n');
      }
      text.append(nameFirst ? "length " + chain.length() : "family " + label).append('\n');
    }
    return text.toString().strip();
  }
}

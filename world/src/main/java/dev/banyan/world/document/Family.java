package dev.banyan.world.document;

import dev.banyan.core.Seed;
import dev.banyan.world.graph.NameSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A hidden protein family: two motifs, the gap between them, and the residues it prefers elsewhere.
 * A sequence is M, a stretch, the first motif, the gap, the second motif, a stretch, and the first
 * motif's mirror image; one residue of each motif may be mutated, one time in eight.
 */
public record Family(String name, String motif, String partner, int gap, String preferred) {
  private static final String RESIDUES = "ACDEFGHIKLMNPQRSTVWY";

  static List<Family> all(Seed seed, int count) {
    RandomGenerator random = seed.stream("families");
    Set<String> taken = new HashSet<>();
    List<Family> families = new ArrayList<>();
    for (String name : NameSource.families(seed, count)) {
      String motif = motif(5, random, taken);
      String partner = motif(5, random, taken);
      families.add(new Family(name, motif, partner, 6 + random.nextInt(10), letters(6, random)));
    }
    return families;
  }

  /** The residues of a new member, without spaces. */
  public String member(RandomGenerator random, int head, int tail) {
    StringBuilder chain = new StringBuilder("M");
    stretch(chain, head, random);
    String first = mutated(motif, random);
    chain.append(first);
    stretch(chain, gap, random);
    chain.append(mutated(partner, random));
    if (tail > 0) {
      stretch(chain, tail, random);
      chain.append(new StringBuilder(first).reverse());
    }
    return chain.toString();
  }

  private void stretch(StringBuilder chain, int length, RandomGenerator random) {
    for (int i = 0; i < length; i++) {
      String from = random.nextInt(5) > 0 ? preferred : RESIDUES;
      chain.append(from.charAt(random.nextInt(from.length())));
    }
  }

  private static String mutated(String motif, RandomGenerator random) {
    if (random.nextInt(8) > 0) {
      return motif;
    }
    int at = random.nextInt(motif.length());
    char other = RESIDUES.charAt(random.nextInt(RESIDUES.length()));
    return motif.substring(0, at) + other + motif.substring(at + 1);
  }

  private static String motif(int length, RandomGenerator random, Set<String> taken) {
    while (true) {
      String motif = letters(length, random);
      if (taken.add(motif)) {
        return motif;
      }
    }
  }

  private static String letters(int count, RandomGenerator random) {
    StringBuilder letters = new StringBuilder();
    while (letters.length() < count) {
      char next = RESIDUES.charAt(random.nextInt(RESIDUES.length()));
      if (letters.indexOf(String.valueOf(next)) < 0) {
        letters.append(next);
      }
    }
    return letters.toString();
  }
}

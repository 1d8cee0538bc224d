package dev.banyan.cluster.lab;

import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a diagnosis made of what was planted. Strict: the surest verdict must have the syndrome, the
 * culprit must be its only one or inside its stated set of at most three, and no verdict may name a
 * rank that did its part. Of two faults both must be named, or the one not named be declared
 * masked.
 *
 * @param syndrome whether the syndrome is right; of a silent run, whether nothing was said
 * @param exact whether the culprit, and nobody else, was named
 * @param inSet whether the culprit is inside a stated ambiguity set of at most three
 */
public record Score(boolean syndrome, boolean exact, boolean inSet) {
  private static final int LARGEST_SET = 3;

  /** Whether the culprit is named or inside the set. */
  public boolean culprit() {
    return exact || inSet;
  }

  /** Compares the findings with the truth. */
  public static Score of(Planted planted, Findings findings) {
    List<Verdict> verdicts = findings.verdicts();
    if (planted.fault().silent()) {
      boolean silent = verdicts.isEmpty();
      return new Score(silent, silent, false);
    }
    if (verdicts.isEmpty()) {
      return new Score(false, false, false);
    }
    return planted.fault().twofold()
        ? ofTwo(planted, findings)
        : ofOne(planted, verdicts.getFirst(), verdicts);
  }

  private static Score ofOne(Planted planted, Verdict surest, List<Verdict> verdicts) {
    boolean syndrome = planted.fault().syndromes().contains(surest.syndrome());
    Set<Integer> others = new HashSet<>();
    verdicts.stream().skip(1).forEach(verdict -> others.addAll(verdict.ranks()));
    others.removeAll(surest.ranks());
    boolean nobodyElse = others.isEmpty();
    boolean exact = nobodyElse && surest.ambiguity().isEmpty() && names(planted, surest);
    boolean inSet =
        nobodyElse
            && surest.ambiguity().size() <= LARGEST_SET
            && surest.ambiguity().stream().anyMatch(term(planted)::equals);
    return new Score(syndrome, exact, inSet);
  }

  /** Whether a verdict without ambiguity names port, link or rank as it was planted. */
  private static boolean names(Planted planted, Verdict verdict) {
    int rank = planted.rank();
    return switch (planted.fault()) {
      case TX_SLOW -> verdict.links().equals(List.of(rank + "->*"));
      case RX_SLOW -> verdict.links().equals(List.of("*->" + rank));
      case LINK_SLOW, BLACKHOLE -> verdict.links().equals(List.of(rank + "->" + planted.other()));
      case LINK_DOWN -> verdict.links().equals(List.of(rank + "<->*"));
      default -> verdict.ranks().equals(List.of(rank));
    };
  }

  /** How an ambiguity set would say it. */
  private static String term(Planted planted) {
    int rank = planted.rank();
    return switch (planted.fault()) {
      case TX_SLOW -> "tx:" + rank;
      case RX_SLOW -> "rx:" + rank;
      case LINK_SLOW, BLACKHOLE -> "link:" + rank + "->" + planted.other();
      default -> "rank:" + rank;
    };
  }

  private static Score ofTwo(Planted planted, Findings findings) {
    Set<Integer> named = new HashSet<>();
    Set<Syndrome> said = new HashSet<>();
    boolean ambiguous = false;
    for (Verdict verdict : findings.verdicts()) {
      said.add(verdict.syndrome());
      if (verdict.ambiguity().isEmpty()) {
        named.addAll(verdict.ranks());
      } else {
        ambiguous = true;
        verdict.ambiguity().forEach(term -> named.addAll(ranksOf(term, planted)));
      }
    }
    Set<Integer> culprits = Set.copyOf(planted.culprits());
    Set<Integer> unnamed = new HashSet<>(culprits);
    unnamed.removeAll(named);
    boolean syndrome =
        planted.fault().syndromes().containsAll(said)
            && (!unnamed.isEmpty() || said.containsAll(planted.fault().syndromes()));
    boolean whole = unnamed.size() < 2 && findings.masked().containsAll(unnamed);
    named.removeAll(culprits);
    boolean nobodyElse = named.isEmpty();
    return new Score(syndrome, whole && nobodyElse && !ambiguous, whole && nobodyElse && ambiguous);
  }

  /** The culprit a term of a set holds; a set that holds none says its first. */
  private static List<Integer> ranksOf(String term, Planted planted) {
    return planted.culprits().stream()
        .filter(rank -> term.equals("tx:" + rank) || term.equals("rank:" + rank))
        .toList();
  }
}

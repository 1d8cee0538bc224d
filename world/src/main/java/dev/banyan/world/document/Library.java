package dev.banyan.world.document;

import dev.banyan.core.Seed;
import dev.banyan.world.Domain;
import dev.banyan.world.WorldSize;
import dev.banyan.world.graph.KnowledgeGraph;
import dev.banyan.world.language.Tongue;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The writers of all domains in one world. */
public final class Library {
  private final Map<Domain, DomainText> writers = new EnumMap<>(Domain.class);

  public Library(Setting setting) {
    for (Domain domain : Domain.values()) {
      DomainText writer =
          switch (domain) {
            case ENCYCLOPAEDIA -> new Encyclopaedia(setting);
            case STORIES -> new Stories(setting);
            case DIALOGUE -> new Dialogue(setting);
            case ARITHMETIC -> new Arithmetic(setting);
            case CODE -> new CodeLike();
            case PARALLEL -> new Parallel(setting);
            case COMMONSENSE -> new Commonsense(setting);
            case PROTEIN -> new Protein(setting);
          };
      writers.put(domain, writer);
    }
  }

  /** The graph, the language and the families of a seed. */
  public static Setting setting(Seed seed, WorldSize size) {
    return new Setting(
        KnowledgeGraph.of(seed, size), Tongue.of(seed), Family.all(seed, size.families()));
  }

  public String write(Domain domain, RandomGenerator random) {
    DomainText writer = writers.get(domain);
    if (writer == null) {
      throw new IllegalArgumentException("no writer for " + domain);
    }
    return writer.write(random);
  }
}

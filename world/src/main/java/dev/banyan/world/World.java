package dev.banyan.world;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.world.document.Library;
import dev.banyan.world.document.Setting;
import dev.banyan.world.skill.Curriculum;
import dev.banyan.world.skill.Exercise;
import dev.banyan.world.write.FolderWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A small synthetic world whose truth is known: people, places and things, and text, facts and
 * graded skills that follow from them. Everything is a function of the seed, the size and an index,
 * so documents and skills can be asked for in any order, from any thread, without end.
 */
public final class World {
  private static final Domain[] WHEEL = wheel();

  private final Seed seed;
  private final WorldSize size;
  private final Setting setting;
  private final Library library;
  private final Curriculum curriculum;

  private World(Seed seed, WorldSize size) {
    this.seed = seed;
    this.size = size;
    this.setting = Library.setting(seed.of("world"), size);
    this.library = new Library(setting);
    this.curriculum = new Curriculum(setting);
  }

  public static World of(Seed seed, WorldSize size) {
    return new World(seed, size);
  }

  public Seed seed() {
    return seed;
  }

  public WorldSize size() {
    return size;
  }

  /** People, places, things, language and protein families: the truth behind every text. */
  public Setting setting() {
    return setting;
  }

  /**
   * The document with this index, from 0. Its domain is drawn by {@link Domain#share}.
   *
   * @throws IllegalArgumentException if the index is negative
   */
  public Document document(long index) {
    RandomGenerator random = stream("document", index);
    Domain domain = WHEEL[random.nextInt(WHEEL.length)];
    return new Document(domain, library.write(domain, random), index);
  }

  /** The document with this index in a world where every document is of one domain. */
  public Document document(Domain domain, long index) {
    RandomGenerator random = stream(domain.label(), index);
    return new Document(domain, library.write(domain, random), index);
  }

  /** Every fact of the graph; {@link Fact#status} says whether documents state it. */
  public List<Fact> facts() {
    return setting.graph().facts();
  }

  /**
   * An exercise of one category. The same question may come at several indices; a question of the
   * test split never comes in training, and its key is in no document where the skill is
   * generative.
   */
  public Skill skill(SkillCategory category, long index, Split split) {
    RandomGenerator random =
        seed.of("world").stream("skill", category.label(), split.name(), index);
    Exercise exercise = curriculum.source(category).draw(split, random);
    return new Skill(category, exercise.question(), exercise.answer(), exercise.checker());
  }

  /** Which skills are built on which. */
  public static SkillGraph skillGraph() {
    return SkillGraph.planted();
  }

  /**
   * Writes {@code documents} documents and {@code skills} training exercises per category, and what
   * else a {@link Written} names, to a folder that appears whole or not at all. The bytes depend on
   * the seed and the size alone, not on {@code threads}.
   *
   * @throws dev.banyan.core.UserInputException if the counts are negative or the folder cannot be
   *     written
   */
  public Written write(Path folder, long documents, int skills, int threads, Progress progress) {
    return new FolderWriter(this, folder, progress).write(documents, skills, threads);
  }

  private RandomGenerator stream(String name, long index) {
    if (index < 0) {
      throw new IllegalArgumentException("document index must not be negative: " + index);
    }
    return seed.of("world").stream(name, index);
  }

  private static Domain[] wheel() {
    Domain[] wheel = new Domain[100];
    int at = 0;
    for (Domain domain : Domain.values()) {
      for (int i = 0; i < domain.share(); i++) {
        wheel[at++] = domain;
      }
    }
    return wheel;
  }
}

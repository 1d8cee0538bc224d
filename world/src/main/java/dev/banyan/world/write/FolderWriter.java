package dev.banyan.world.write;

import dev.banyan.core.AtomicFolder;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.world.Document;
import dev.banyan.world.Domain;
import dev.banyan.world.Fact;
import dev.banyan.world.Skill;
import dev.banyan.world.SkillCategory;
import dev.banyan.world.Split;
import dev.banyan.world.World;
import dev.banyan.world.Written;
import dev.banyan.world.Written.Count;
import dev.banyan.world.Written.WrittenFile;
import dev.banyan.world.document.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Writes the folder: blocks of documents are made by several threads and written in order by one, a
 * few blocks ahead at most, so memory does not grow with the number of documents.
 */
public final class FolderWriter {
  private static final String MANIFEST = "manifest.json";
  private static final String FORMAT = "banyan-world-1";
  static final int SHARD_DOCUMENTS = 20_000;
  private static final int BLOCK_DOCUMENTS = 500;

  /** A finite category is given up after this many draws per question asked for. */
  private static final int MOST_DRAWS = 60;

  /** Test questions per category, where there are that many. */
  public static final int TEST_SKILLS = 100;

  private final World world;
  private final Path target;
  private final Progress progress;

  public FolderWriter(World world, Path target, Progress progress) {
    this.world = world;
    this.target = target;
    this.progress = progress;
  }

  private record Block(String lines, Map<Domain, Count> counts) {}

  public Written write(long documents, int skills, int threads) {
    if (documents < 0 || skills < 0 || threads < 1) {
      throw new UserInputException(
          "world write: documents ("
              + documents
              + ") and skills ("
              + skills
              + ") must not be negative, threads ("
              + threads
              + ") must be at least 1");
    }
    refuseForeign();
    try (AtomicFolder folder = AtomicFolder.open(target)) {
      Written written = fill(folder.folder(), documents, skills, threads);
      folder.commit();
      return written;
    } catch (IOException e) {
      throw new UserInputException(target + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /** A folder that holds anything a world did not write is never replaced. */
  private void refuseForeign() {
    if (!Files.isDirectory(target)) {
      return;
    }
    Set<String> own = new HashSet<>();
    Path manifest = target.resolve(MANIFEST);
    if (Files.isRegularFile(manifest)) {
      JsonNode json = Json.read(manifest, JsonNode.class);
      if (!json.path("format").asString("").equals(FORMAT)) {
        throw new UserInputException(
            manifest + ": its format is not " + FORMAT + "; give a new or an empty folder");
      }
      own.add(MANIFEST);
      json.path("files").forEach(file -> own.add(file.path("name").asString("")));
    }
    try (Stream<Path> inside = Files.list(target)) {
      Optional<String> foreign =
          inside
              .map(path -> Objects.toString(path.getFileName()))
              .filter(name -> !own.contains(name))
              .sorted()
              .findFirst();
      if (foreign.isPresent()) {
        throw new UserInputException(
            target
                + ": holds '"
                + foreign.get()
                + "', which no world wrote; move it away, or give a new or an empty folder");
      }
    } catch (IOException e) {
      throw new UserInputException(target + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private Written fill(Path folder, long documents, int skills, int threads) throws IOException {
    List<WrittenFile> files = new ArrayList<>();
    Map<Domain, Count> counts = writeDocuments(folder, documents, threads, files);
    Map<String, Integer> train = new LinkedHashMap<>();
    Map<String, Integer> test = new LinkedHashMap<>();
    files.add(writeSkills(folder, "skills-train.jsonl", Split.TRAIN, skills, train));
    files.add(
        writeSkills(folder, "skills-test.jsonl", Split.TEST, Math.min(skills, TEST_SKILLS), test));
    try (HashedFile graph = new HashedFile(folder, "skill-graph.json")) {
      graph.write(pretty(World.skillGraph()));
      files.add(graph.finish());
    }
    files.add(writeFacts(folder));
    Map<String, Count> domains = new LinkedHashMap<>();
    counts.forEach((domain, count) -> domains.put(domain.label(), count));
    Written written = new Written(target, files, domains, train, test);
    Files.writeString(
        folder.resolve(MANIFEST), pretty(manifest(documents, files, domains, train, test)));
    return written;
  }

  private Map<Domain, Count> writeDocuments(
      Path folder, long documents, int threads, List<WrittenFile> files) throws IOException {
    Map<Domain, Count> counts = new EnumMap<>(Domain.class);
    for (Domain domain : Domain.values()) {
      counts.put(domain, new Count(0, 0));
    }
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      for (long from = 0; from < documents; from += SHARD_DOCUMENTS) {
        long to = Math.min(documents, from + SHARD_DOCUMENTS);
        String name = String.format(Locale.ROOT, "documents-%05d.jsonl", from / SHARD_DOCUMENTS);
        try (HashedFile shard = new HashedFile(folder, name)) {
          writeShard(shard, from, to, workers, threads, counts);
          files.add(shard.finish());
        }
      }
    } finally {
      workers.shutdownNow();
    }
    return counts;
  }

  private void writeShard(
      HashedFile shard,
      long from,
      long to,
      ExecutorService workers,
      int threads,
      Map<Domain, Count> counts)
      throws IOException {
    Deque<Future<Block>> ahead = new ArrayDeque<>();
    long next = from;
    long done = from;
    while (next < to || !ahead.isEmpty()) {
      while (next < to && ahead.size() < 2 * threads) {
        long first = next;
        long last = Math.min(to, first + BLOCK_DOCUMENTS);
        ahead.add(workers.submit(() -> block(first, last)));
        next = last;
      }
      Block block = await(ahead.remove());
      shard.write(block.lines());
      block.counts().forEach((domain, count) -> counts.merge(domain, count, FolderWriter::plus));
      done = Math.min(to, done + BLOCK_DOCUMENTS);
      progress.step(done);
    }
  }

  private Block block(long first, long last) {
    StringBuilder lines = new StringBuilder(1 << 18);
    Map<Domain, Count> counts = new EnumMap<>(Domain.class);
    for (long index = first; index < last; index++) {
      Document document = world.document(index);
      JsonLine.document(lines, document);
      // Every text of a world is ASCII, so its chars are its bytes.
      counts.merge(document.domain(), new Count(1, document.text().length()), FolderWriter::plus);
    }
    return new Block(lines.toString(), counts);
  }

  private static Count plus(Count a, Count b) {
    return new Count(a.documents() + b.documents(), a.textBytes() + b.textBytes());
  }

  private static Block await(Future<Block> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while writing documents");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a document could not be made", e.getCause());
    }
  }

  /** Categories take turns, so that any first part of the file is balanced; tests are distinct. */
  private WrittenFile writeSkills(
      Path folder, String name, Split split, int each, Map<String, Integer> counts)
      throws IOException {
    Map<SkillCategory, List<Skill>> drawn = new EnumMap<>(SkillCategory.class);
    int most = 0;
    for (SkillCategory category : SkillCategory.values()) {
      List<Skill> chosen = skills(category, split, each);
      drawn.put(category, chosen);
      counts.put(category.label(), chosen.size());
      most = Math.max(most, chosen.size());
    }
    try (HashedFile file = new HashedFile(folder, name)) {
      for (int i = 0; i < most; i++) {
        for (List<Skill> chosen : drawn.values()) {
          if (i < chosen.size()) {
            file.write(Json.mapper().writeValueAsString(JsonLine.skill(chosen.get(i))) + "\n");
          }
        }
      }
      return file.finish();
    }
  }

  private List<Skill> skills(SkillCategory category, Split split, int count) {
    List<Skill> chosen = new ArrayList<>();
    Set<String> questions = new HashSet<>();
    long most = split == Split.TEST ? (long) count * MOST_DRAWS : count;
    for (long index = 0; index < most && chosen.size() < count; index++) {
      Skill skill = world.skill(category, index, split);
      if (split == Split.TRAIN || questions.add(skill.question())) {
        chosen.add(skill);
      }
    }
    return chosen;
  }

  private WrittenFile writeFacts(Path folder) throws IOException {
    try (HashedFile file = new HashedFile(folder, "facts.jsonl")) {
      for (Fact fact : world.facts()) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("subject", fact.subject());
        line.put("relation", fact.relation());
        line.put("object", fact.object());
        line.put("status", fact.status().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        file.write(Json.mapper().writeValueAsString(line) + "\n");
      }
      return file.finish();
    }
  }

  private Map<String, Object> manifest(
      long documents,
      List<WrittenFile> files,
      Map<String, Count> domains,
      Map<String, Integer> train,
      Map<String, Integer> test) {
    Setting setting = world.setting();
    Map<String, Object> shares = new LinkedHashMap<>();
    for (Domain domain : Domain.values()) {
      shares.put(domain.label(), domain.share() / 100.0);
    }
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("format", FORMAT);
    manifest.put("seed", world.seed().value());
    manifest.put("size", world.size());
    manifest.put("documents", documents);
    manifest.put("domainShares", shares);
    manifest.put("domains", domains);
    manifest.put("skillsTrain", train);
    manifest.put("skillsTest", test);
    manifest.put("people", setting.graph().people());
    manifest.put("places", setting.graph().places());
    manifest.put("things", setting.graph().things());
    manifest.put("velanRoots", new java.util.TreeMap<>(setting.tongue().roots()));
    manifest.put("families", setting.families());
    manifest.put("files", files);
    return manifest;
  }

  private static String pretty(Object value) {
    return Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
  }
}

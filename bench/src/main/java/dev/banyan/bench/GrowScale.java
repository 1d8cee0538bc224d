package dev.banyan.bench;

import dev.banyan.bench.process.GrowRun;
import dev.banyan.core.Json;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.grow.Grown;
import dev.banyan.grow.Growth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Size;
import dev.banyan.weights.SafetensorsWriter;
import dev.banyan.weights.ShardPlan;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A source with the shapes of Aquila-16B and as many layers as asked for, grown wider and deeper in
 * a process with 1 GB of heap, beside {@code cp --sparse=never} of what it wrote, and killed at
 * random points.
 *
 * @param sourceBytes of weights
 * @param grown what the child said
 * @param copySeconds what cp and a sync of the same bytes took
 * @param kills how often it was killed
 * @param sameHashes whether every killed run ended with the hash of the one left alone
 */
public record GrowScale(
    long sourceBytes, Grown grown, double copySeconds, int kills, boolean sameHashes) {
  private static final int PIECE = 16 << 20;

  /** Bytes written per second over cp's. */
  public double againstCopy() {
    return copySeconds / grown.seconds();
  }

  /** A model of 5120 with 40 heads in 8 groups, feed-forward 20480, 100008 words. */
  private static ModelConfig shape(int layers) {
    String json =
        """
        {"model_type": "qwen2", "hidden_size": 5120, "num_hidden_layers": %d,
         "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
         "vocab_size": 100008, "intermediate_size": 20480, "rms_norm_eps": 1e-5,
         "tie_word_embeddings": false, "max_position_embeddings": 4096}
        """
            .formatted(layers);
    return ModelConfig.parse("aquila", json.getBytes(StandardCharsets.UTF_8))
        .withType(StoredType.BF16);
  }

  /**
   * Measures.
   *
   * @param layers of the source, 755 MB each beside 2 GB of embeddings
   * @param folder on the disk to measure; what is made there is removed
   */
  public static GrowScale measure(
      int layers, int kills, Path folder, Seed seed, Progress progress) {
    Path work = folder.resolve("banyan-grow-" + ProcessHandle.current().pid());
    try {
      Files.createDirectories(work);
      progress.step(0, "source");
      long bytes = write(work.resolve("source"), shape(layers), seed);
      // isometric 5120 to 5632, a head more per group, a fifth more layers: every weight is
      // computed
      Size size = new Size(5632, layers + Math.max(1, layers / 5), 48, 8, 22528, null);
      var recipe = Growth.plan(work.resolve("source"), GrowthOptions.to(size));
      Growth.write(recipe, work.resolve("recipe.json"));
      progress.step(1, "grow");
      Path target = work.resolve("target");
      Grown grown = whole(work, target);
      progress.step(2, "cp");
      double copy = copy(target, work.resolve("copy"));
      remove(target);
      progress.step(3, "kills");
      boolean same = kill(work, target, grown, kills, seed, progress);
      return new GrowScale(bytes, grown, copy, kills, same);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      remove(work);
    }
  }

  private static long write(Path folder, ModelConfig config, Seed seed) throws IOException {
    Files.createDirectories(folder);
    var specs = ParameterLayout.of(config, StoredType.BF16, ExpertNaming.SEPARATE);
    ShardPlan plan = ShardPlan.of(specs, ShardPlan.DEFAULT_SHARD_BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment noise = arena.allocate(PIECE + 4096L, 8);
      RandomGenerator random = seed.stream("noise");
      for (long at = 0; at < noise.byteSize(); at += 2) {
        short value = StoredType.toBfloat16((float) (0.02 * random.nextGaussian()));
        noise.set(ValueLayout.JAVA_SHORT, at, value);
      }
      for (ShardPlan.Shard shard : plan.shards()) {
        try (var writer = SafetensorsWriter.open(folder.resolve(shard.file()), shard.header())) {
          for (var placed : shard.header().tensors().values()) {
            long bytes = placed.spec().bytes();
            for (long done = 0; done < bytes; done += PIECE) {
              long shift = 2 * (long) random.nextInt(2048);
              long size = Math.min(PIECE, bytes - done);
              writer.write(placed.spec().name(), done, noise.asSlice(shift, size));
            }
          }
          writer.commit();
        }
      }
    }
    if (plan.index().isPresent()) {
      Files.writeString(folder.resolve(ShardPlan.INDEX_FILE), plan.index().get());
    }
    Files.writeString(folder.resolve(ModelConfig.FILE), config.toJson());
    return specs.stream().mapToLong(spec -> spec.bytes()).sum();
  }

  private static Process start(Path work, Path target) throws IOException {
    Path job = work.resolve("job.json");
    var written =
        new GrowRun.Job(
            work.resolve("source").toString(),
            target.toString(),
            work.resolve("recipe.json").toString(),
            work.resolve("result.json").toString());
    Files.writeString(job, Json.mapper().writeValueAsString(written));
    return ChildJvm.start(
        List.of("-XX:+UseSerialGC", "-Xmx1g"), GrowRun.class, job, work.resolve("errors"));
  }

  private static Grown whole(Path work, Path target) throws IOException {
    ChildJvm.requireDone(start(work, target), work.resolve("errors"));
    return Json.read(work.resolve("result.json"), Grown.class);
  }

  /** Seconds of copying all weights, a file at a time, synced as the grown ones are. */
  private static double copy(Path from, Path to) throws IOException {
    List<Path> files = new ArrayList<>();
    try (var list = Files.list(from)) {
      list.filter(file -> file.toString().endsWith(".safetensors")).sorted().forEach(files::add);
    }
    double seconds = 0;
    for (Path file : files) {
      long begun = System.nanoTime();
      Process copy =
          new ProcessBuilder("cp", "--sparse=never", file.toString(), to.toString()).start();
      if (ChildJvm.end(copy) != 0) {
        throw new MissingThingException("cp of coreutils is needed to compare with");
      }
      try (var channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      seconds += (System.nanoTime() - begun) / 1e9;
      Files.delete(to);
    }
    return seconds;
  }

  private static boolean kill(
      Path work, Path target, Grown alone, int kills, Seed seed, Progress progress)
      throws IOException {
    RandomGenerator random = seed.stream("kills");
    boolean same = true;
    int killed = 0;
    while (killed < kills) {
      Process child = start(work, target);
      long millis = 200 + random.nextLong((long) (1000 * alone.seconds()));
      try {
        if (!child.waitFor(millis, TimeUnit.MILLISECONDS)) {
          child.destroyForcibly().waitFor();
          killed++;
          progress.step(3L + killed, "killed after " + millis + " ms");
          continue;
        }
      } catch (InterruptedException e) {
        child.destroyForcibly();
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
      same &= hash(work).equals(alone.sha256());
      remove(target);
    }
    if (kills > 0) {
      whole(work, target);
      same &= hash(work).equals(alone.sha256());
      remove(target);
    }
    return same;
  }

  private static String hash(Path work) {
    return Json.read(work.resolve("result.json"), Grown.class).sha256();
  }

  private static void remove(Path path) {
    if (!Files.exists(path)) {
      return;
    }
    try (var files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(path + " cannot be removed", e);
    }
  }
}

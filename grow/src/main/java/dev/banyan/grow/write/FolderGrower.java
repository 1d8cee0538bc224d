package dev.banyan.grow.write;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Grown;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.recipe.RecipeText;
import dev.banyan.grow.rows.GrownTensor;
import dev.banyan.grow.rows.Rows;
import dev.banyan.grow.rows.StoredRows;
import dev.banyan.weights.ShardPlan;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.WeightWriter;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Carries a recipe out. Headers are written first; then each thread takes the largest tensor left,
 * makes it block of rows by block of rows, hashes the bytes on their way and writes them to their
 * fixed place. A thread of its own makes finished tensors durable and says so in the journal. In
 * memory are one block and the windows of its sources per thread.
 */
public final class FolderGrower {
  private static final String MANIFEST = "growth-manifest.json";
  private static final int BLOCK_BYTES = 2 << 20;

  /** Bytes of finished tensors that are made durable together. */
  private static final long BATCH_BYTES = 256L << 20;

  private final Recipe recipe;
  private final StoredRows sources;
  private final GrowingFolder growing;
  private final Queue<TensorRecipe> left = new ConcurrentLinkedQueue<>();
  private final Progress progress;
  private final AtomicLong written = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Map<String, String> finished = new LinkedHashMap<>();
  private long finishedBytes;
  private int working;

  /** What a finished folder says about itself; hashes by tensor. */
  private record Manifest(
      String guard,
      String source,
      String sourceSha256,
      String recipeSha256,
      String steps,
      String sha256,
      Map<String, String> tensors) {}

  private FolderGrower(
      Recipe recipe, StoredRows sources, GrowingFolder growing, Progress progress) {
    this.recipe = recipe;
    this.sources = sources;
    this.growing = growing;
    this.progress = progress;
  }

  /** Runs a recipe to the end, or goes on with a run that was stopped. */
  public static Grown run(
      WeightFolder folder, Path target, Recipe recipe, int threads, Progress progress) {
    long begun = System.nanoTime();
    if (!recipe.sourceConfig().toJson().equals(folder.config().toJson())) {
      throw new UserInputException(
          "%s: the recipe is for another model, its config.json differs; plan again"
              .formatted(folder.path()));
    }
    String text = RecipeText.write(recipe);
    Lineage lineage = Lineage.of(folder, recipe, text);
    var sources = new StoredRows(folder);
    if (Files.exists(target)) {
      String sha256 = finished(target, lineage);
      return grown(recipe, sources, 0, recipe.bytes(), begun, sha256);
    }
    List<TensorSpec> specs = recipe.tensors().stream().map(TensorRecipe::spec).toList();
    ShardPlan plan = ShardPlan.of(specs, ShardPlan.DEFAULT_SHARD_BYTES, lineage.metadata());
    try (var growing = GrowingFolder.open(target, lineage.guard(), plan)) {
      var grower = new FolderGrower(recipe, sources, growing, progress);
      long resumed = grower.queue();
      progress.step(resumed);
      grower.work(threads, resumed);
      String sha256 = grower.finish(folder, lineage, plan, text);
      return grown(recipe, sources, grower.written.get(), resumed, begun, sha256);
    } catch (IOException e) {
      throw GrowingFolder.failed(target, e);
    }
  }

  private static Grown grown(
      Recipe recipe, StoredRows sources, long written, long resumed, long begun, String sha256) {
    return new Grown(
        ParameterLayout.parameters(recipe.sourceConfig()),
        ParameterLayout.parameters(recipe.targetConfig()),
        ParameterLayout.activeParameters(recipe.targetConfig()),
        sources.bytesRead().get(),
        written,
        resumed,
        (System.nanoTime() - begun) / 1e9,
        PeakMemory.bytes(),
        sha256,
        recipe.exactness(),
        recipe.rounds());
  }

  /** The hash of a target that is there already and is what is asked for. */
  private static String finished(Path target, Lineage lineage) {
    Path file = target.resolve(MANIFEST);
    if (Files.exists(file)) {
      Manifest manifest = Json.read(file, Manifest.class);
      if (lineage.guard().equals(manifest.guard)) {
        try {
          GrowingFolder.tidy(target);
        } catch (IOException e) {
          throw GrowingFolder.failed(target, e);
        }
        return manifest.sha256;
      }
    }
    throw new UserInputException(
        target + ": is there already and is something else; remove it or choose another place");
  }

  /** Queues what is not done, largest first; the bytes that are done. */
  private long queue() {
    Map<String, String> done = growing.hashes();
    List<TensorRecipe> tensors = new ArrayList<>(recipe.tensors());
    tensors.sort(Comparator.comparingLong((TensorRecipe t) -> t.spec().bytes()).reversed());
    long bytes = 0;
    for (TensorRecipe tensor : tensors) {
      if (done.containsKey(tensor.spec().name())) {
        bytes += tensor.spec().bytes();
      } else {
        left.add(tensor);
      }
    }
    return bytes;
  }

  private void work(int threads, long resumed) throws IOException {
    working = threads;
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().name("grow-" + i).start(() -> makeTensors(resumed)));
    }
    workers.add(Thread.ofPlatform().name("grow-journal").start(this::journal));
    for (Thread worker : workers) {
      join(worker);
    }
    Throwable thrown = failure.get();
    switch (thrown) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(thrown);
    }
  }

  private void join(Thread worker) {
    try {
      worker.join();
    } catch (InterruptedException e) {
      failure.compareAndSet(null, new UserInputException("stopped; run it again to go on", e));
      Thread.currentThread().interrupt();
    }
  }

  private void makeTensors(long resumed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(BLOCK_BYTES, 8);
      for (TensorRecipe next = left.poll(); next != null; next = left.poll()) {
        if (failure.get() != null) {
          return;
        }
        String hash = make(next, block, resumed);
        if (hash.isEmpty()) {
          return;
        }
        synchronized (this) {
          finished.put(next.spec().name(), hash);
          finishedBytes += next.spec().bytes();
          notifyAll();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    } finally {
      synchronized (this) {
        working--;
        notifyAll();
      }
    }
  }

  /** Makes one tensor; its SHA-256, empty when another thread's failure stopped it. */
  private String make(TensorRecipe tensor, MemorySegment scratch, long resumed) throws IOException {
    TensorSpec spec = tensor.spec();
    MessageDigest digest = Sha256.digest();
    long rowBytes = Rows.columns(spec) * spec.type().bytes();
    long rows = Rows.rows(spec);
    try (Arena arena = Arena.ofConfined()) {
      var grown = new GrownTensor(recipe, tensor, sources, arena);
      MemorySegment block = rowBytes > BLOCK_BYTES ? arena.allocate(rowBytes, 8) : scratch;
      int most = Math.clamp(block.byteSize() / Math.max(1, rowBytes), 1, 1 << 20);
      for (long row = 0; row < rows && failure.get() == null; row += most) {
        int count = (int) Math.min(most, rows - row);
        grown.make(row, count, block);
        ByteBuffer bytes = block.asSlice(0, count * rowBytes).asByteBuffer();
        digest.update(bytes.duplicate());
        growing.write(spec.name(), row * rowBytes, bytes);
        progress.step(resumed + written.addAndGet(count * rowBytes));
      }
    }
    return failure.get() == null ? Sha256.hex(digest.digest()) : "";
  }

  /** Makes finished tensors durable, many at a time, until the workers are done. */
  private void journal() {
    boolean more = true;
    while (more) {
      Map<String, String> batch;
      synchronized (this) {
        while (working > 0 && finishedBytes < BATCH_BYTES) {
          try {
            wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        more = working > 0;
        batch = new LinkedHashMap<>(finished);
        finished.clear();
        finishedBytes = 0;
      }
      try {
        if (!batch.isEmpty()) {
          growing.done(batch);
        }
      } catch (IOException | RuntimeException e) {
        failure.compareAndSet(null, e);
        return;
      }
    }
  }

  /** Everything that is no weight, then the name. */
  private String finish(WeightFolder folder, Lineage lineage, ShardPlan plan, String recipeText)
      throws IOException {
    Map<String, String> hashes = growing.hashes();
    String sha256 = Sha256.over(hashes);
    Path to = growing.folder();
    for (Path companion : WeightWriter.companionsOf(folder.path())) {
      Path name = companion.getFileName();
      if (name != null) {
        Files.deleteIfExists(to.resolve(name));
        Files.copy(companion, to.resolve(name));
      }
    }
    if (plan.index().isPresent()) {
      Files.writeString(to.resolve(ShardPlan.INDEX_FILE), plan.index().get());
    }
    Files.writeString(to.resolve(Recipe.FILE), recipeText);
    Manifest manifest =
        new Manifest(
            lineage.guard(),
            lineage.source(),
            lineage.sourceSha256(),
            lineage.recipeSha256(),
            lineage.steps(),
            sha256,
            new TreeMap<>(hashes));
    Json.write(to.resolve(MANIFEST), manifest);
    Files.writeString(to.resolve(ModelConfig.FILE), recipe.targetConfig().toJson());
    growing.commit();
    return sha256;
  }
}

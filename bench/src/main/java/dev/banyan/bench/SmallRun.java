package dev.banyan.bench;

import dev.banyan.bench.process.TrainRun;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A training run of a small model in child processes: its data, its job files, its steps. */
final class SmallRun {
  private static final int VOCABULARY = 1024;

  /** Exit value of a process that SIGKILL ended. */
  private static final int KILLED = 128 + 9;

  /** What the benches run. */
  static final Shape USUAL = new Shape(64, 2, 64, 4);

  /** How large a small run is. */
  record Shape(int hidden, int layers, int length, int rows) {}

  private final WorkFolder work;
  private final Map<String, String> settings;

  /** Makes text and tokenizer for runs of this many steps. */
  SmallRun(WorkFolder work, Shape shape, int steps, int checkpointEvery, Seed seed) {
    this.work = work;
    List<String> documents = WorldText.documents(seed, 1000);
    WorldText.write(work.file("text.jsonl"), documents);
    WorldText.tokenizer(work.file("tokenizer"), documents, VOCABULARY);
    this.settings =
        Map.ofEntries(
            Map.entry("data", work.file("text.jsonl").toString()),
            Map.entry("tokenizer", work.file("tokenizer").toString()),
            Map.entry("hidden", Integer.toString(shape.hidden())),
            Map.entry("layers", Integer.toString(shape.layers())),
            Map.entry("heads", "4"),
            Map.entry("kv-heads", "2"),
            Map.entry("ffn", "176"),
            Map.entry("length", Integer.toString(shape.length())),
            Map.entry("rows", Integer.toString(shape.rows())),
            Map.entry("steps", Integer.toString(steps)),
            Map.entry("checkpoint-every", Integer.toString(checkpointEvery)),
            Map.entry("seed", Long.toString(seed.value())));
  }

  /** What is told of each step; true ends the child at once. */
  interface Listener {
    boolean stopsAfter(int step, long residentBytes);
  }

  /** Where the run called {@code name} has its folder. */
  Path out(String name) {
    return work.file(name);
  }

  /**
   * Runs, or goes on with, the run called {@code name}.
   *
   * @return whether it came to its end; false when the listener had it killed
   */
  boolean go(String name, List<String> flags, Listener listener) {
    return go(name, flags, Map.of(), Optional.empty(), listener);
  }

  /**
   * The same with a moment to be killed at, whatever the child is doing then.
   *
   * @param more settings of this run beside the usual ones
   * @param life time from the child's start to SIGKILL
   */
  boolean go(
      String name,
      List<String> flags,
      Map<String, String> more,
      Optional<Duration> life,
      Listener listener) {
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(more);
    all.put("out", out(name).toString());
    Path job = work.file(name + ".json");
    Path errors = work.file(name + ".err");
    try {
      Json.write(job, new TrainRun.Job(all));
      Process child = ChildJvm.start(flags, TrainRun.class, job, errors);
      AtomicBoolean killed = new AtomicBoolean();
      life.ifPresent(
          after ->
              CompletableFuture.delayedExecutor(after.toMillis(), TimeUnit.MILLISECONDS)
                  .execute(
                      () -> {
                        killed.set(child.isAlive());
                        child.destroyForcibly();
                      }));
      try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          String[] words = line.split(" ", -1);
          if (words.length == 3
              && words[0].equals("step")
              && listener.stopsAfter(Integer.parseInt(words[1]), Long.parseLong(words[2]))) {
            child.destroyForcibly();
            ChildJvm.end(child);
            return false;
          }
        }
      }
      if (ChildJvm.end(child) == KILLED && killed.get()) {
        return false;
      }
      ChildJvm.requireDone(child, errors);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

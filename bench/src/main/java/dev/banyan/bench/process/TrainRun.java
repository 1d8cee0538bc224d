package dev.banyan.bench.process;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A training run in a process of its own, which can be killed. After each step it prints the step
 * and the resident memory: {@code step 17 268435456}.
 */
public final class TrainRun {
  private static final Path STATUS = Path.of("/proc/self/status");

  private TrainRun() {}

  /** The job file: settings of a training run by name. */
  public record Job(Map<String, String> settings) {
    public Job {
      settings = Map.copyOf(settings);
    }
  }

  /** Runs the job in {@code args[0]} and ends without the native libraries' exit handlers. */
  public static void main(String[] args) {
    Job job = Json.read(Path.of(args[0]), Job.class);
    Settings settings = Settings.of(TrainConfig.SETTINGS);
    for (var entry : new TreeMap<>(job.settings()).entrySet()) {
      settings = settings.with(entry.getKey(), entry.getValue());
    }
    Trainer.run(TrainConfig.of(settings), new Steps());
    System.out.flush();
    Libtorch.exitNow(0);
  }

  private static final class Steps implements Progress {
    @Override
    public void step(long done, String note) {
      System.out.println("step " + done + " " + residentBytes());
      System.out.flush();
    }

    @Override
    public void close() {}
  }

  /** Resident bytes of this process; 0 where there is no /proc. */
  private static long residentBytes() {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    try {
      return Files.readString(STATUS)
          .lines()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

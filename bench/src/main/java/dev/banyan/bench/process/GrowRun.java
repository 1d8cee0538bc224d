package dev.banyan.bench.process;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.grow.Grown;
import dev.banyan.grow.Growth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Growing a model in a process of its own, so that its memory is its own and it can be killed. */
public final class GrowRun {
  private GrowRun() {}

  /**
   * The job file.
   *
   * @param result where what was done goes, as JSON
   */
  public record Job(String source, String target, String recipe, String result) {}

  /** Runs the job in {@code args[0]}. */
  public static void main(String[] args) throws IOException {
    Job job = Json.read(Path.of(args[0]), Job.class);
    Grown grown =
        Growth.run(
            Path.of(job.source()),
            Path.of(job.target()),
            Growth.readRecipe(Path.of(job.recipe())),
            Progress.none());
    Files.writeString(Path.of(job.result()), Json.mapper().writeValueAsString(grown));
  }
}

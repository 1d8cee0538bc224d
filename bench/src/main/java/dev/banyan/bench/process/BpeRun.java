package dev.banyan.bench.process;

import dev.banyan.core.Json;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.TrainedBpe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Training of a tokenizer in a process of its own, cold. Prints the seconds that training alone
 * took as one JSON object.
 */
public final class BpeRun {
  private BpeRun() {}

  /**
   * The job file.
   *
   * @param text documents separated by NUL
   * @param out where tokenizer.json goes
   */
  public record Job(String text, int vocabulary, List<String> special, String out) {
    public Job {
      special = List.copyOf(special);
    }
  }

  /** Runs the job in {@code args[0]}. */
  public static void main(String[] args) throws IOException {
    Job job = Json.read(Path.of(args[0]), Job.class);
    List<String> documents = List.of(Files.readString(Path.of(job.text())).split("\0", -1));
    long begun = System.nanoTime();
    TrainedBpe trained =
        BpeTrainer.train(
            documents.iterator(), BpeTrainer.Options.of(job.vocabulary(), job.special()));
    double seconds = (System.nanoTime() - begun) / 1e9;
    Files.writeString(Path.of(job.out()), trained.toJson());
    System.out.println(Json.mapper().writeValueAsString(Map.of("seconds", seconds)));
  }
}

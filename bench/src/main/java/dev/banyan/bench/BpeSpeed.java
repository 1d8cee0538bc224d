package dev.banyan.bench;

import dev.banyan.bench.process.BpeRun;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.train.Corpus;
import dev.banyan.world.Domain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Speed of the BPE trainer on one text, every run in a process of its own that reads the text,
 * trains and writes tokenizer.json; beside the Hugging Face {@code tokenizers} trainer.
 *
 * @param text what it was trained on
 * @param bytes of UTF-8
 * @param merges how many were learned
 * @param whole bytes a second from start to end of the process
 * @param training bytes a second of training alone
 * @param sameMerges whether all runs of both sides learned the same merges in the same order
 * @param peer library and version; empty when none was run
 */
public record BpeSpeed(
    String text,
    long bytes,
    int merges,
    Pairs whole,
    Pairs training,
    boolean sameMerges,
    String peer) {
  /** The special tokens of the peer's script. */
  private static final List<String> SPECIAL = List.of("<|end|>", "<|user|>");

  /** A text to train on: documents, and what to call them. */
  public record Text(String name, List<String> documents) {
    public Text {
      documents = List.copyOf(documents);
    }
  }

  /** Three texts of the built-in world: all domains, stories, sentences in two languages. */
  public static List<Text> ofWorld(Seed seed, int documents) {
    return List.of(
        new Text("world", WorldText.documents(seed, documents)),
        new Text("stories", WorldText.documents(seed, Domain.STORIES, documents / 2)),
        new Text("parallel", WorldText.documents(seed, Domain.PARALLEL, documents / 2)));
  }

  /** The records of files and folders as one text. */
  public static Text of(Path path) {
    try (Corpus corpus = Corpus.open(List.of(path), Corpus.Options.STRICT)) {
      List<String> documents = new ArrayList<>();
      corpus.texts().forEachRemaining(text -> documents.add(text.replace("\0", "")));
      return new Text(path.toString(), documents);
    }
  }

  /**
   * Measures.
   *
   * @param pairs how many runs of each side
   * @param python the peer's interpreter; empty for our side alone
   */
  public static BpeSpeed measure(
      Text text, int vocabulary, int pairs, Optional<Peer> python, Progress progress) {
    try (WorkFolder work = WorkFolder.open()) {
      Path file = work.file("text");
      Files.writeString(file, String.join("\0", text.documents()));
      var runs = new Runs(work, file, vocabulary);
      for (int pair = 0; pair < pairs; pair++) {
        runs.ours();
        python.ifPresent(runs::peer);
        progress.step(pair + 1, text.name());
      }
      return new BpeSpeed(
          text.name(),
          runs.bytes,
          runs.merges.size(),
          new Pairs(runs.ourWhole, runs.peerWhole),
          new Pairs(runs.ourTraining, runs.peerTraining),
          runs.same,
          runs.peerName);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Runs {
    private final WorkFolder work;
    private final Path text;
    private final int vocabulary;
    private final long bytes;
    private final List<Double> ourWhole = new ArrayList<>();
    private final List<Double> ourTraining = new ArrayList<>();
    private final List<Double> peerWhole = new ArrayList<>();
    private final List<Double> peerTraining = new ArrayList<>();
    private List<String> merges = List.of();
    private boolean same = true;
    private String peerName = "";

    Runs(WorkFolder work, Path text, int vocabulary) throws IOException {
      this.work = work;
      this.text = text;
      this.vocabulary = vocabulary;
      this.bytes = Files.size(text);
    }

    void ours() throws IOException {
      Path job = work.file("job.json");
      Path out = work.file("ours.json");
      Path errors = work.file("ours.err");
      Json.write(job, new BpeRun.Job(text.toString(), vocabulary, SPECIAL, out.toString()));
      long begun = System.nanoTime();
      Process child = ChildJvm.start(List.of(), BpeRun.class, job, errors);
      String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      ChildJvm.requireDone(child, errors);
      ourWhole.add(bytes / ((System.nanoTime() - begun) / 1e9));
      ourTraining.add(bytes / Peer.parse(said).path("seconds").asDouble(Double.NaN));
      check(out);
    }

    void peer(Peer peer) {
      Path out = work.file("peer.json");
      Peer.Said said =
          peer.run(
              work,
              "bpe_speed_peer.py",
              List.of(text.toString(), Integer.toString(vocabulary), out.toString()));
      peerWhole.add(bytes / said.seconds());
      peerTraining.add(bytes / said.figure("seconds"));
      peerName = said.name();
      check(out);
    }

    private void check(Path tokenizer) {
      List<String> found = merges(Json.read(tokenizer, JsonNode.class));
      same &= merges.isEmpty() || merges.equals(found);
      merges = found;
    }
  }

  /** The merges of a tokenizer.json in order; pairs, or in older files two words in one string. */
  static List<String> merges(JsonNode tokenizer) {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : tokenizer.path("model").path("merges")) {
      merges.add(
          merge.isArray()
              ? merge.get(0).asString() + " " + merge.get(1).asString()
              : merge.asString());
    }
    return merges;
  }
}

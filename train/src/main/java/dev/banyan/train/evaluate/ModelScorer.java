package dev.banyan.train.evaluate;

import dev.banyan.core.Progress;
import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Shards;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Example.Origin;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.ExampleEncoder;
import dev.banyan.train.pack.PackedRow;
import dev.banyan.train.pack.Tokens;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a model finds texts to cost. A text longer than the model's context is read in windows that
 * overlap by half, so every token but the first half-window's sees at least half a context. The
 * token that ends a text is not counted, as no byte is told by it. Where the tokenizer has no token
 * that begins a text, nothing foretells a text's first token: it costs as much as one of a
 * vocabulary of equals, so that what is counted still tells every byte.
 */
public final class ModelScorer {
  private static final int LONGEST_WINDOW = 2048;
  private static final int ROWS_AT_ONCE = 4;

  /**
   * Part of one text.
   *
   * @param ids what goes in
   * @param labels what comes out, {@link PackedRow#IGNORED} where another window counts it
   */
  @SuppressWarnings("ArrayRecordComponent") // goes straight into tensors
  private record Window(int document, int[] ids, int[] labels) {}

  private ModelScorer() {}

  /**
   * Scores texts.
   *
   * @param threads how many groups of rows are computed side by side
   * @return bits and bytes of each text, in order; a text without bytes has one byte and no bits
   */
  public static List<BitsPerByte.Document> score(
      LanguageModel model,
      Tokenizer tokenizer,
      List<String> texts,
      int threads,
      Progress progress) {
    int length = Math.min(model.config().maxPositions(), LONGEST_WINDOW);
    List<List<Window>> rows = rows(windows(tokenizer, texts, length), length);
    double[] nats = firstTokens(tokenizer, texts);
    List<LanguageModel> replicas = new ArrayList<>(List.of(model));
    while (replicas.size() < threads) {
      replicas.add(model.replica());
    }
    long done = 0;
    try (Shards shards = Shards.open(threads, threads)) {
      int group = ROWS_AT_ONCE * threads;
      for (int from = 0; from < rows.size(); from += group) {
        List<List<Window>> some = rows.subList(from, Math.min(rows.size(), from + group));
        List<List<double[]>> costs =
            shards.run(
                shard -> {
                  int start = Math.min(some.size(), shard * ROWS_AT_ONCE);
                  int end = Math.min(some.size(), start + ROWS_AT_ONCE);
                  return costs(replicas.get(shard), some.subList(start, end), length);
                });
        add(costs.stream().flatMap(List::stream).toList(), some, nats);
        done += some.size();
        progress.step(done * texts.size() / rows.size(), "");
      }
    } finally {
      replicas.subList(1, replicas.size()).forEach(LanguageModel::close);
    }
    List<BitsPerByte.Document> documents = new ArrayList<>();
    for (int i = 0; i < nats.length; i++) {
      int bytes = texts.get(i).getBytes(StandardCharsets.UTF_8).length;
      documents.add(new BitsPerByte.Document(nats[i] / Math.log(2), Math.max(1, bytes)));
    }
    return documents;
  }

  /** The ids of a text as a model sees them, its end included. */
  static int[] ids(ExampleEncoder encoder, String text) {
    Tokens tokens = encoder.encode(new TextExample(new Origin(Path.of("text"), 1), text));
    return tokens.ids();
  }

  /** Nats of each text's first token where no other stands before it, else 0. */
  private static double[] firstTokens(Tokenizer tokenizer, List<String> texts) {
    double[] nats = new double[texts.size()];
    int[] empty = ids(ExampleEncoder.of(tokenizer), "");
    boolean begins = empty.length > (endsInEnd(tokenizer, empty) ? 1 : 0);
    for (int i = 0; i < nats.length && !begins; i++) {
      nats[i] = texts.get(i).isEmpty() ? 0 : Math.log(tokenizer.vocabSize());
    }
    return nats;
  }

  private static boolean endsInEnd(Tokenizer tokenizer, int[] ids) {
    return ids.length > 0
        && (tokenizer.eosId().equals(OptionalInt.of(ids[ids.length - 1]))
            || tokenizer.id(ChatFormat.END).equals(OptionalInt.of(ids[ids.length - 1])));
  }

  private static List<Window> windows(Tokenizer tokenizer, List<String> texts, int length) {
    ExampleEncoder encoder = ExampleEncoder.of(tokenizer);
    List<Window> windows = new ArrayList<>();
    for (int document = 0; document < texts.size(); document++) {
      int[] ids = ids(encoder, texts.get(document));
      // a last label that is the end is not counted
      int inputs = ids.length - (endsInEnd(tokenizer, ids) ? 2 : 1);
      int counted = 0;
      for (int start = 0; counted < inputs; start += length / 2) {
        int end = Math.min(inputs, start + length);
        int[] labels = Arrays.copyOfRange(ids, start + 1, end + 1);
        Arrays.fill(labels, 0, counted - start, PackedRow.IGNORED);
        windows.add(new Window(document, Arrays.copyOfRange(ids, start, end), labels));
        counted = end;
      }
    }
    return windows;
  }

  /** Windows side by side in rows, in their order. */
  private static List<List<Window>> rows(List<Window> windows, int length) {
    List<List<Window>> rows = new ArrayList<>();
    int filled = length;
    for (Window window : windows) {
      if (filled + window.ids.length > length) {
        rows.add(new ArrayList<>());
        filled = 0;
      }
      rows.getLast().add(window);
      filled += window.ids.length;
    }
    return rows;
  }

  /** Nats of each token of each row. */
  private static List<double[]> costs(LanguageModel model, List<List<Window>> rows, int length) {
    if (rows.isEmpty()) {
      return List.of();
    }
    int[] ids = new int[rows.size() * length];
    int[] positions = new int[ids.length];
    int[] segments = new int[ids.length];
    int[] labels = new int[ids.length];
    Arrays.fill(labels, PackedRow.IGNORED);
    for (int row = 0; row < rows.size(); row++) {
      int at = row * length;
      int segment = 1;
      for (Window window : rows.get(row)) {
        for (int i = 0; i < window.ids.length; i++, at++) {
          ids[at] = window.ids[i];
          labels[at] = window.labels[i];
          positions[at] = i;
          segments[at] = segment;
        }
        segment++;
      }
    }
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      Batch batch = Batch.packed(ids, positions, segments, rows.size(), length);
      float[] nats =
          model.forward(batch, KvStore.none()).crossEntropyEach(Tensor.of(labels)).toFloats();
      List<double[]> costs = new ArrayList<>();
      for (int row = 0; row < rows.size(); row++) {
        double[] cost = new double[length];
        for (int i = 0; i < length; i++) {
          cost[i] = nats[row * length + i];
        }
        costs.add(cost);
      }
      return costs;
    }
  }

  private static void add(List<double[]> costs, List<List<Window>> rows, double[] nats) {
    for (int row = 0; row < rows.size(); row++) {
      int at = 0;
      for (Window window : rows.get(row)) {
        for (int i = 0; i < window.ids.length; i++) {
          nats[window.document] += costs.get(row)[at++];
        }
      }
    }
  }
}

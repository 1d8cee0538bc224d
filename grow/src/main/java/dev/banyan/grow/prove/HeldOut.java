package dev.banyan.grow.prove;

import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.Corpus;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Some rows of held-out text, always the same, and how well a model foretells them. */
final class HeldOut {
  private static final int ROWS_AT_ONCE = 16;

  private final int[][] rows;

  /** {@code count} rows of {@code length} tokens and the one that follows each. */
  HeldOut(Path text, Tokenizer tokenizer, int count, int length) {
    this.rows = new int[count][];
    int[] stream = new int[0];
    try (Corpus corpus = Corpus.open(List.of(text), Corpus.Options.STRICT)) {
      var texts = corpus.texts();
      int wanted = count * (length + 1);
      while (stream.length < wanted) {
        if (!texts.hasNext()) {
          texts = corpus.texts(); // a short text comes again
        }
        int[] more = tokenizer.encode(texts.next(), true);
        int had = stream.length;
        stream = Arrays.copyOf(stream, had + more.length);
        System.arraycopy(more, 0, stream, had, more.length);
      }
    }
    for (int row = 0; row < count; row++) {
      rows[row] = Arrays.copyOfRange(stream, row * (length + 1), (row + 1) * (length + 1));
    }
  }

  /** Nats per token. */
  double loss(LanguageModel model) {
    double sum = 0;
    long tokens = 0;
    for (int from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      int[][] part = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + ROWS_AT_ONCE));
      int length = part[0].length - 1;
      int[][] inputs = new int[part.length][];
      int[] labels = new int[part.length * length];
      for (int row = 0; row < part.length; row++) {
        inputs[row] = Arrays.copyOf(part[row], length);
        System.arraycopy(part[row], 1, labels, row * length, length);
      }
      try (Scope scope = Scope.open();
          Guard guard = Guard.noGrad()) {
        Tensor logits = model.forward(Batch.rectangle(inputs), KvStore.none());
        sum += logits.crossEntropy(Tensor.of(labels), false).item();
      }
      tokens += labels.length;
    }
    return sum / tokens;
  }
}

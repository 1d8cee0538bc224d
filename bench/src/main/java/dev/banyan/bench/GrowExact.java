package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Table;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Growth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Measured;
import dev.banyan.grow.Size;
import dev.banyan.grow.Trial;
import dev.banyan.grow.Width;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What every way of growing does to the function, on random models and sizes: weights, forward pass
 * and comparison in doubles.
 *
 * @param promised the weakest promise of the trials
 * @param largest max relative logit error over the trials
 * @param smallest the least of them
 * @param bitwise in how many all logits were equal bit for bit
 * @param broken in how many a promise was not kept
 */
public record GrowExact(
    String kind,
    int trials,
    Exactness promised,
    double largest,
    double smallest,
    int bitwise,
    int broken) {

  /** Tries every kind {@code each} times. */
  public static List<GrowExact> measure(int each, Seed seed, Progress progress) {
    List<GrowExact> rows = new ArrayList<>();
    for (String kind : Trial.KINDS) {
      rows.add(measure(kind, each, seed));
      progress.step(rows.size(), kind);
    }
    return rows;
  }

  private static GrowExact measure(String kind, int trials, Seed seed) {
    Exactness promised = Exactness.BITWISE;
    double largest = 0;
    double smallest = Double.POSITIVE_INFINITY;
    int bitwise = 0;
    int broken = 0;
    for (int i = 0; i < trials; i++) {
      Trial trial = Trial.of(kind, i, seed);
      Measured measured = trial.measure();
      promised = promised.and(trial.promised());
      largest = Math.max(largest, measured.maxRelativeError());
      smallest = Math.min(smallest, measured.maxRelativeError());
      bitwise += measured.bitwise() ? 1 : 0;
      broken += measured.exactness().compareTo(trial.promised()) > 0 ? 1 : 0;
    }
    return new GrowExact(kind, trials, promised, largest, smallest, bitwise, broken);
  }

  /** Width 24 to 30, which is no multiple: ours and FPI on the same model. */
  public static Measured width24To30(Width width, Seed seed) {
    String json =
        """
        {"model_type": "qwen2", "hidden_size": 24, "num_hidden_layers": 3,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 64,
         "intermediate_size": 48, "rms_norm_eps": 1e-6, "max_position_embeddings": 64}
        """;
    var config = ModelConfig.parse("24", json.getBytes(StandardCharsets.UTF_8));
    var wider = new Size(30, null, null, null, null, null);
    return Growth.trial(config, GrowthOptions.to(wider).with(width), seed);
  }

  /** The rows as a table. */
  public static Table table(List<GrowExact> rows) {
    Table table =
        Table.of("growth", "trials", "promised", "max relative error", "bit for bit", "broken");
    for (GrowExact row : rows) {
      String error = row.largest == 0 ? "0" : String.format(Locale.ROOT, "%.1e", row.largest);
      if (row.promised == Exactness.INEXACT) {
        error = String.format(Locale.ROOT, "%.1e to %s", row.smallest, error);
      }
      table.row(row.kind, row.trials, row.promised.word(), error, row.bitwise, row.broken);
    }
    return table;
  }
}

package dev.banyan.grow.verify;

import dev.banyan.grow.rows.Rows;
import dev.banyan.weights.config.AttentionConfig;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The decoder of all families in plain Java and doubles, a layer at a time: an oracle that shares
 * nothing with libtorch or with the model room. Memory is activations and one block of a matrix.
 * Sums run in one fixed order.
 */
public final class ReferenceForward {
  private final ModelConfig config;
  private final ExpertNaming naming;
  private final Matrices matrices;
  private final int[][] prompts;
  private final int tokens;
  private final Rotation rotation;

  /**
   * What a pass gave.
   *
   * @param layers residual stream after each layer, [hidden, tokens]
   * @param logits [vocabulary, tokens]
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and compared by value only here
  public record Trace(List<double[]> layers, double[] logits) {}

  private ReferenceForward(
      ModelConfig config, ExpertNaming naming, Matrices matrices, int[][] prompts) {
    this.config = config;
    this.naming = naming;
    this.matrices = matrices;
    this.prompts = prompts;
    this.tokens = java.util.Arrays.stream(prompts).mapToInt(prompt -> prompt.length).sum();
    this.rotation = new Rotation(config.rope(), config.attention().headDim());
  }

  /** Runs all prompts, each a sequence of its own that begins at position 0. */
  public static Trace run(ModelConfig config, ExpertNaming naming, Rows rows, int[][] prompts) {
    try (Arena arena = Arena.ofShared()) {
      return new ReferenceForward(config, naming, new Matrices(rows, arena), prompts).run();
    }
  }

  private Trace run() {
    int[] ids = java.util.Arrays.stream(prompts).flatMapToInt(java.util.Arrays::stream).toArray();
    double[] x = matrices.embedded("model.embed_tokens.weight", ids);
    List<double[]> layers = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = ParameterLayout.layerPrefix(layer);
      x = sum(x, attention(layer, prefix, norm(x, prefix + "input_layernorm.weight")));
      double[] seen = norm(x, prefix + "post_attention_layernorm.weight");
      x =
          sum(
              x,
              config.hasExperts(layer)
                  ? experts(prefix, seen)
                  : dense(prefix + "mlp.", config.intermediateSize(), seen));
      layers.add(x);
    }
    String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
    double[] last = norm(x, "model.norm.weight");
    return new Trace(layers, matrices.product(head, 0, config.vocabSize(), last, tokens));
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }

  private double[] norm(double[] x, String name) {
    return norm(x, matrices.vector(name), x.length / tokens);
  }

  /** Root mean square over groups of {@code width} features (Zhang and Sennrich 2019). */
  private double[] norm(double[] x, double[] gains, int width) {
    double[] y = new double[x.length];
    int features = x.length / tokens;
    for (int group = 0; group < features; group += width) {
      for (int t = 0; t < tokens; t++) {
        double squares = 0;
        for (int c = 0; c < width; c++) {
          double value = x[(group + c) * tokens + t];
          squares += value * value;
        }
        double scale = 1 / Math.sqrt(squares / width + config.rmsNormEps());
        for (int c = 0; c < width; c++) {
          int at = (group + c) * tokens + t;
          y[at] = x[at] * scale * gains[c];
        }
      }
    }
    return y;
  }

  private double[] linear(String name, int size, boolean bias, double[] x) {
    double[] y = matrices.product(name + ".weight", 0, size, x, tokens);
    if (bias) {
      double[] values = matrices.vector(name + ".bias");
      for (int r = 0; r < size; r++) {
        for (int t = 0; t < tokens; t++) {
          y[r * tokens + t] += values[r];
        }
      }
    }
    return y;
  }

  private double[] attention(int layer, String prefix, double[] x) {
    AttentionConfig a = config.attention();
    String self = prefix + "self_attn.";
    double[] q = linear(self + "q_proj", a.queryWidth(), a.inputBias(), x);
    double[] k = linear(self + "k_proj", a.keyValueWidth(), a.inputBias(), x);
    double[] v = linear(self + "v_proj", a.keyValueWidth(), a.inputBias(), x);
    if (config.family().normalizesQueriesAndKeys()) {
      q = norm(q, matrices.vector(self + "q_norm.weight"), a.headDim());
      k = norm(k, matrices.vector(self + "k_norm.weight"), a.headDim());
    }
    turn(q, a.heads());
    turn(k, a.keyValueHeads());
    double[] seen = new double[q.length];
    int window = a.windows().get(layer);
    for (int head = 0; head < a.heads(); head++) {
      int group = head / (a.heads() / a.keyValueHeads());
      int begin = 0;
      for (int[] prompt : prompts) {
        for (int t = 0; t < prompt.length; t++) {
          int first = window == 0 ? 0 : Math.max(0, t - window + 1);
          attend(q, k, v, seen, head, group, begin, first, t);
        }
        begin += prompt.length;
      }
    }
    return linear(self + "o_proj", config.hiddenSize(), a.outputBias(), seen);
  }

  private void turn(double[] heads, int count) {
    int headDim = config.attention().headDim();
    int begin = 0;
    for (int[] prompt : prompts) {
      for (int t = 0; t < prompt.length; t++) {
        for (int head = 0; head < count; head++) {
          rotation.turn(heads, head * headDim * tokens + begin + t, tokens, t);
        }
      }
      begin += prompt.length;
    }
  }

  /** Token {@code t} of the sequence that begins at {@code begin} sees its tokens from first on. */
  private void attend(
      double[] q,
      double[] k,
      double[] v,
      double[] seen,
      int head,
      int group,
      int begin,
      int first,
      int t) {
    int headDim = config.attention().headDim();
    double scale = 1 / Math.sqrt(headDim);
    double[] scores = new double[t - first + 1];
    double highest = Double.NEGATIVE_INFINITY;
    for (int s = first; s <= t; s++) {
      double score = 0;
      for (int d = 0; d < headDim; d++) {
        score +=
            q[(head * headDim + d) * tokens + begin + t]
                * k[(group * headDim + d) * tokens + begin + s];
      }
      scores[s - first] = score * scale;
      highest = Math.max(highest, scores[s - first]);
    }
    double sum = 0;
    for (int s = 0; s < scores.length; s++) {
      scores[s] = Math.exp(scores[s] - highest);
      sum += scores[s];
    }
    for (int d = 0; d < headDim; d++) {
      double value = 0;
      for (int s = first; s <= t; s++) {
        value += scores[s - first] / sum * v[(group * headDim + d) * tokens + begin + s];
      }
      seen[(head * headDim + d) * tokens + begin + t] = value;
    }
  }

  private double[] dense(String prefix, int width, double[] x) {
    double[] gate = linear(prefix + "gate_proj", width, config.mlpBias(), x);
    double[] up = linear(prefix + "up_proj", width, config.mlpBias(), x);
    return linear(prefix + "down_proj", config.hiddenSize(), config.mlpBias(), gated(gate, up));
  }

  private static double[] gated(double[] gate, double[] up) {
    double[] units = new double[gate.length];
    for (int i = 0; i < units.length; i++) {
      units[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
    }
    return units;
  }

  // ---- experts

  private double[] experts(String prefix, double[] x) {
    ExpertsConfig experts = config.experts();
    if (experts == null) {
      throw new IllegalStateException("no experts");
    }
    boolean mixtral = config.family() == Family.MIXTRAL;
    boolean packed = naming == ExpertNaming.PACKED;
    String block = prefix + (mixtral && !packed ? "block_sparse_moe." : "mlp.");
    double[][] weights =
        route(matrices.product(block + "gate.weight", 0, experts.count(), x, tokens), experts);
    double[] y = new double[x.length];
    for (int expert = 0; expert < experts.count(); expert++) {
      double[] given = expert(block, expert, experts.intermediateSize(), packed, mixtral, x);
      for (int i = 0; i < y.length; i++) {
        y[i] += weights[expert][i % tokens] * given[i];
      }
    }
    if (experts.sharedIntermediateSize() > 0) {
      double[] gate = matrices.product(block + "shared_expert_gate.weight", 0, 1, x, tokens);
      int width = experts.sharedIntermediateSize();
      String shared = block + "shared_expert.";
      double[] given =
          linear(
              shared + "down_proj",
              config.hiddenSize(),
              false,
              gated(
                  linear(shared + "gate_proj", width, false, x),
                  linear(shared + "up_proj", width, false, x)));
      for (int i = 0; i < y.length; i++) {
        y[i] += given[i] / (1 + Math.exp(-gate[i % tokens]));
      }
    }
    return y;
  }

  private double[] expert(
      String block, int expert, int width, boolean packed, boolean mixtral, double[] x) {
    int hidden = config.hiddenSize();
    if (packed) {
      String both = block + "experts.gate_up_proj";
      long at = (long) expert * 2 * width;
      double[] gate = matrices.product(both, at, width, x, tokens);
      double[] up = matrices.product(both, at + width, width, x, tokens);
      String down = block + "experts.down_proj";
      return matrices.product(down, (long) expert * hidden, hidden, gated(gate, up), tokens);
    }
    String one = block + "experts." + expert + ".";
    double[] gate = linear(one + (mixtral ? "w1" : "gate_proj"), width, false, x);
    double[] up = linear(one + (mixtral ? "w3" : "up_proj"), width, false, x);
    return linear(one + (mixtral ? "w2" : "down_proj"), hidden, false, gated(gate, up));
  }

  /** Weight of each expert for each token, [experts][tokens]; zero where it is not chosen. */
  private double[][] route(double[] scores, ExpertsConfig experts) {
    double[][] weights = new double[experts.count()][tokens];
    for (int t = 0; t < tokens; t++) {
      double highest = Double.NEGATIVE_INFINITY;
      for (int e = 0; e < experts.count(); e++) {
        highest = Math.max(highest, scores[e * tokens + t]);
      }
      double all = 0;
      double[] odds = new double[experts.count()];
      for (int e = 0; e < odds.length; e++) {
        odds[e] = Math.exp(scores[e * tokens + t] - highest);
        all += odds[e];
      }
      double chosen = 0;
      for (int rank = 0; rank < experts.perToken(); rank++) {
        int best = -1;
        for (int e = 0; e < odds.length; e++) {
          if (weights[e][t] == 0 && (best < 0 || odds[e] > odds[best])) {
            best = e;
          }
        }
        weights[best][t] = odds[best];
        chosen += odds[best];
      }
      for (int e = 0; e < odds.length; e++) {
        weights[e][t] /= experts.normalizesTopK() ? chosen : all;
      }
    }
    return weights;
  }
}

package dev.banyan.grow.recipe;

import dev.banyan.core.UserInputException;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Size;
import dev.banyan.grow.method.DepthMethod;
import dev.banyan.grow.method.ExpertMethod;
import dev.banyan.weights.config.AttentionConfig;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The configuration of a target, one step after another. */
final class TargetConfig {
  /** Keys that say nothing about a family. */
  private static final Set<String> FAMILY_FREE = Set.of("attention_dropout", "use_cache");

  private TargetConfig() {}

  /** Wanted sizes, whole. */
  record Wanted(int hidden, int layers, int heads, int keyValueHeads, int ffn, int headDim) {}

  /**
   * The sizes of a target of {@code source}.
   *
   * @throws UserInputException for one smaller than the source's
   */
  static Wanted wanted(ModelConfig source, GrowthOptions options) {
    Size from = Size.of(source);
    Size size = options.size();
    boolean listed = options.depth() == dev.banyan.grow.Depth.LIST;
    return new Wanted(
        larger("hidden", size.hidden(), from.hidden()),
        listed ? options.layerList().size() : larger("layers", size.layers(), from.layers()),
        larger("heads", size.heads(), from.heads()),
        larger("kv-heads", size.keyValueHeads(), from.keyValueHeads()),
        larger("ffn", size.ffn(), from.ffn()),
        larger("head-dim", size.headDim(), from.headDim()));
  }

  private static int larger(String name, @Nullable Integer wanted, @Nullable Integer from) {
    int least = from == null ? 0 : from;
    if (wanted == null) {
      return least;
    }
    if (wanted < least) {
      throw new UserInputException(
          "--%s %d is smaller than the source's %d; models only grow, take at least %d"
              .formatted(name, wanted, least, least));
    }
    return wanted;
  }

  /** With another stream; {@code meanSquare} is what epsilon is multiplied by. */
  static ModelConfig hidden(ModelConfig config, int hidden, double meanSquare) {
    return with(
        config,
        hidden,
        config.attention(),
        config.intermediateSize(),
        config.experts(),
        config.rmsNormEps() * meanSquare);
  }

  static ModelConfig heads(ModelConfig config, int heads, int keyValueHeads, int headDim) {
    AttentionConfig a = config.attention();
    return with(
        config,
        config.hiddenSize(),
        new AttentionConfig(
            heads, keyValueHeads, headDim, a.inputBias(), a.outputBias(), a.windows()),
        config.intermediateSize(),
        config.experts(),
        config.rmsNormEps());
  }

  static ModelConfig ffn(ModelConfig config, int width) {
    ExpertsConfig e = config.experts();
    ExpertsConfig wider =
        e == null
            ? null
            : new ExpertsConfig(
                e.count(),
                e.perToken(),
                width,
                e.sharedIntermediateSize(),
                e.normalizesTopK(),
                e.sparseStep(),
                e.denseLayers(),
                e.auxiliaryLossWeight());
    boolean dense = e == null || config.family() == Family.MIXTRAL;
    return with(
        config,
        config.hiddenSize(),
        config.attention(),
        dense ? width : config.intermediateSize(),
        wider,
        config.rmsNormEps());
  }

  private static ModelConfig with(
      ModelConfig config,
      int hidden,
      AttentionConfig attention,
      int intermediate,
      @Nullable ExpertsConfig experts,
      double eps) {
    return new ModelConfig(
        config.family(),
        config.vocabSize(),
        hidden,
        intermediate,
        config.layers(),
        attention,
        config.mlpBias(),
        experts,
        config.rope(),
        eps,
        config.tiedEmbeddings(),
        config.maxPositions(),
        config.initializerRange(),
        config.tokens(),
        config.type(),
        config.otherKeys());
  }

  static ModelConfig layers(ModelConfig config, DepthMethod.Stack stack) {
    AttentionConfig a = config.attention();
    List<Integer> windows = stack.layers().stream().map(a.windows()::get).toList();
    ExpertsConfig e = config.experts();
    ExpertsConfig experts = null;
    if (e != null) {
      List<Integer> dense = new ArrayList<>();
      for (int layer = 0; layer < stack.layers().size(); layer++) {
        if (!e.has(stack.layers().get(layer))) {
          dense.add(layer);
        }
      }
      experts =
          new ExpertsConfig(
              e.count(),
              e.perToken(),
              e.intermediateSize(),
              e.sharedIntermediateSize(),
              e.normalizesTopK(),
              1,
              dense,
              e.auxiliaryLossWeight());
    }
    return new ModelConfig(
        config.family(),
        config.vocabSize(),
        config.hiddenSize(),
        config.intermediateSize(),
        stack.layers().size(),
        new AttentionConfig(
            a.heads(), a.keyValueHeads(), a.headDim(), a.inputBias(), a.outputBias(), windows),
        config.mlpBias(),
        experts,
        config.rope(),
        config.rmsNormEps(),
        config.tiedEmbeddings(),
        config.maxPositions(),
        config.initializerRange(),
        config.tokens(),
        config.type(),
        config.otherKeys());
  }

  static ModelConfig experts(ModelConfig config, Family family, Mixture mixture) {
    ExpertMethod method = ExpertMethod.of(mixture);
    int width = config.intermediateSize();
    AttentionConfig a = config.attention();
    if (family == Family.QWEN2_MOE && a.queryWidth() != config.hiddenSize()) {
      throw new UserInputException(
          "qwen2_moe needs heads × head_dim = hidden, and %d × %d is not %d; change --hidden or --heads"
              .formatted(a.heads(), a.headDim(), config.hiddenSize()));
    }
    return new ModelConfig(
        family,
        config.vocabSize(),
        config.hiddenSize(),
        family == Family.MIXTRAL ? method.expertWidth(width) : width,
        config.layers(),
        a,
        false,
        new ExpertsConfig(
            mixture.total(),
            mixture.perToken(),
            method.expertWidth(width),
            method.sharedWidth(family, width),
            true,
            1,
            List.of(),
            0.001),
        config.rope(),
        config.rmsNormEps(),
        config.tiedEmbeddings(),
        config.maxPositions(),
        config.initializerRange(),
        config.tokens(),
        config.type(),
        familyFree(config.otherKeys()));
  }

  private static SortedMap<String, JsonNode> familyFree(SortedMap<String, JsonNode> keys) {
    var kept = new TreeMap<>(keys);
    kept.keySet().retainAll(FAMILY_FREE);
    return kept;
  }
}

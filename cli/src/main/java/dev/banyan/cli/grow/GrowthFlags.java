package dev.banyan.cli.grow;

import dev.banyan.core.UserInputException;
import dev.banyan.grow.Depth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Size;
import dev.banyan.grow.Units;
import dev.banyan.grow.Width;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags that say what a target is and how it is made; what is not named stays as it is. */
final class GrowthFlags {
  @Option(names = "--hidden", paramLabel = "N", description = "Width of the residual stream.")
  private @Nullable Integer hidden;

  @Option(names = "--layers", paramLabel = "N", description = "Layers.")
  private @Nullable Integer layers;

  @Option(names = "--heads", paramLabel = "N", description = "Query heads.")
  private @Nullable Integer heads;

  @Option(names = "--kv-heads", paramLabel = "N", description = "Key-value heads.")
  private @Nullable Integer keyValueHeads;

  @Option(
      names = "--ffn",
      paramLabel = "N",
      description = "Feed-forward width; of one expert where the source has experts.")
  private @Nullable Integer ffn;

  @Option(
      names = "--head-dim",
      paramLabel = "N",
      description = "Width of a head: a multiple of the source's, which keeps rotary positions.")
  private @Nullable Integer headDim;

  @Option(
      names = "--factor",
      paramLabel = "F",
      description = "Hidden, heads, kv-heads and ffn times F.")
  private @Nullable Double factor;

  @Option(
      names = "--like",
      paramLabel = "CONFIG.json",
      description = "Sizes of another model, for what no flag names.")
  private @Nullable Path like;

  @Option(
      names = "--width",
      paramLabel = "METHOD",
      defaultValue = "isometric",
      description = {
        "isometric, dyadic, duplicate (FPI), zero-extend or aki; dyadic and zero-extend leave",
        "matrices of 16 bits unrounded (default: ${DEFAULT-VALUE})."
      })
  private String width = "isometric";

  @Option(
      names = "--units",
      paramLabel = "METHOD",
      defaultValue = "duplicate",
      description =
          "New heads and feed-forward units: duplicate, or zero (default: ${DEFAULT-VALUE}).")
  private String units = "duplicate";

  @Option(
      names = "--depth",
      paramLabel = "METHOD",
      defaultValue = "identity",
      description = "identity, stack, interpolate or list (default: ${DEFAULT-VALUE}).")
  private String depth = "identity";

  @Option(
      names = "--layer-list",
      paramLabel = "LIST",
      description = "Source layers of the target, for example 0-15,8-23; means --depth list.")
  private @Nullable String layerList;

  @Option(
      names = "--even",
      description = "Copies share evenly: published, but their gradients stay equal for ever.")
  private boolean even;

  @Option(
      names = "--moe",
      paramLabel = "METHOD",
      description = "Become a mixture: copy, granular, shared-carry, drop or noise.")
  private @Nullable String moe;

  @Option(
      names = "--experts",
      paramLabel = "N",
      defaultValue = "8",
      description = "Experts; with granular groups of --shards each (default: ${DEFAULT-VALUE}).")
  private int experts = 8;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Experts a token passes (default: 2, with granular 2 times --shards).")
  private @Nullable Integer topK;

  @Option(
      names = "--shards",
      paramLabel = "N",
      defaultValue = "2",
      description = "With granular: parts a copy is cut into (default: ${DEFAULT-VALUE}).")
  private int shards = 2;

  @Option(
      names = "--drop",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "With drop: share of units drawn anew (default: ${DEFAULT-VALUE}).")
  private double drop = 0.5;

  @Option(
      names = "--noise",
      paramLabel = "STD",
      defaultValue = "0.02",
      description = "With noise: its deviation (default: ${DEFAULT-VALUE}).")
  private double noise = 0.02;

  @Option(
      names = "--router-std",
      paramLabel = "STD",
      defaultValue = "0.02",
      description = "Deviation of the router's weights (default: ${DEFAULT-VALUE}).")
  private double routerDeviation = 0.02;

  @Option(
      names = "--target",
      paramLabel = "FAMILY",
      description = "With --moe: mixtral, qwen2_moe or qwen3_moe; what follows if not said.")
  private @Nullable String target;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Store weights as f64, f32, bf16 or f16 (default: as they are).")
  private @Nullable String dtype;

  @Option(
      names = "--fresh-std",
      paramLabel = "STD",
      defaultValue = "0.02",
      description = "Deviation of weights that come from nowhere (default: ${DEFAULT-VALUE}).")
  private double freshDeviation = 0.02;

  /** True when a flag asks for anything. */
  boolean asks() {
    return !size(null).equals(Size.SAME) || layerList != null || moe != null || dtype != null;
  }

  /** The options, for a source of {@code config}. */
  GrowthOptions options(ModelConfig config, long seed) {
    Depth method = layerList == null ? Depth.parse(depth) : Depth.LIST;
    return new GrowthOptions(
        size(config),
        Width.parse(width),
        Units.parse(units),
        method,
        layerList == null ? List.of() : list(layerList),
        moe == null ? null : mixture(Mixture.Method.parse(moe)),
        target == null ? null : family(target),
        dtype == null ? null : type(dtype),
        even,
        freshDeviation,
        seed);
  }

  private Size size(@Nullable ModelConfig config) {
    Size said = new Size(hidden, layers, heads, keyValueHeads, ffn, headDim);
    if (factor != null) {
      said =
          said.or(
              config == null
                  ? new Size(1, null, null, null, null, null)
                  : Size.times(config, factor));
    }
    if (like != null) {
      said = said.or(Size.of(ModelConfig.read(like)));
    }
    return said;
  }

  private Mixture mixture(Mixture.Method method) {
    int parts = method == Mixture.Method.GRANULAR ? shards : 1;
    return new Mixture(
        method, experts, topK == null ? 2 * parts : topK, parts, drop, noise, routerDeviation);
  }

  private static Family family(String name) {
    return Family.named(name.replace('-', '_'))
        .orElseThrow(
            () ->
                new UserInputException("--target " + name + ": expected one of " + Family.names()));
  }

  private static StoredType type(String name) {
    return StoredType.named(name.toUpperCase(Locale.ROOT))
        .orElseThrow(
            () -> new UserInputException("--dtype " + name + ": expected f64, f32, bf16 or f16"));
  }

  private static List<Integer> list(String text) {
    List<Integer> layers = new ArrayList<>();
    try {
      for (String part : text.split(",", -1)) {
        String[] ends = part.strip().split("-", 2);
        int from = Integer.parseInt(ends[0]);
        int to = Integer.parseInt(ends[ends.length - 1]);
        if (to < from || to - from > 100_000) {
          throw new NumberFormatException(part);
        }
        for (int layer = from; layer <= to; layer++) {
          layers.add(layer);
        }
      }
    } catch (NumberFormatException e) {
      throw new UserInputException(
          "--layer-list " + text + ": expected layers and ranges, for example 0-15,8-23", e);
    }
    return layers;
  }
}

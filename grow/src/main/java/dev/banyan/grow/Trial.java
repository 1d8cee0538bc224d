package dev.banyan.grow;

import dev.banyan.core.Seed;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * A random small model and a random way to grow it, to try a kind of growth on. The kinds are
 * {@link #KINDS}: single methods and all of them together.
 */
public record Trial(String kind, ModelConfig config, GrowthOptions options, Seed seed) {
  /** What can be tried; those from {@code duplicate-odd} on promise nothing. */
  public static final List<String> KINDS =
      List.of(
          "isometric",
          "duplicate",
          "dyadic",
          "zero-extend",
          "heads duplicate",
          "heads zero",
          "ffn duplicate",
          "ffn zero",
          "head-dim",
          "identity",
          "moe copy",
          "moe granular",
          "moe shared-carry",
          "all together",
          "duplicate-odd",
          "aki",
          "stack",
          "interpolate",
          "list",
          "moe drop",
          "moe noise");

  /** The {@code index}-th trial of a kind. */
  public static Trial of(String kind, int index, Seed seed) {
    Seed own = seed.of("trial", kind, index);
    RandomGenerator random = own.stream("shape");
    int groups = 1 + random.nextInt(2);
    int perGroup = 1 + random.nextInt(3);
    int headDim = 2 * (1 + random.nextInt(3));
    boolean square = kind.equals("moe shared-carry");
    int heads = groups * perGroup;
    int hidden = square ? heads * headDim : 8 + 2 * random.nextInt(10);
    Family family = family(kind, random);
    boolean tied = random.nextBoolean();
    int layers = 1 + random.nextInt(3);
    int ffn = 4 * (2 + random.nextInt(6));
    boolean dense = !kind.contains("moe") && !kind.equals("all together");
    boolean bias = dense && family == Family.LLAMA && random.nextBoolean();
    String config =
        """
        {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "intermediate_size": %d, "moe_intermediate_size": %d,
         "head_dim": %d, "vocab_size": 40, "rms_norm_eps": 1e-5, "tie_word_embeddings": %s,
         "max_position_embeddings": 64, "attention_bias": %s, "mlp_bias": %s, "num_experts": 4,
         "num_experts_per_tok": 2, "norm_topk_prob": true, "sliding_window": %s%s}
        """
            .formatted(
                family.modelType(),
                hidden,
                layers,
                heads,
                groups,
                ffn,
                ffn,
                headDim,
                tied,
                bias,
                bias,
                family == Family.MISTRAL ? "4" : "null",
                rope(random));
    ModelConfig parsed =
        ModelConfig.parse("trial", config.getBytes(StandardCharsets.UTF_8))
            .withType(StoredType.F64);
    GrowthOptions options = options(kind, parsed, random);
    return new Trial(kind, parsed, options.withSeed(own.value()), own);
  }

  private static Family family(String kind, RandomGenerator random) {
    List<Family> families =
        switch (kind) {
          case "moe shared-carry" -> List.of(Family.LLAMA, Family.QWEN2);
          case "moe copy", "moe granular", "moe drop", "moe noise", "all together" ->
              List.of(Family.LLAMA, Family.MISTRAL, Family.QWEN3);
          case "aki" -> List.of(Family.LLAMA, Family.QWEN2, Family.QWEN3);
          default ->
              List.of(
                  Family.LLAMA,
                  Family.MISTRAL,
                  Family.QWEN2,
                  Family.QWEN3,
                  Family.MIXTRAL,
                  Family.QWEN3_MOE);
        };
    return families.get(random.nextInt(families.size()));
  }

  private static String rope(RandomGenerator random) {
    return switch (random.nextInt(3)) {
      case 0 -> "";
      case 1 -> ", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}";
      default ->
          ", \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 4.0, \"low_freq_factor\":"
              + " 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 16}";
    };
  }

  private static GrowthOptions options(String kind, ModelConfig config, RandomGenerator random) {
    int hidden = config.hiddenSize();
    int wider = hidden + 1 + random.nextInt(2 * hidden);
    int deeper = config.layers() + 1 + random.nextInt(3);
    int heads = config.attention().heads();
    int groups = config.attention().keyValueHeads();
    int moreGroups = groups + random.nextInt(3);
    int moreHeads = moreGroups * (heads / groups + 1 + random.nextInt(2));
    Size from = Size.of(config);
    int ffn = (from.ffn() == null ? 4 : from.ffn()) + 4 * (1 + random.nextInt(8));
    Size attention = new Size(null, null, moreHeads, moreGroups, null, null);
    Size units = new Size(null, null, null, null, ffn, null);
    Size depth = new Size(null, deeper, null, null, null, null);
    Size stream = new Size(wider, null, null, null, null, null);
    int odd = wider % hidden == 0 ? wider + 1 : wider;
    int headDim = config.attention().headDim();
    return switch (kind) {
      case "isometric" -> GrowthOptions.to(stream);
      case "duplicate" ->
          GrowthOptions.to(new Size(hidden * (2 + random.nextInt(2)), null, null, null, null, null))
              .with(Width.DUPLICATE)
              .withEven(random.nextBoolean());
      case "duplicate-odd" ->
          GrowthOptions.to(new Size(odd, null, null, null, null, null)).with(Width.DUPLICATE);
      case "dyadic" -> GrowthOptions.to(stream).with(Width.DYADIC);
      case "zero-extend" -> GrowthOptions.to(stream).with(Width.ZERO_EXTEND);
      case "heads duplicate" -> GrowthOptions.to(attention);
      case "heads zero" -> GrowthOptions.to(attention).with(Units.ZERO);
      case "ffn duplicate" -> GrowthOptions.to(units);
      case "ffn zero" -> GrowthOptions.to(units).with(Units.ZERO);
      case "head-dim" ->
          GrowthOptions.to(
              new Size(null, null, null, null, null, headDim * (2 + random.nextInt(2))));
      case "identity" -> GrowthOptions.to(depth);
      case "stack" -> GrowthOptions.to(depth).with(Depth.STACK);
      case "interpolate" -> GrowthOptions.to(depth).with(Depth.INTERPOLATE);
      case "list" ->
          GrowthOptions.to(Size.SAME)
              .withLayers(random.ints(config.layers() + 1, 0, config.layers()).boxed().toList());
      case "aki" -> GrowthOptions.to(stream.or(units)).with(Width.AKI);
      case "all together" -> together(stream.or(attention).or(units).or(depth), random);
      default -> mixed(kind.substring("moe ".length()));
    };
  }

  private static GrowthOptions mixed(String method) {
    var parsed = Mixture.Method.parse(method.toLowerCase(Locale.ROOT));
    return GrowthOptions.to(Size.SAME).with(Mixture.of(parsed));
  }

  private static GrowthOptions together(Size size, RandomGenerator random) {
    var mixture = Mixture.of(random.nextBoolean() ? Mixture.Method.COPY : Mixture.Method.GRANULAR);
    Width width = random.nextBoolean() ? Width.ISOMETRIC : Width.ZERO_EXTEND;
    Units units = random.nextBoolean() ? Units.DUPLICATE : Units.ZERO;
    return GrowthOptions.to(size).with(width).with(units).with(mixture);
  }

  /** What the options promise. */
  public Exactness promised() {
    return Growth.steps(config, options, StoredType.F64).stream()
        .map(GrowthStep::exactness)
        .reduce(Exactness.BITWISE, Exactness::and);
  }

  /** What they do. */
  public Measured measure() {
    return Growth.trial(config, options, seed);
  }
}

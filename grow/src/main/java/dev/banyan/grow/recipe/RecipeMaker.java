package dev.banyan.grow.recipe;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Depth;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.GrowthStep;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.Units;
import dev.banyan.grow.Width;
import dev.banyan.grow.method.Aki;
import dev.banyan.grow.method.DepthMethod;
import dev.banyan.grow.method.ExpertMethod;
import dev.banyan.grow.method.GroupedHeads;
import dev.banyan.grow.method.RopeAlignedHead;
import dev.banyan.grow.method.Shares;
import dev.banyan.grow.method.UnitGrowth;
import dev.banyan.grow.method.WidthMethod;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.AttentionConfig;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * Options to a recipe. First the axes and the configuration grow, step by step; then every tensor
 * of the target is told its sources and axes. Pure: reads shapes and types, no values.
 */
public final class RecipeMaker {
  private final ModelConfig source;
  private final GrowthOptions options;
  private final Function<String, StoredType> types;
  private final Seed seed;
  private final Shares shares;
  private final TargetConfig.Wanted wanted;
  private final List<GrowthStep> steps = new ArrayList<>();
  private final SequencedMap<String, Axis> axes = new LinkedHashMap<>();
  private final WidthMethod width;
  private ModelConfig target;
  private double normScale = 1;
  private DepthMethod.Stack stack;

  private RecipeMaker(
      ModelConfig source, GrowthOptions options, Function<String, StoredType> types) {
    this.source = source;
    this.options = options;
    this.types = types;
    this.seed = new Seed(options.seed()).of("grow");
    this.shares = options.even() ? Shares.EVEN : Shares.UNEVEN;
    this.wanted = TargetConfig.wanted(source, options);
    this.width = WidthMethod.of(options.width());
    this.target = source;
    this.stack = new DepthMethod.Stack(range(source.layers()), List.of());
  }

  /**
   * The recipe.
   *
   * @param naming how the source names its experts
   * @param types the stored type of each of the source's tensors
   * @throws UserInputException for a target that cannot be
   */
  public static Recipe make(
      ModelConfig source,
      ExpertNaming naming,
      GrowthOptions options,
      Function<String, StoredType> types) {
    var maker = new RecipeMaker(source, options, types);
    Family family = Targets.family(source, options.mixture(), options.family());
    maker.growHeads();
    maker.growUnits();
    maker.growStream();
    maker.growStack();
    maker.growExperts(family);
    maker.store();
    var tensors =
        new TensorMaker(
            source, maker.target, naming, options, maker.axes, maker.stack, maker.normScale, types);
    return new Recipe(
        options,
        source,
        maker.target,
        maker.steps,
        maker.axes,
        tensors.all(),
        maker.stack.layers(),
        maker.stack.silent());
  }

  private StoredType from() {
    return types.apply("model.embed_tokens.weight");
  }

  private StoredType to() {
    StoredType type = options.type();
    return type == null ? from() : type;
  }

  private void step(
      String name,
      String method,
      Object from,
      Object to,
      Exactness exactness,
      boolean scales,
      String why) {
    steps.add(
        new GrowthStep(
            name,
            method,
            from.toString(),
            to.toString(),
            exactness,
            scales && to() != StoredType.F64,
            why,
            ParameterLayout.parameters(target)));
  }

  private void store() {
    if (to() != from()) {
      target = target.withType(to());
      boolean holds =
          to() == StoredType.F64 || (to() == StoredType.F32 && from() != StoredType.F64);
      step(
          "dtype",
          to().name().toLowerCase(Locale.ROOT),
          from().name().toLowerCase(Locale.ROOT),
          to().name().toLowerCase(Locale.ROOT),
          holds ? Exactness.BITWISE : Exactness.EXACT,
          !holds,
          holds ? "every number is held" : "numbers are rounded");
    }
  }

  // ---- heads

  private void growHeads() {
    AttentionConfig from = source.attention();
    boolean aki = options.width() == Width.AKI;
    Units units = aki ? Units.DUPLICATE : options.units();
    var heads = GroupedHeads.of(from, wanted.heads(), wanted.keyValueHeads(), units);
    int[] places = RopeAlignedHead.places(from.headDim(), wanted.headDim(), source.rope());
    double factor = (double) wanted.headDim() / from.headDim();
    boolean wider = factor > 1;
    boolean norms = source.family().normalizesQueriesAndKeys();
    // beside old places queries must be zero; keys may be anything but where a norm sums over them
    Fill fresh = Fill.normal(options.freshDeviation());
    Fill keys = wider && norms ? Fill.ZERO : fresh;
    double root = Math.sqrt(factor);
    double queryFactor = root;
    double keyFactor = norms ? root : 1;
    axes.put(
        "queries",
        inputs(heads.heads(), places, from, queryFactor, wider ? Fill.ZERO : fresh, aki));
    axes.put("keys", inputs(heads.groups(), places, from, keyFactor, keys, aki));
    axes.put("values", inputs(heads.groups(), places, from, 1, fresh, aki));
    axes.put("outputs", outputs(heads.heads(), places, from));
    axes.put("head", Axis.of(from.headDim(), places));
    growHeadSteps(aki, wider);
  }

  private void growHeadSteps(boolean aki, boolean wider) {
    AttentionConfig from = source.attention();
    boolean more = wanted.heads() != from.heads() || wanted.keyValueHeads() != from.keyValueHeads();
    if (more) {
      target = TargetConfig.heads(target, wanted.heads(), wanted.keyValueHeads(), from.headDim());
      boolean zero = !aki && options.units() == Units.ZERO;
      step(
          "heads",
          aki ? Width.AKI.word() : options.units().word(),
          from.heads() + " in " + from.keyValueHeads(),
          wanted.heads() + " in " + wanted.keyValueHeads(),
          aki ? Exactness.INEXACT : zero ? Exactness.BITWISE : Exactness.EXACT,
          false,
          aki
              ? "new heads come from the next layer"
              : zero ? "new heads are read with zero" : "copies share the output's columns");
    }
    if (wider) {
      target = TargetConfig.heads(target, wanted.heads(), wanted.keyValueHeads(), wanted.headDim());
      step(
          "head-dim",
          "rope-aligned",
          from.headDim(),
          wanted.headDim(),
          Exactness.EXACT,
          true,
          "every pair keeps its frequency");
    }
  }

  private static Axis inputs(
      int[] heads, int[] places, AttentionConfig from, double factor, Fill fresh, boolean aki) {
    int[] index = flat(heads, places, from.headDim());
    double[] produce = new double[index.length];
    Arrays.fill(produce, factor);
    double[] ones = new double[index.length];
    Arrays.fill(ones, 1);
    int sourceSize = from.headDim() * (1 + Arrays.stream(heads).max().orElse(0));
    var axis =
        new Axis(
            sourceSize,
            index,
            new boolean[index.length],
            produce,
            ones,
            ones,
            false,
            fresh,
            Fill.ZERO);
    return aki ? Aki.laterFromNext(axis) : axis;
  }

  /** The output's columns: a head's share is the same in all its places. */
  private Axis outputs(int[] heads, int[] places, AttentionConfig from) {
    double[] perHead = shares.along(heads, from.heads(), seed.stream("heads"));
    int[] index = flat(heads, places, from.headDim());
    double[] consume = new double[index.length];
    double[] ones = new double[index.length];
    Arrays.fill(ones, 1);
    for (int j = 0; j < consume.length; j++) {
      consume[j] = perHead[j / places.length];
    }
    return new Axis(
        from.queryWidth(),
        index,
        new boolean[index.length],
        ones,
        consume,
        ones,
        true,
        Fill.ZERO,
        Fill.ZERO);
  }

  private static int[] flat(int[] heads, int[] places, int headDim) {
    int[] index = new int[heads.length * places.length];
    for (int j = 0; j < index.length; j++) {
      int head = heads[j / places.length];
      int place = places[j % places.length];
      index[j] = head < 0 || place < 0 ? -1 : head * headDim + place;
    }
    return index;
  }

  // ---- units, stream, stack, experts

  private void growUnits() {
    int from = source.experts() == null ? source.intermediateSize() : expertWidth();
    boolean aki = options.width() == Width.AKI;
    Units units = aki ? Units.DUPLICATE : options.units();
    Axis axis =
        UnitGrowth.axis(
            units, from, wanted.ffn(), aki ? Shares.EVEN : shares, options.freshDeviation(), seed);
    axes.put(TensorMaker.UNITS, aki ? Aki.laterFromNext(axis) : axis);
    if (wanted.ffn() != from) {
      target = TargetConfig.ffn(target, wanted.ffn());
      boolean zero = units == Units.ZERO;
      step(
          "ffn",
          aki ? Width.AKI.word() : units.word(),
          from,
          wanted.ffn(),
          aki ? Exactness.INEXACT : zero ? Exactness.BITWISE : Exactness.EXACT,
          false,
          aki
              ? "new units come from the next layer"
              : zero ? "new units are read with zero" : "copies share down's columns");
    }
  }

  private int expertWidth() {
    ExpertsConfig experts = source.experts();
    return experts == null ? 0 : experts.intermediateSize();
  }

  private void growStream() {
    int from = source.hiddenSize();
    int to = wanted.hidden();
    axes.put(
        Recipe.RESIDUAL,
        from == to
            ? Axis.same(from)
            : width.axis(from, to, shares, options.freshDeviation(), seed));
    if (from != to) {
      double meanSquare = width.meanSquare(from, to);
      normScale = Math.sqrt(meanSquare);
      target = TargetConfig.hidden(target, to, meanSquare);
      boolean tied = source.tiedEmbeddings();
      step(
          "hidden",
          options.width().word(),
          from,
          to,
          width.exactness(from, to),
          width.rounds(from, to) || tied,
          width.why(from, to));
    }
  }

  private void growStack() {
    int from = source.layers();
    if (options.depth() == Depth.LIST) {
      for (int layer : options.layerList()) {
        if (layer < 0 || layer >= from) {
          throw new UserInputException(
              "--layer-list: layer %d is not one of the source's 0 to %d"
                  .formatted(layer, from - 1));
        }
      }
      if (options.layerList().isEmpty()) {
        throw new UserInputException("--depth list needs --layer-list, for example 0-11,4-15");
      }
      stack = new DepthMethod.Stack(options.layerList(), List.of());
      target = TargetConfig.layers(target, stack);
      boolean same = options.layerList().equals(range(from));
      step(
          "layers",
          "list",
          from,
          stack.layers().size(),
          same ? Exactness.BITWISE : Exactness.INEXACT,
          false,
          same ? "the layers as they are" : "layers as listed");
    } else if (wanted.layers() != from) {
      DepthMethod method = DepthMethod.of(options.depth());
      stack = method.stack(from, wanted.layers());
      target = TargetConfig.layers(target, stack);
      step(
          "layers",
          options.depth().word(),
          from,
          wanted.layers(),
          method.exactness(),
          false,
          method.why());
    }
  }

  private void growExperts(Family family) {
    Mixture mixture = options.mixture();
    if (mixture != null) {
      ExpertMethod method = ExpertMethod.of(mixture);
      target = TargetConfig.experts(target, family, mixture);
      step(
          "experts",
          mixture.method().word(),
          source.family().modelType(),
          "%s, %d of %d".formatted(family.modelType(), mixture.perToken(), mixture.total()),
          method.exactness(),
          method.rounds(),
          method.why());
    }
  }

  private static List<Integer> range(int size) {
    return java.util.stream.IntStream.range(0, size).boxed().toList();
  }
}

package dev.banyan.grow.recipe;

import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Role;
import dev.banyan.grow.TensorRecipe.Source;
import dev.banyan.grow.TensorRecipe.Use;
import dev.banyan.grow.Width;
import dev.banyan.grow.method.DenseLayer;
import dev.banyan.grow.method.DepthMethod;
import dev.banyan.grow.method.ExpertLayer;
import dev.banyan.grow.method.ExpertMethod;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tells every tensor of the target where it comes from. */
final class TensorMaker {
  /** The axis of feed-forward units, or of one expert's. */
  static final String UNITS = "units";

  private final ModelConfig source;
  private final ModelConfig target;
  private final ExpertNaming naming;
  private final GrowthOptions options;
  private final SequencedMap<String, Axis> axes;
  private final DepthMethod.Stack stack;
  private final double normScale;
  private final Function<String, StoredType> types;
  private final boolean aki;
  private final List<TensorRecipe> made = new ArrayList<>();

  TensorMaker(
      ModelConfig source,
      ModelConfig target,
      ExpertNaming naming,
      GrowthOptions options,
      SequencedMap<String, Axis> axes,
      DepthMethod.Stack stack,
      double normScale,
      Function<String, StoredType> types) {
    this.source = source;
    this.target = target;
    this.naming = naming;
    this.options = options;
    this.axes = axes;
    this.stack = stack;
    this.normScale = normScale;
    this.types = types;
    this.aki = options.width() == Width.AKI;
  }

  /** All tensors in the order of the target's state dict. */
  List<TensorRecipe> all() {
    int hidden = target.hiddenSize();
    int words = target.vocabSize();
    String embedding = "model.embed_tokens.weight";
    add(embedding, List.of(of(embedding)), null, residual(Role.WRITES), 1, words, hidden);
    for (int layer = 0; layer < target.layers(); layer++) {
      layer(layer);
    }
    boolean tied = source.tiedEmbeddings();
    String norm = "model.norm.weight";
    Use last = residual(tied ? Role.SCALES_TIED : Role.SCALES);
    gains(norm, List.of(of(norm)), last, normScale);
    if (!tied) {
      String head = "lm_head.weight";
      add(head, List.of(of(head)), null, residual(Role.READS), 1, words, hidden);
    }
    return ordered();
  }

  /** What was made, in the layout's order and checked against it. */
  private List<TensorRecipe> ordered() {
    Map<String, TensorRecipe> byName =
        made.stream().collect(Collectors.toMap(each -> each.spec().name(), each -> each));
    List<TensorRecipe> ordered = new ArrayList<>();
    for (TensorSpec spec : ParameterLayout.of(target, StoredType.F32, ExpertNaming.SEPARATE)) {
      TensorRecipe recipe = byName.remove(spec.name());
      if (recipe == null || !recipe.spec().shape().equals(spec.shape())) {
        throw new IllegalStateException(spec + " came out as " + recipe);
      }
      ordered.add(recipe);
    }
    if (!byName.isEmpty()) {
      throw new IllegalStateException("the target has no " + byName.keySet());
    }
    return ordered;
  }

  private void layer(int layer) {
    int from = stack.layers().get(layer);
    boolean silent = stack.silent().contains(layer);
    String prefix = ParameterLayout.layerPrefix(layer);
    for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
      String name = norm + ".weight";
      gains(prefix + name, sources(from, name), residual(Role.SCALES), normScale);
    }
    attention(prefix + "self_attn.", from, silent);
    ExpertsConfig before = source.experts();
    ExpertsConfig after = target.experts();
    if (after == null || !after.has(layer)) {
      dense(prefix + "mlp.", from, silent);
    } else if (before == null) {
      upcycled(prefix, from, silent);
    } else {
      experts(prefix, from, silent, before);
    }
  }

  private void attention(String prefix, int from, boolean silent) {
    var attention = target.attention();
    int hidden = target.hiddenSize();
    boolean norms = target.family().normalizesQueriesAndKeys();
    // the norms of heads share epsilon with the others: what they see is scaled along with it
    double seen = norms ? normScale : 1;
    Map<String, Integer> sizes =
        Map.of(
            "q", attention.queryWidth(),
            "k", attention.keyValueWidth(),
            "v", attention.keyValueWidth());
    for (String part : List.of("q", "k", "v")) {
      String axis = part.equals("q") ? "queries" : part.equals("k") ? "keys" : "values";
      int size = sizes.getOrDefault(part, 0);
      double scale = part.equals("v") ? 1 : seen;
      Use rows = new Use(axis, Role.WRITES, 0, size);
      String name = "self_attn." + part + "_proj.";
      add(
          prefix + part + "_proj.weight",
          sources(from, name + "weight"),
          rows,
          residual(Role.READS),
          scale,
          size,
          hidden);
      if (attention.inputBias()) {
        add(prefix + part + "_proj.bias", sources(from, name + "bias"), rows, null, scale, size);
      }
    }
    int width = attention.queryWidth();
    Use columns = new Use("outputs", Role.READS, 0, width);
    output(
        prefix + "o_proj.weight",
        sources(from, "self_attn.o_proj.weight"),
        columns,
        silent,
        hidden,
        width);
    if (attention.outputBias()) {
      output(prefix + "o_proj.bias", sources(from, "self_attn.o_proj.bias"), null, silent, hidden);
    }
    if (norms) {
      double wider = (double) attention.headDim() / source.attention().headDim();
      for (String part : List.of("q_norm", "k_norm")) {
        String name = "self_attn." + part + ".weight";
        double scale = part.equals("q_norm") ? 1 : 1 / Math.sqrt(wider);
        Use rows = new Use("head", Role.SCALES, 0, attention.headDim());
        add(prefix + part + ".weight", sources(from, name), rows, null, scale, attention.headDim());
      }
    }
  }

  private void dense(String prefix, int from, boolean silent) {
    int width = target.intermediateSize();
    int hidden = target.hiddenSize();
    // dense layers beside experts keep their width
    boolean own = source.experts() == null || source.family() == Family.MIXTRAL;
    Use units = own ? new Use(UNITS, Role.WRITES, 0, width) : null;
    for (String part : List.of("gate_proj", "up_proj")) {
      String name = "mlp." + part + ".";
      add(
          prefix + part + ".weight",
          sources(from, name + "weight"),
          units,
          residual(Role.READS),
          1,
          width,
          hidden);
      if (target.mlpBias()) {
        add(prefix + part + ".bias", sources(from, name + "bias"), units, null, 1, width);
      }
    }
    Use read = own ? new Use(UNITS, Role.READS, 0, width) : null;
    output(
        prefix + "down_proj.weight",
        sources(from, "mlp.down_proj.weight"),
        read,
        silent,
        hidden,
        width);
    if (target.mlpBias()) {
      output(prefix + "down_proj.bias", sources(from, "mlp.down_proj.bias"), null, silent, hidden);
    }
  }

  private void upcycled(String prefix, int from, boolean silent) {
    var mixture = options.mixture();
    if (mixture == null) {
      throw new IllegalStateException("experts from nowhere");
    }
    DenseLayer dense =
        new DenseLayer(
            type("model.layers." + from + ".mlp.gate_proj.weight"),
            target.hiddenSize(),
            axis(UNITS).size(),
            UNITS,
            sources(from, "mlp.gate_proj.weight"),
            sources(from, "mlp.up_proj.weight"),
            sources(from, "mlp.down_proj.weight"),
            silent);
    made.addAll(
        ExpertMethod.of(mixture).layer(dense, new ExpertLayer(target.family(), prefix, prefix)));
  }

  /** Experts that were there before: each grows as a dense layer does, the router reads more. */
  private void experts(String prefix, int from, boolean silent, ExpertsConfig before) {
    var names = new ExpertLayer(target.family(), prefix, prefix);
    String sourcePrefix = ParameterLayout.layerPrefix(from);
    var old = new ExpertLayer(source.family(), sourcePrefix, sourcePrefix);
    int hidden = target.hiddenSize();
    boolean packed = naming == ExpertNaming.PACKED;
    String block = sourcePrefix + "mlp.";
    String router = packed ? block + "gate.weight" : old.router();
    add(names.router(), List.of(of(router)), null, residual(Role.READS), 1, before.count(), hidden);
    int width = axis(UNITS).size();
    int narrow = before.intermediateSize();
    for (int expert = 0; expert < before.count(); expert++) {
      long gate = (long) expert * 2 * narrow;
      String both = block + "experts.gate_up_proj";
      DenseLayer dense =
          new DenseLayer(
              type(packed ? both : old.gate(expert)),
              hidden,
              width,
              UNITS,
              List.of(packed ? new Source(both, gate) : of(old.gate(expert))),
              List.of(packed ? new Source(both, gate + narrow) : of(old.up(expert))),
              List.of(
                  packed
                      ? new Source(block + "experts.down_proj", (long) expert * source.hiddenSize())
                      : of(old.down(expert))),
              silent);
      made.add(dense.gate(names.gate(expert), 0, width));
      made.add(dense.up(names.up(expert), 0, width));
      made.add(dense.down(names.down(expert), 0, width, 1));
    }
    if (before.sharedIntermediateSize() > 0) {
      shared(names, old, silent, before.sharedIntermediateSize());
    }
  }

  private void shared(ExpertLayer names, ExpertLayer old, boolean silent, int width) {
    int hidden = target.hiddenSize();
    for (String part : List.of("gate", "up")) {
      add(
          names.shared(part),
          List.of(of(old.shared(part))),
          null,
          residual(Role.READS),
          1,
          width,
          hidden);
    }
    output(names.shared("down"), List.of(of(old.shared("down"))), null, silent, hidden, width);
    add(
        names.sharedGate(),
        List.of(of(old.sharedGate())),
        null,
        residual(Role.READS),
        1,
        1,
        hidden);
  }

  // ---- small things

  private Axis axis(String name) {
    Axis axis = axes.get(name);
    if (axis == null) {
      throw new IllegalStateException("no axis " + name);
    }
    return axis;
  }

  private Use residual(Role role) {
    return new Use(Recipe.RESIDUAL, role, 0, target.hiddenSize());
  }

  private static Source of(String tensor) {
    return new Source(tensor, 0);
  }

  /** The tensor of a layer, and for AKI of the next one too. */
  private List<Source> sources(int layer, String name) {
    Source own = of(ParameterLayout.layerPrefix(layer) + name);
    if (!aki || layer + 1 >= source.layers() || source.experts() != null) {
      return List.of(own);
    }
    return List.of(own, of(ParameterLayout.layerPrefix(layer + 1) + name));
  }

  /** A norm's gains; where they are scaled they are stored as f32, which costs next to nothing. */
  private void gains(String name, List<Source> sources, Use rows, double scale) {
    StoredType type = type(sources.getFirst().tensor());
    boolean same = scale == 1 && (rows.role() == Role.SCALES || axis(Recipe.RESIDUAL).isSame());
    if (type.bytes() < StoredType.F32.bytes() && !same) {
      type = StoredType.F32;
    }
    TensorSpec spec = TensorSpec.of(name, type, target.hiddenSize());
    made.add(TensorRecipe.of(spec, sources, rows, null, scale));
  }

  private StoredType type(String source) {
    StoredType asked = options.type();
    return asked == null ? types.apply(source) : asked;
  }

  /** What writes to the residual stream, zero in a silent layer; its shape begins with hidden. */
  private void output(
      String name,
      List<Source> sources,
      @org.jspecify.annotations.Nullable Use columns,
      boolean silent,
      long... shape) {
    if (silent) {
      TensorSpec spec = TensorSpec.of(name, type(sources.getFirst().tensor()), shape);
      made.add(TensorRecipe.fresh(spec, Fill.ZERO, 1));
    } else {
      add(name, sources, residual(Role.WRITES), columns, 1, shape);
    }
  }

  private void add(
      String name,
      List<Source> sources,
      @org.jspecify.annotations.Nullable Use rows,
      @org.jspecify.annotations.Nullable Use columns,
      double scale,
      long... shape) {
    TensorSpec spec = TensorSpec.of(name, type(sources.getFirst().tensor()), shape);
    made.add(TensorRecipe.of(spec, sources, rows, columns, scale));
  }
}

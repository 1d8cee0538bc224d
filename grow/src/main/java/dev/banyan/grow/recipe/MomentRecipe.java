package dev.banyan.grow.recipe;

import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Role;
import dev.banyan.grow.TensorRecipe.Source;
import dev.banyan.grow.TensorRecipe.Use;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.AttentionConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The recipe of AdamW's moments that belongs to a recipe of weights. Where the function stays, the
 * chain rule gives the target's gradients from the source's: what writes to a copy has the source's
 * gradient times what the copy's readers are multiplied by, and what reads from it times what its
 * writers are; so produce and consume change places. The first moment is a mean of gradients and
 * goes the same way, the second one of their squares with squared factors. What is new, silent or
 * fresh begins with zero; of n copied experts each is expected to see one n-th.
 *
 * <p>Exact but for three cases, where a share in the middle is taken: tied embeddings of uneven
 * copies, key-value groups whose heads share unevenly, and experts.
 */
public final class MomentRecipe {
  private final Recipe weights;
  private final String moment;
  private final int power;
  private final SequencedMap<String, Axis> axes = new LinkedHashMap<>();

  private MomentRecipe(Recipe weights, String moment, int power) {
    this.weights = weights;
    this.moment = moment;
    this.power = power;
  }

  /** The first moments, {@code NAME.exp_avg}. */
  public static Recipe first(Recipe weights) {
    return new MomentRecipe(weights, ".exp_avg", 1).make();
  }

  /** The second ones, {@code NAME.exp_avg_sq}. */
  public static Recipe second(Recipe weights) {
    return new MomentRecipe(weights, ".exp_avg_sq", 2).make();
  }

  private Recipe make() {
    weights.axes().forEach((name, axis) -> put(name, axis, turned(name, axis)));
    Axis residual = axis(Recipe.RESIDUAL);
    put("norm", residual, times(residual.produce(), shares(residual)));
    put("last norm", residual, times(residual.produce(), residual.produce()));
    List<TensorRecipe> tensors = new ArrayList<>();
    weights.tensors().forEach(tensor -> tensors.add(of(tensor)));
    return new Recipe(
        weights.options(),
        weights.sourceConfig(),
        weights.targetConfig(),
        weights.steps(),
        axes,
        tensors,
        weights.layers(),
        weights.silent());
  }

  private Axis axis(String name) {
    Axis axis = weights.axes().get(name);
    if (axis == null) {
      throw new IllegalArgumentException("the recipe has no axis '" + name + "'");
    }
    return axis;
  }

  private void put(String name, Axis axis, double[] writers) {
    double[] ones = new double[axis.size()];
    Arrays.fill(ones, 1);
    axes.put(
        name,
        new Axis(
            axis.sourceSize(),
            axis.index(),
            axis.next(),
            powers(writers),
            powers(axis.produce()),
            ones,
            false,
            Fill.ZERO,
            Fill.ZERO));
  }

  private double[] powers(double[] factors) {
    return Arrays.stream(factors).map(factor -> power == 1 ? factor : factor * factor).toArray();
  }

  private static double[] times(double[] left, double[] right) {
    double[] product = left.clone();
    Arrays.setAll(product, j -> left[j] * right[j]);
    return product;
  }

  /** What readers are multiplied by; shares as they are used, summing to one. */
  private static double[] shares(Axis axis) {
    if (!axis.split()) {
      return axis.consume();
    }
    double[] sums = new double[axis.sourceSize()];
    for (int j = 0; j < axis.size(); j++) {
      if (axis.index()[j] >= 0) {
        sums[axis.index()[j]] += axis.consume()[j] * axis.produce()[j];
      }
    }
    double[] shares = axis.consume().clone();
    for (int j = 0; j < shares.length; j++) {
      shares[j] = axis.index()[j] < 0 ? 0 : shares[j] / sums[axis.index()[j]];
    }
    return shares;
  }

  /** What the gradient of the axis's writers is multiplied by. */
  private double[] turned(String name, Axis axis) {
    AttentionConfig attention = weights.targetConfig().attention();
    double[] factors = shares(axis).clone();
    if (name.equals("queries")) {
      double[] read = shares(axis("outputs"));
      Arrays.setAll(factors, j -> read[j] / axis.produce()[j]);
    } else if (name.equals("keys") || name.equals("values")) {
      double[] read = shares(axis("outputs"));
      int perGroup = attention.heads() / attention.keyValueHeads();
      AttentionConfig source = weights.sourceConfig().attention();
      double before = (double) source.heads() / source.keyValueHeads();
      int headDim = attention.headDim();
      for (int j = 0; j < factors.length; j++) {
        double sum = 0;
        for (int head = 0; head < perGroup; head++) {
          sum += read[(j / headDim * perGroup + head) * headDim + j % headDim];
        }
        factors[j] = sum / before / axis.produce()[j];
      }
    }
    return factors;
  }

  private TensorRecipe of(TensorRecipe tensor) {
    TensorSpec spec = tensor.spec();
    TensorSpec named =
        TensorSpec.of(
            spec.name() + moment,
            StoredType.F32,
            spec.shape().stream().mapToLong(Long::longValue).toArray());
    double share = share(spec.name());
    if (tensor.sources().isEmpty() || share == 0) {
      return TensorRecipe.fresh(named, Fill.ZERO, 1);
    }
    List<Source> sources =
        tensor.sources().stream()
            .map(source -> new Source(source.tensor() + moment, source.firstRow()))
            .toList();
    double scale = powers(new double[] {share / tensor.scale()})[0];
    TensorRecipe made =
        TensorRecipe.of(named, sources, use(tensor.rows()), use(tensor.columns()), scale);
    TensorRecipe.Redraw redraw = tensor.redraw();
    return redraw == null
        ? made
        : made.with(
            new TensorRecipe.Redraw(redraw.expert(), redraw.rows(), redraw.share(), Fill.ZERO));
  }

  /** A norm's gains are one with what they scale; they grow as writers of an axis of their own. */
  private static @Nullable Use use(@Nullable Use use) {
    if (use == null || use.role() == Role.WRITES || use.role() == Role.READS) {
      return use;
    }
    boolean residual = use.axis().equals(Recipe.RESIDUAL);
    String axis = !residual ? use.axis() : use.role() == Role.SCALES ? "norm" : "last norm";
    return new Use(axis, Role.WRITES, use.from(), use.size());
  }

  /** What part of the source's gradient comes to a tensor beside its axes. */
  private double share(String name) {
    for (int layer : weights.silent()) {
      if (name.startsWith("model.layers." + layer + ".")) {
        return 0;
      }
    }
    Mixture mixture = weights.options().mixture();
    if (mixture == null || !name.contains(".experts.")) {
      return 1;
    }
    return mixture.method() == Mixture.Method.SHARED_CARRY ? 0 : 1.0 / mixture.experts();
  }
}

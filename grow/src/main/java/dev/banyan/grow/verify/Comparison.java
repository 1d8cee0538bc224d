package dev.banyan.grow.verify;

import dev.banyan.grow.Axis;
import dev.banyan.grow.Measured;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.Verdict;
import java.util.ArrayList;
import java.util.List;

/** Two passes side by side. */
public final class Comparison {
  private Comparison() {}

  /** Logits, [vocabulary, tokens]. */
  public static Measured logits(double[] source, double[] target, int tokens) {
    double worst = 0;
    boolean bitwise = true;
    for (int t = 0; t < tokens; t++) {
      double largest = 0;
      double apart = 0;
      for (int at = t; at < source.length; at += tokens) {
        largest = Math.max(largest, Math.abs(source[at]));
        apart = Math.max(apart, Math.abs(source[at] - target[at]));
        bitwise &= source[at] == target[at];
      }
      double relative = apart == 0 ? 0 : apart / largest;
      worst = Double.isNaN(apart) ? Double.NaN : Math.max(worst, relative);
    }
    return new Measured(Double.isNaN(worst) ? Double.POSITIVE_INFINITY : worst, bitwise);
  }

  /** The stream after each layer of the target against the stream of its source layer, grown. */
  public static List<Verdict.Layer> layers(
      Recipe recipe, List<double[]> source, List<double[]> target, int tokens) {
    Axis axis = recipe.axes().get(Recipe.RESIDUAL);
    if (axis == null) {
      return List.of();
    }
    List<Verdict.Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < target.size(); layer++) {
      int from = recipe.layers().get(layer);
      double[] then = source.get(from);
      double[] now = target.get(layer);
      double largest = 0;
      double apart = 0;
      for (int j = 0; j < axis.size(); j++) {
        int place = axis.index()[j];
        for (int t = 0; t < tokens; t++) {
          double expected = place < 0 ? 0 : axis.produce()[j] * then[place * tokens + t];
          largest = Math.max(largest, Math.abs(expected));
          apart = Math.max(apart, Math.abs(now[j * tokens + t] - expected));
        }
      }
      boolean silent = recipe.silent().contains(layer);
      layers.add(new Verdict.Layer(layer, from, silent, apart == 0 ? 0 : apart / largest));
    }
    return layers;
  }
}

package dev.banyan.grow;

import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one tensor of the target is made. All tensors are seen as matrices [rows, columns]: leading
 * dimensions are rows, a vector has one column.
 *
 * @param spec name, type and shape
 * @param sources the tensor, and for AKI the same tensor of the next layer; empty for fresh values
 * @param rows how rows grow; null for as they are
 * @param columns likewise
 * @param scale what every value is multiplied by
 * @param fresh values where there is no source
 * @param rowsPerDraw rows in a row that get the same fresh values
 * @param redraw units that are drawn anew; null for none
 * @param noise what is added; null for nothing
 */
public record TensorRecipe(
    TensorSpec spec,
    List<Source> sources,
    @Nullable Use rows,
    @Nullable Use columns,
    double scale,
    Fill fresh,
    int rowsPerDraw,
    @Nullable Redraw redraw,
    @Nullable Noise noise) {

  /** How a tensor meets an axis. */
  public enum Role {
    /** It writes to it. */
    WRITES,
    /** It reads from it. */
    READS,
    /** It scales it: a norm. */
    SCALES,
    /** It scales what tied embeddings read: the last norm. */
    SCALES_TIED
  }

  /**
   * Part of an axis.
   *
   * @param axis its name in the recipe
   * @param from the first place
   * @param size places
   */
  public record Use(String axis, Role role, int from, int size) {}

  /** A tensor of the source, or the part of it that begins at a row (packed experts). */
  public record Source(String tensor, long firstRow) {}

  /**
   * Drop-Upcycling: of the units of one expert a share is drawn from a normal distribution.
   *
   * @param expert names the draw: the three matrices of an expert drop the same units
   * @param rows whether units are rows, else columns
   */
  public record Redraw(String expert, boolean rows, double share, Fill values) {}

  /** Normal noise on a share of the values. */
  public record Noise(double deviation, double share) {}

  public TensorRecipe {
    sources = List.copyOf(sources);
  }

  /** A tensor as it is. */
  public static TensorRecipe copy(TensorSpec spec, String source) {
    return of(spec, List.of(new Source(source, 0)), null, null, 1);
  }

  /** A tensor grown along its axes. */
  public static TensorRecipe of(
      TensorSpec spec, List<Source> sources, @Nullable Use rows, @Nullable Use columns, double s) {
    return new TensorRecipe(spec, sources, rows, columns, s, Fill.ZERO, 1, null, null);
  }

  /** A tensor of fresh values. */
  public static TensorRecipe fresh(TensorSpec spec, Fill fill, int rowsPerDraw) {
    return new TensorRecipe(spec, List.of(), null, null, 1, fill, rowsPerDraw, null, null);
  }

  public TensorRecipe with(Redraw other) {
    return new TensorRecipe(spec, sources, rows, columns, scale, fresh, rowsPerDraw, other, noise);
  }

  public TensorRecipe with(Noise other) {
    return new TensorRecipe(spec, sources, rows, columns, scale, fresh, rowsPerDraw, redraw, other);
  }

  /** The same tensor stored as {@code type}. */
  public TensorRecipe as(StoredType type) {
    return new TensorRecipe(
        spec.as(type), sources, rows, columns, scale, fresh, rowsPerDraw, redraw, noise);
  }
}

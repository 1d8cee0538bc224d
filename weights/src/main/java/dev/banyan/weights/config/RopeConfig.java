package dev.banyan.weights.config;

import org.jspecify.annotations.Nullable;

/**
 * Rotary positions: pair {@code i} of a head turns by {@code position * theta^(-2i/headDim)}, then
 * stretched as {@code scaling} says (transformers, modeling_rope_utils).
 */
public record RopeConfig(double theta, Scaling scaling) {
  public RopeConfig {
    if (!(theta > 0) || Double.isInfinite(theta)) {
      throw new IllegalArgumentException("rope_theta " + theta + " is not a positive number");
    }
  }

  /** How positions beyond the first training's are fitted in. */
  public sealed interface Scaling {
    /** The value of {@code rope_type}. */
    default String typeName() {
      return switch (this) {
        case None none -> "default";
        case Linear linear -> "linear";
        case Llama3 llama3 -> "llama3";
        case Yarn yarn -> "yarn";
      };
    }
  }

  /** Frequencies as they are. */
  public record None() implements Scaling {}

  /** All frequencies divided by {@code factor}. */
  public record Linear(double factor) implements Scaling {
    public Linear {
      positive("factor", factor);
    }
  }

  /** Low frequencies divided by {@code factor}, high ones kept, a ramp between (Llama 3.1). */
  public record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
      implements Scaling {
    public Llama3 {
      positive("factor", factor);
      positive("low_freq_factor", lowFrequencyFactor);
      positive("high_freq_factor", highFrequencyFactor);
      positive("original_max_position_embeddings", originalPositions);
    }
  }

  /**
   * NTK by parts with a temperature on attention (YaRN, arXiv 2309.00071).
   *
   * @param attentionFactor what cosines and sines are multiplied with; null when it follows from
   *     {@code factor} and the two mscales
   * @param mscale null or 0 when the file does not give it, likewise {@code mscaleAllDim}
   * @param truncate whether the ramp's ends are rounded to whole dimensions
   */
  public record Yarn(
      double factor,
      int originalPositions,
      @Nullable Double attentionFactor,
      double betaFast,
      double betaSlow,
      @Nullable Double mscale,
      @Nullable Double mscaleAllDim,
      boolean truncate)
      implements Scaling {
    public Yarn {
      positive("factor", factor);
      positive("original_max_position_embeddings", originalPositions);
      positive("beta_fast", betaFast);
      positive("beta_slow", betaSlow);
    }
  }

  private static void positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("rope " + key + " " + value + " is not a positive number");
    }
  }
}

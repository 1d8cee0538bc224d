package dev.banyan.grow.verify;

import dev.banyan.weights.config.RopeConfig;

/**
 * Rotary positions in doubles (Su et al., arXiv 2104.09864; stretched as transformers 5.18 does in
 * modeling_rope_utils): pair i is dimensions i and i + headDim/2.
 */
final class Rotation {
  private final double[] frequencies;
  private final double factor;
  private final int headDim;

  Rotation(RopeConfig rope, int headDim) {
    this.headDim = headDim;
    this.frequencies = new double[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1 / Math.pow(rope.theta(), 2.0 * i / headDim);
    }
    this.factor =
        switch (rope.scaling()) {
          case RopeConfig.None none -> 1;
          case RopeConfig.Linear linear -> {
            for (int i = 0; i < frequencies.length; i++) {
              frequencies[i] /= linear.factor();
            }
            yield 1;
          }
          case RopeConfig.Llama3 llama3 -> {
            stretch(llama3);
            yield 1;
          }
          case RopeConfig.Yarn yarn -> {
            stretch(yarn, rope.theta());
            yield attentionFactor(yarn);
          }
        };
  }

  private void stretch(RopeConfig.Llama3 scaling) {
    double slow = scaling.originalPositions() / scaling.lowFrequencyFactor();
    double fast = scaling.originalPositions() / scaling.highFrequencyFactor();
    for (int i = 0; i < frequencies.length; i++) {
      double length = 2 * Math.PI / frequencies[i];
      if (length > slow) {
        frequencies[i] /= scaling.factor();
      } else if (length >= fast) {
        double smooth =
            (scaling.originalPositions() / length - scaling.lowFrequencyFactor())
                / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        frequencies[i] = (1 - smooth) * frequencies[i] / scaling.factor() + smooth * frequencies[i];
      }
    }
  }

  private void stretch(RopeConfig.Yarn scaling, double theta) {
    double low = dimension(scaling.betaFast(), scaling, theta);
    double high = dimension(scaling.betaSlow(), scaling, theta);
    if (scaling.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headDim - 1.0);
    if (low == high) {
      high += 0.001;
    }
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.clamp((i - low) / (high - low), 0.0, 1.0);
      frequencies[i] = frequencies[i] / scaling.factor() * ramp + frequencies[i] * (1 - ramp);
    }
  }

  private double dimension(double rotations, RopeConfig.Yarn scaling, double theta) {
    return headDim
        * Math.log(scaling.originalPositions() / (rotations * 2 * Math.PI))
        / (2 * Math.log(theta));
  }

  private static double attentionFactor(RopeConfig.Yarn yarn) {
    Double given = yarn.attentionFactor();
    if (given != null) {
      return given;
    }
    Double mscale = yarn.mscale();
    Double all = yarn.mscaleAllDim();
    if (mscale != null && all != null && mscale != 0 && all != 0) {
      return temperature(yarn.factor(), mscale) / temperature(yarn.factor(), all);
    }
    return temperature(yarn.factor(), 1);
  }

  private static double temperature(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  /** Turns one head of one token, which begins at {@code at} with steps of {@code stride}. */
  void turn(double[] values, int at, int stride, int position) {
    int half = headDim / 2;
    for (int i = 0; i < half; i++) {
      double cos = Math.cos(position * frequencies[i]) * factor;
      double sin = Math.sin(position * frequencies[i]) * factor;
      double a = values[at + i * stride];
      double b = values[at + (i + half) * stride];
      values[at + i * stride] = a * cos - b * sin;
      values[at + (i + half) * stride] = b * cos + a * sin;
    }
  }
}

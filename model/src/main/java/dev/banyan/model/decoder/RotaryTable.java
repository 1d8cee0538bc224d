package dev.banyan.model.decoder;

import dev.banyan.model.RotaryFrequencies;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.RopeConfig;
import java.lang.foreign.MemorySegment;

/**
 * Rotary positions (Su et al. 2021) in the layout of transformers: dimension {@code i} of a head is
 * paired with dimension {@code i + headDim/2}. Angles are rounded to float where transformers
 * rounds them, so that long positions agree.
 */
final class RotaryTable implements AutoCloseable {
  private final float[] inverseFrequencies;
  private final float attentionFactor;
  private int positions;
  private Tensor cosines;
  private Tensor sines;

  /** Cosines and sines of some tokens, [tokens, 1, headDim/2]. */
  record Angles(Tensor cosines, Tensor sines) {}

  RotaryTable(ModelConfig config, RotaryFrequencies held) {
    this.inverseFrequencies = inverseFrequencies(config.rope(), config.attention().headDim());
    StoredType type = config.type();
    if (held == RotaryFrequencies.AS_STORED && type != null) {
      MemorySegment one = MemorySegment.ofArray(new byte[type.bytes()]);
      for (int i = 0; i < inverseFrequencies.length; i++) {
        type.putFloat(one, 0, inverseFrequencies[i]);
        inverseFrequencies[i] = type.floatAt(one, 0);
      }
    }
    this.attentionFactor = (float) attentionFactor(config.rope().scaling());
    this.positions = 256;
    this.cosines = table(false);
    this.sines = table(true);
  }

  /** Radians per position of each pair, [headDim/2]. */
  static float[] inverseFrequencies(RopeConfig rope, int headDim) {
    int pairs = headDim / 2;
    float[] plain = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      plain[i] = (float) (1 / Math.pow(rope.theta(), 2.0 * i / headDim));
    }
    return switch (rope.scaling()) {
      case RopeConfig.None none -> plain;
      case RopeConfig.Linear linear -> {
        for (int i = 0; i < pairs; i++) {
          plain[i] = (float) (plain[i] / linear.factor());
        }
        yield plain;
      }
      case RopeConfig.Llama3 llama3 -> llama3(plain, llama3);
      case RopeConfig.Yarn yarn -> yarn(plain, yarn, rope.theta(), headDim);
    };
  }

  /** Llama 3.1: wavelengths beyond the first context are stretched, with a ramp before. */
  private static float[] llama3(float[] plain, RopeConfig.Llama3 scaling) {
    double lowWavelength = scaling.originalPositions() / scaling.lowFrequencyFactor();
    double highWavelength = scaling.originalPositions() / scaling.highFrequencyFactor();
    float[] scaled = new float[plain.length];
    for (int i = 0; i < plain.length; i++) {
      double wavelength = 2 * Math.PI / plain[i];
      if (wavelength > lowWavelength) {
        scaled[i] = (float) (plain[i] / scaling.factor());
      } else if (wavelength < highWavelength) {
        scaled[i] = plain[i];
      } else {
        double smooth =
            (scaling.originalPositions() / wavelength - scaling.lowFrequencyFactor())
                / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        scaled[i] = (float) ((1 - smooth) * plain[i] / scaling.factor() + smooth * plain[i]);
      }
    }
    return scaled;
  }

  /** YaRN, arXiv 2309.00071, equations 17 to 23. */
  private static float[] yarn(float[] plain, RopeConfig.Yarn scaling, double theta, int headDim) {
    double low = correctionDimension(scaling.betaFast(), scaling, theta, headDim);
    double high = correctionDimension(scaling.betaSlow(), scaling, theta, headDim);
    if (scaling.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headDim - 1);
    if (low == high) {
      high += 0.001;
    }
    float[] scaled = new float[plain.length];
    for (int i = 0; i < plain.length; i++) {
      double ramp = Math.clamp((i - low) / (high - low), 0.0, 1.0);
      scaled[i] = (float) (plain[i] / scaling.factor() * ramp + plain[i] * (1 - ramp));
    }
    return scaled;
  }

  /** The dimension that turns {@code rotations} times within the first context. */
  private static double correctionDimension(
      double rotations, RopeConfig.Yarn scaling, double theta, int headDim) {
    return headDim
        * Math.log(scaling.originalPositions() / (rotations * 2 * Math.PI))
        / (2 * Math.log(theta));
  }

  /** What cosines and sines are multiplied with. */
  static double attentionFactor(RopeConfig.Scaling scaling) {
    if (!(scaling instanceof RopeConfig.Yarn yarn)) {
      return 1;
    }
    Double given = yarn.attentionFactor();
    if (given != null) {
      return given;
    }
    Double mscale = yarn.mscale();
    Double allDim = yarn.mscaleAllDim();
    return mscale != null && allDim != null && mscale != 0 && allDim != 0
        ? temperature(yarn.factor(), mscale) / temperature(yarn.factor(), allDim)
        : temperature(yarn.factor(), 1);
  }

  private static double temperature(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private Tensor table(boolean sine) {
    float[] values = new float[positions * inverseFrequencies.length];
    int at = 0;
    for (int position = 0; position < positions; position++) {
      for (float frequency : inverseFrequencies) {
        float angle = position * frequency;
        values[at++] = (float) (sine ? Math.sin(angle) : Math.cos(angle)) * attentionFactor;
      }
    }
    try (Scope scope = Scope.open()) {
      return Scope.keep(Tensor.of(values, positions, 1, inverseFrequencies.length));
    }
  }

  /** The angles of tokens at these positions. */
  synchronized Angles at(int[] wanted) {
    int last = 0;
    for (int position : wanted) {
      last = Math.max(last, position);
    }
    if (last >= positions) {
      positions = Integer.highestOneBit(last) * 2;
      close();
      cosines = table(false);
      sines = table(true);
    }
    Tensor index = Tensor.of(wanted);
    return new Angles(cosines.indexSelect(0, index), sines.indexSelect(0, index));
  }

  /** Turns heads x [tokens, heads, headDim] by the angles of their tokens. */
  static Tensor rotate(Tensor x, Angles angles) {
    return x.rope(angles.cosines, angles.sines);
  }

  @Override
  public void close() {
    cosines.close();
    sines.close();
  }
}

package dev.banyan.serve;

import dev.banyan.serve.process.EngineSettings;
import java.nio.file.Path;
import java.util.Arrays;

/** Engines as trials want them. */
final class LiveSettings {
  private LiveSettings() {}

  /** A model in exact mode. */
  static EngineSettings exact(Path model, int blocks, int threads) {
    return EngineSettings.computing(EngineSettings.Model.exact(model, threads), blocks);
  }

  /** Nearest rank; NaN of nothing. */
  static double quantile(double[] values, double at) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.max(0, Math.ceil(at * sorted.length) - 1)];
  }
}

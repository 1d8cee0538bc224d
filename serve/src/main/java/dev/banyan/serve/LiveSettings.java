package dev.banyan.serve;

import dev.banyan.serve.process.EngineSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Engines as trials want them. */
final class LiveSettings {
  private LiveSettings() {}

  /** A model in exact mode. */
  static EngineSettings exact(Path model, int blocks, int threads) {
    return new EngineSettings(
        0,
        model.toString(),
        "",
        Map.of(),
        "",
        blocks,
        16,
        256,
        64,
        true,
        threads,
        "banyan",
        EngineSettings.REPORT_MILLIS,
        false);
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

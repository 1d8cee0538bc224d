package dev.banyan.cli.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.Precision;
import dev.banyan.tensor.Libtorch;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say how a model is opened to answer. */
final class ModelFlags {
  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = {
        "A PEFT folder to use beside the model: LoRA, IA3, prompt tuning, P-tuning or prefix",
        "tuning."
      })
  private @Nullable Path adapter;

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "What matrices are multiplied in (default: ${DEFAULT-VALUE}).")
  private Precision precision = Precision.F32;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Default: all cores, one for a small model.")
  private @Nullable Integer threads;

  @Nullable Path adapter() {
    return adapter;
  }

  Precision precision() {
    return precision;
  }

  /** Starts libtorch with as many threads as were asked for, or as are worth while. */
  void startLibtorch(ModelConfig config) {
    if (threads != null && threads < 1) {
      throw new UserInputException("--threads is " + threads + ", must be at least 1");
    }
    Libtorch.start(Libtorch.Use.INFERENCE, threads == null ? Threads.worthWhile(config) : threads);
  }
}

package dev.banyan.train.checkpoint;

import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.tensor.AdamW;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.SafetensorsHeader;
import dev.banyan.weights.SafetensorsWriter;
import dev.banyan.weights.StoredTensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code optimizer.safetensors}: AdamW's moments as {@code <parameter>.exp_avg} and {@code
 * <parameter>.exp_avg_sq}, f32 in the parameter's shape, and {@code step}, I64 [1].
 */
public final class OptimizerFile {
  /** The file's name in a checkpoint. */
  public static final String FILE = "optimizer.safetensors";

  private static final String STEP = "step";

  private OptimizerFile() {}

  /** One moment of one parameter. */
  private record Moment(String name, Tensor tensor) {}

  private static List<Moment> moments(LanguageModel model, AdamW optimizer) {
    List<Moment> moments = new ArrayList<>();
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              moments.add(new Moment(name + ".exp_avg", optimizer.firstMoment(parameter)));
              moments.add(new Moment(name + ".exp_avg_sq", optimizer.secondMoment(parameter)));
            });
    return moments;
  }

  /** Writes the moments of all parameters into a folder. */
  public static void write(Path folder, LanguageModel model, AdamW optimizer) {
    List<Moment> moments = moments(model, optimizer);
    List<TensorSpec> specs = new ArrayList<>();
    for (Moment moment : moments) {
      specs.add(TensorSpec.of(moment.name, StoredType.F32, moment.tensor.shape()));
    }
    specs.add(TensorSpec.of(STEP, StoredType.I64, 1));
    var header = SafetensorsHeader.of(specs, Map.of("format", "pt"));
    try (var writer = SafetensorsWriter.open(folder.resolve(FILE), header);
        Arena arena = Arena.ofConfined()) {
      for (Moment moment : moments) {
        writer.write(moment.name, moment.tensor.memory());
      }
      MemorySegment step = arena.allocate(ValueLayout.JAVA_LONG);
      step.set(ValueLayout.JAVA_LONG, 0, optimizer.steps());
      writer.write(STEP, step);
      writer.commit();
    }
  }

  /**
   * Reads the moments back.
   *
   * @throws UserInputException when the file is not of this model
   */
  public static void read(Path folder, LanguageModel model, AdamW optimizer) {
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(FILE));
        Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      for (Moment moment : moments(model, optimizer)) {
        StoredTensor stored = file.tensor(moment.name);
        long[] shape = moment.tensor.shape();
        if (stored.type() != StoredType.F32
            || !java.util.Arrays.equals(stored.spec().sizes(), shape)) {
          throw new UserInputException(
              "%s: tensor '%s' is %s %s, the model needs F32 %s. Optimizer and weights are of different runs."
                  .formatted(
                      folder.resolve(FILE),
                      moment.name,
                      stored.type(),
                      stored.shape(),
                      java.util.Arrays.toString(shape)));
        }
        moment.tensor.copy_(Tensor.over(stored.data(), DType.F32, shape));
      }
      optimizer.setSteps(file.tensor(STEP).longAt(0));
    }
  }
}

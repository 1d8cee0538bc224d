package dev.banyan.model;

import dev.banyan.core.Seed;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/** Parameters of a model that has learned nothing yet; see {@link LanguageModel#create}. */
final class FreshWeights {
  private FreshWeights() {}

  /** F32 with gradients, by transformers' names; the caller closes them. */
  static SequencedMap<String, Tensor> of(ModelConfig config, Seed seed) {
    var tensors = new LinkedHashMap<String, Tensor>();
    List<TensorSpec> layout = ParameterLayout.of(config, StoredType.F32, ExpertNaming.SEPARATE);
    try (Scope scope = Scope.open()) {
      for (TensorSpec spec : layout) {
        tensors.put(spec.name(), Scope.keep(Tensor.zeros(DType.F32, spec.sizes())));
      }
      Map<String, MemorySegment> memory = new LinkedHashMap<>();
      tensors.forEach((name, tensor) -> memory.put(name, tensor.memory()));
      layout.parallelStream()
          .forEach(
              spec ->
                  initialize(spec, Objects.requireNonNull(memory.get(spec.name())), config, seed));
      tensors.values().forEach(Tensor::requireGrad);
    }
    return tensors;
  }

  private static void initialize(
      TensorSpec spec, MemorySegment memory, ModelConfig config, Seed seed) {
    long elements = spec.elements();
    if (spec.shape().size() == 1) {
      float value = spec.name().endsWith(".bias") ? 0 : 1;
      for (long i = 0; i < elements; i++) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      return;
    }
    boolean residual =
        spec.name().endsWith("o_proj.weight")
            || spec.name().endsWith("down_proj.weight")
            || spec.name().endsWith("w2.weight");
    double deviation =
        config.initializerRange() * (residual ? 1 / Math.sqrt(2.0 * config.layers()) : 1);
    var random = seed.stream("weights", spec.name());
    for (long i = 0; i < elements; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (deviation * random.nextGaussian()));
    }
  }
}

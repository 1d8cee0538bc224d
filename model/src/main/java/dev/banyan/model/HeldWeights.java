package dev.banyan.model;

import dev.banyan.model.decoder.ParameterSource;
import dev.banyan.model.decoder.Weight;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Matrix;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's parameters, which it owns, in the forms a decoder multiplies with. What has to be
 * converted is made when it is first asked for, and shared with replicas.
 */
final class HeldWeights implements ParameterSource, AutoCloseable {
  private final SequencedMap<String, Tensor> parameters;
  private final Opening opening;
  private final boolean trainable;

  /** Whose weights these are, when they are a replica's. */
  private final @Nullable HeldWeights original;

  private final Map<String, Tensor> converted = new LinkedHashMap<>();
  private final Map<String, Matrix> rounded = new LinkedHashMap<>();
  private final List<Tensor> views = new ArrayList<>();
  private final Set<LoadedAdapter> adapters = new LinkedHashSet<>();

  HeldWeights(
      SequencedMap<String, Tensor> parameters,
      Opening opening,
      boolean trainable,
      @Nullable HeldWeights original) {
    this.parameters = Collections.unmodifiableSequencedMap(parameters);
    this.opening = opening;
    this.trainable = trainable;
    this.original = original;
  }

  /** Parameters by transformers' names. */
  SequencedMap<String, Tensor> parameters() {
    return parameters;
  }

  /** Matrices of which these hold a copy of their own. */
  int convertedMatrices() {
    return converted.size();
  }

  @Override
  public Tensor parameter(String name) {
    return Objects.requireNonNull(parameters.get(name), name);
  }

  @Override
  public Tensor vector(String name) {
    return converted(parameter(name), name, DType.F32);
  }

  @Override
  public Weight matrix(String name) {
    return new StoredWeight(parameter(name), name, false);
  }

  @Override
  public Weight exactMatrix(String name) {
    return new StoredWeight(parameter(name), name, true);
  }

  /**
   * The parameter as this type: itself, or a copy that is made once and shared with replicas, which
   * may ask at the same time.
   */
  private Tensor converted(Tensor parameter, String name, DType dtype) {
    if (trainable || parameter.dtype() == dtype) {
      return parameter;
    }
    if (original != null) {
      return original.converted(parameter, name, dtype);
    }
    synchronized (converted) {
      return converted.computeIfAbsent(
          name + " " + dtype,
          key -> {
            try (Scope scope = Scope.open()) {
              return Scope.keep(parameter.to(dtype));
            }
          });
    }
  }

  /** The parameter rounded to 8 bits, made once and shared likewise. */
  private Matrix rounded(Tensor parameter, String name) {
    if (original != null) {
      return original.rounded(parameter, name);
    }
    synchronized (rounded) {
      return rounded.computeIfAbsent(name, key -> Matrix.rounded(parameter));
    }
  }

  /** A weight that is converted when it is first multiplied with. */
  private final class StoredWeight implements Weight {
    private final Tensor stored;
    private final String name;
    private final boolean exact;
    private @Nullable Matrix matrix;

    StoredWeight(Tensor stored, String name, boolean exact) {
      this.stored = stored;
      this.name = name;
      this.exact = exact;
    }

    @Override
    public Tensor tensor() {
      return converted(stored, name, isBf16() ? DType.BF16 : DType.F32);
    }

    @Override
    public boolean isExact() {
      return exact;
    }

    @Override
    public Matrix matrix() {
      if (matrix == null) {
        matrix = made();
      }
      return matrix;
    }

    private Matrix made() {
      if (opening.int8() && !exact) {
        return rounded(stored, name);
      }
      boolean wide = stored.dtype() == DType.F64 || (stored.dtype() == DType.F32 && isBf16());
      return Matrix.of(wide && !trainable ? tensor() : stored);
    }

    private boolean isBf16() {
      return opening.precision() == Precision.BF16 && !exact;
    }

    @Override
    public Weight part(int index, int from, int count) {
      try (Scope scope = Scope.open()) {
        Tensor view = Scope.keep(stored.select(0, index).narrow(0, from, count));
        views.add(view);
        return new StoredWeight(view, name + "[" + index + "][" + from + "]", exact);
      }
    }
  }

  /** Closes the adapter with these weights, unless it is closed before. */
  LoadedAdapter own(LoadedAdapter adapter) {
    adapters.add(adapter);
    return adapter;
  }

  void forget(LoadedAdapter adapter) {
    adapters.remove(adapter);
  }

  @Override
  public void close() {
    List.copyOf(adapters).forEach(LoadedAdapter::close);
    rounded.values().forEach(Matrix::close);
    converted.values().forEach(Tensor::close);
    views.forEach(Tensor::close);
    parameters.values().forEach(Tensor::close);
  }
}

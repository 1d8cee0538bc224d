package dev.banyan.model.adapter;

import dev.banyan.tensor.Matrix;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;

/** What an adapter does to one linear layer while the layer's own weight stays as it is. */
public sealed interface Adaptation extends AutoCloseable {
  /** Native memory it holds. */
  long bytes();

  @Override
  void close();

  /**
   * x · downᵀ · upᵀ is added to what the layer gives (Hu et al. 2021, arXiv 2106.09685).
   *
   * @param down F32 [rank, inputs]
   * @param up F32 [outputs, rank], the scale in it
   * @param downMatrix over {@code down}, {@code upMatrix} over {@code up}, for vector kernels
   */
  record LowRank(Tensor down, Tensor up, Matrix downMatrix, Matrix upMatrix) implements Adaptation {
    /** Owns both tensors from now on. */
    public static LowRank of(Tensor down, Tensor up) {
      Scope.keep(down);
      Scope.keep(up);
      return new LowRank(down, up, Matrix.of(down), Matrix.of(up));
    }

    @Override
    public long bytes() {
      return 4 * (down.count() + up.count());
    }

    @Override
    public void close() {
      down.close();
      up.close();
    }
  }

  /**
   * The layer's outputs or inputs are multiplied by factors (Liu et al. 2022, arXiv 2205.05638).
   *
   * @param factors F32 [outputs] or [inputs]
   */
  record Scaling(Tensor factors, boolean ofOutputs) implements Adaptation {
    /** Owns the tensor from now on. */
    public static Scaling of(Tensor factors, boolean ofOutputs) {
      return new Scaling(Scope.keep(factors), ofOutputs);
    }

    @Override
    public long bytes() {
      return 4 * factors.count();
    }

    @Override
    public void close() {
      factors.close();
    }
  }
}

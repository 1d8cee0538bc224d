package dev.banyan.plan.read.export;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which ATen operators give memory of their first argument, by the schemas of PyTorch 2
 * (native_functions.yaml: {@code Tensor(a)}). The serialised program does not say so.
 */
final class ViewTable {
  private static final Set<String> VIEWS =
      Set.of(
          "view",
          "view_as",
          "_unsafe_view",
          "permute",
          "transpose",
          "t",
          "unsqueeze",
          "squeeze",
          "expand",
          "expand_as",
          "slice",
          "select",
          "split",
          "split_with_sizes",
          "chunk",
          "unbind",
          "detach",
          "alias",
          "as_strided",
          "diagonal",
          "narrow",
          "unfold",
          "movedim",
          "moveaxis",
          "swapaxes",
          "swapdims",
          "view_as_real",
          "view_as_complex",
          "real",
          "imag",
          "lift_fresh",
          "unflatten",
          "numpy_T",
          "mT",
          "mH",
          "adjoint",
          "tensor_split",
          "hsplit",
          "vsplit",
          "dsplit",
          "_reshape_alias",
          "_conj",
          "detach_",
          "squeeze_",
          "unsqueeze_",
          "transpose_",
          "t_",
          "as_strided_",
          "swapaxes_",
          "swapdims_");

  /** Those that give their argument itself, or a view of it, where nothing must be copied. */
  private static final Set<String> MAYBE =
      Set.of(
          "reshape",
          "reshape_as",
          "flatten",
          "ravel",
          "contiguous",
          "to",
          "type_as",
          "dropout",
          "feature_dropout",
          "alpha_dropout",
          "conj",
          "resolve_conj",
          "resolve_neg",
          "positive");

  private static final Set<String> RANDOM =
      Set.of(
          "native_dropout",
          "dropout",
          "feature_dropout",
          "alpha_dropout",
          "bernoulli",
          "rand",
          "randn",
          "randint",
          "rand_like",
          "randn_like",
          "randint_like",
          "randperm",
          "normal",
          "multinomial",
          "poisson",
          "binomial",
          "rrelu",
          "rrelu_with_noise",
          "bernoulli_",
          "normal_",
          "uniform_",
          "exponential_",
          "geometric_",
          "cauchy_",
          "log_normal_",
          "random_",
          "uniform",
          "exponential",
          "scaled_dot_product_attention",
          "_scaled_dot_product_flash_attention_for_cpu",
          "_scaled_dot_product_flash_attention",
          "_scaled_dot_product_efficient_attention");

  /** Normalisations that update running statistics: the positions of those arguments. */
  private static final Set<String> RUNNING =
      Set.of(
          "batch_norm",
          "native_batch_norm",
          "_native_batch_norm_legit",
          "cudnn_batch_norm",
          "instance_norm",
          "_batch_norm_with_update",
          "miopen_batch_norm");

  private ViewTable() {}

  /** What an operator's output is. */
  enum Relation {
    FRESH,
    VIEW,
    MAYBE
  }

  /** The relation by the name without namespace and overload, for example {@code transpose}. */
  static Relation relation(String base) {
    if (VIEWS.contains(base)) {
      return Relation.VIEW;
    }
    return MAYBE.contains(base) ? Relation.MAYBE : Relation.FRESH;
  }

  static boolean isRandom(String base) {
    return RANDOM.contains(base);
  }

  /** Whether arguments 3 and 4 are running statistics that are written. */
  static boolean updatesRunning(String base) {
    return RUNNING.contains(base);
  }

  /** By PyTorch's rule of names: one underscore at the end. */
  static boolean isInPlace(String base) {
    return base.endsWith("_") && !base.endsWith("__");
  }

  /**
   * Whether a tensor of {@code shape} can be a view of one with these sizes and strides: every
   * dimension must lie in one evenly spaced run of the old ones.
   */
  static boolean reshapes(List<Long> oldSizes, List<Long> oldStrides, List<Long> newSizes) {
    List<Long> runs = new ArrayList<>();
    long next = 0;
    for (int i = 0; i < oldSizes.size(); i++) {
      long size = oldSizes.get(i);
      if (size == 0) {
        return true;
      }
      if (size == 1) {
        continue;
      }
      if (!runs.isEmpty() && next == oldStrides.get(i) * size) {
        runs.add(runs.removeLast() * size);
      } else {
        runs.add(size);
      }
      next = oldStrides.get(i);
    }
    int run = 0;
    long filled = 1;
    for (long size : newSizes) {
      if (size == 1) {
        continue;
      }
      filled *= size;
      if (run >= runs.size() || filled > runs.get(run)) {
        return false;
      }
      if (filled == runs.get(run)) {
        run++;
        filled = 1;
      }
    }
    return run == runs.size() && filled == 1;
  }
}

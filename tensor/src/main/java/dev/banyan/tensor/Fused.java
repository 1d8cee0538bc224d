package dev.banyan.tensor;

import java.lang.System.Logger.Level;
import org.bytedeco.pytorch.GradMode;

/**
 * Whether an operation is done by a fused kernel of ours or composed of libtorch's operations. The
 * choice depends on types and on the JVM's flags alone, never on sizes or threads, so that results
 * do not either.
 */
final class Fused {
  private Fused() {}

  /** Holds the answer of this JVM, asked once. */
  private static final class Vectors {
    static final boolean PRESENT = look();

    private static boolean look() {
      boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
      if (!present) {
        System.getLogger(Fused.class.getName())
            .log(
                Level.INFO,
                "fused operations are off, libtorch's are used: start the JVM with"
                    + " --add-modules jdk.incubator.vector");
      }
      return present;
    }
  }

  /** Whether this JVM has vectors. */
  static boolean hasVectors() {
    return Vectors.PRESENT;
  }

  /** Whether f32 operands can go through a fused kernel. */
  static boolean takes(Tensor... operands) {
    for (Tensor operand : operands) {
      if (operand.dtype() != DType.F32) {
        return false;
      }
    }
    return Vectors.PRESENT;
  }

  /** Whether the gradient of this tensor is wanted here and now. */
  static boolean records(Tensor tensor) {
    return tensor.requiresGrad() && GradMode.is_enabled();
  }

  /**
   * Whether a weight's gradient can be added by a fused backward step itself: it is a leaf, or
   * nobody asks for it.
   */
  static boolean takesWeight(Tensor input, Tensor weight) {
    return !records(weight) || (records(input) && weight.raw().__dispatch_is_leaf());
  }
}

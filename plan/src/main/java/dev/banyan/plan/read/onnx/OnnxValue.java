package dev.banyan.plan.read.onnx;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a tensor.
 *
 * @param values its values where shapes depend on them, else null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OnnxValue(int type, List<Long> shape, long @Nullable [] values) {
  OnnxValue {
    shape = List.copyOf(shape);
  }

  static OnnxValue of(int type, List<Long> shape) {
    return new OnnxValue(type, shape, null);
  }

  int rank() {
    return shape.size();
  }

  long elements() {
    long count = 1;
    for (long each : shape) {
      count = Math.multiplyExact(count, each);
    }
    return count;
  }
}

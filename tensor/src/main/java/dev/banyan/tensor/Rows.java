package dev.banyan.tensor;

/**
 * Where the rows of an f32 tensor lie: row {@code i} of the last dimension starts at {@code address
 * + i * strideBytes} and is dense. All leading dimensions count as rows.
 */
record Rows(long address, int count, int width, long strideBytes) {
  /** The rows of a tensor, which is copied first when they are not at even distances. */
  static Held of(Tensor tensor) {
    Tensor regular = regular(tensor) ? tensor : tensor.contiguous();
    int width = Math.toIntExact(regular.size(-1));
    int count = width == 0 ? 0 : Math.toIntExact(regular.count() / width);
    return new Held(
        regular, new Rows(regular.raw().data_ptr().address(), count, width, stride(regular)));
  }

  /** The rows of a contiguous tensor. */
  static Rows dense(Tensor tensor) {
    int width = Math.toIntExact(tensor.size(-1));
    int count = width == 0 ? 0 : Math.toIntExact(tensor.count() / width);
    return new Rows(tensor.raw().data_ptr().address(), count, width, (long) width * Float.BYTES);
  }

  /** Rows and the tensor that holds their memory. */
  record Held(Tensor tensor, Rows rows) {}

  long row(int index) {
    return address + index * strideBytes;
  }

  private static boolean regular(Tensor tensor) {
    var raw = tensor.raw();
    int dims = (int) raw.dim();
    if (dims == 0 || raw.stride(dims - 1) != 1) {
      return false;
    }
    long expected = -1;
    for (int dim = dims - 2; dim >= 0; dim--) {
      if (raw.size(dim) == 1) {
        continue;
      }
      if (expected >= 0 && raw.stride(dim) != expected) {
        return false;
      }
      expected = raw.stride(dim) * raw.size(dim);
    }
    return true;
  }

  private static long stride(Tensor tensor) {
    var raw = tensor.raw();
    for (int dim = (int) raw.dim() - 2; dim >= 0; dim--) {
      if (raw.size(dim) != 1) {
        return raw.stride(dim) * Float.BYTES;
      }
    }
    return raw.size(-1) * Float.BYTES;
  }
}

package dev.banyan.tensor;

import java.util.List;

/**
 * Where the keys and values of one sequence lie in one layer: pages of equal length in the order of
 * the sequence, wherever they are. It holds the pages' tensors.
 */
public final class KvPages {
  private final DType dtype;
  private final int tokens;
  private final long headStride;
  private final long tokenStride;
  private final long[] keys;
  private final long[] values;
  private final int length;
  // keeps the memory
  private final List<Tensor> held;

  private KvPages(List<Tensor> keys, List<Tensor> values) {
    Tensor first = keys.getFirst();
    var raw = first.raw();
    this.dtype = first.dtype();
    this.tokens = Math.toIntExact(first.size(1));
    this.length = tokens * keys.size();
    this.headStride = raw.stride(0) * dtype.bytes();
    this.tokenStride = raw.stride(1) * dtype.bytes();
    this.keys = addresses(keys, raw.stride(0), raw.stride(1));
    this.values = addresses(values, raw.stride(0), raw.stride(1));
    this.held = concat(keys, values);
  }

  /**
   * Pages of keys and of values, each [kvHeads, tokens, headDim], F32 or BF16, all with the same
   * strides and the last dimension dense.
   */
  public static KvPages of(List<Tensor> keys, List<Tensor> values) {
    if (keys.isEmpty() || keys.size() != values.size()) {
      throw new IllegalArgumentException(
          keys.size() + " pages of keys and " + values.size() + " of values");
    }
    DType dtype = keys.getFirst().dtype();
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw new IllegalArgumentException("keys and values are kept in F32 or BF16, not " + dtype);
    }
    return new KvPages(keys, values);
  }

  private static List<Tensor> concat(List<Tensor> a, List<Tensor> b) {
    return java.util.stream.Stream.concat(a.stream(), b.stream()).toList();
  }

  private static long[] addresses(List<Tensor> pages, long headStride, long tokenStride) {
    long[] addresses = new long[pages.size()];
    for (int i = 0; i < addresses.length; i++) {
      var raw = pages.get(i).raw();
      if (raw.stride(0) != headStride || raw.stride(1) != tokenStride || raw.stride(2) != 1) {
        throw new IllegalArgumentException("page " + i + " has other strides than page 0");
      }
      addresses[i] = raw.data_ptr().address();
    }
    return addresses;
  }

  DType dtype() {
    return dtype;
  }

  /** Tokens of all pages together. */
  public int length() {
    return length;
  }

  /** Tokens from {@code position} on that lie side by side with it. */
  int run(int position) {
    return tokens - position % tokens;
  }

  long tokenStride() {
    return tokenStride;
  }

  long key(int head, int position) {
    return keys[position / tokens] + head * headStride + position % tokens * tokenStride;
  }

  long value(int head, int position) {
    return values[position / tokens] + head * headStride + position % tokens * tokenStride;
  }

  @Override
  public String toString() {
    return held.size() / 2 + " pages of " + tokens + " tokens, " + dtype;
  }
}

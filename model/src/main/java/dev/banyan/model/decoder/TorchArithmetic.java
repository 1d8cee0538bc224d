package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.adapter.Adaptation;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * libtorch's operations: gradients, and large products by OpenBLAS and oneDNN. The order of sums is
 * theirs and changes with sizes.
 *
 * @param dtype what linear layers multiply in
 */
record TorchArithmetic(DType dtype) implements Arithmetic {
  private static final boolean FAST_BF16 = Libtorch.hasFastBf16();

  /** Rows from which rounding a whole matrix to f32 and back costs less than it saves. */
  private static final int MANY_ROWS = 16;

  @Override
  public Tensor norm(Tensor x, Tensor weight, double eps) {
    return x.rmsNorm(weight, eps);
  }

  @Override
  public Tensor lastNorm(Tensor x, Tensor weight, double eps) {
    return x.rmsNorm(weight, eps);
  }

  @Override
  public List<Tensor> project(Tensor x, List<Linear> layers) {
    Tensor input = x.to(dtype);
    return layers.stream().map(layer -> product(input, layer, dtype).to(DType.F32)).toList();
  }

  @Override
  public Tensor gated(Tensor x, Linear gate, Linear up) {
    Tensor input = x.to(dtype);
    return product(input, gate, dtype).swiglu(product(input, up, dtype));
  }

  @Override
  public Tensor added(Tensor residual, Linear layer, Tensor x) {
    return residual.add(product(x.to(dtype), layer, dtype));
  }

  @Override
  public Tensor apply(Tensor x, Linear layer) {
    DType type = layer.weight().isExact() ? DType.F32 : dtype;
    return product(x.to(type), layer, type).to(DType.F32);
  }

  @Override
  public Tensor activated(Tensor gate, Tensor up) {
    return gate.swiglu(up);
  }

  @Override
  public Tensor addedLowRank(Tensor out, Tensor x, List<AdaptedRows.Part> parts) {
    return AdaptedRows.changed(
        out,
        parts,
        (rows, part) -> {
          var lowRank = (Adaptation.LowRank) part.adaptation();
          Tensor input = x.narrow(0, part.start(), part.length()).to(DType.F32);
          return rows.add(input.linear(lowRank.down()).linear(lowRank.up()));
        });
  }

  private static Tensor product(Tensor input, Linear layer, DType dtype) {
    boolean rounds = dtype == DType.BF16 && !FAST_BF16 && input.size(0) >= MANY_ROWS;
    Tensor weight = layer.weight().tensor();
    @Nullable Tensor bias = layer.bias();
    if (rounds) {
      return rounded(input, weight, bias, dtype);
    }
    Tensor matrix = weight.to(dtype);
    if (bias != null) {
      return input.linear(matrix, bias.to(dtype));
    }
    // one row as a matrix takes libtorch's slow path: 8 times the time of matrix times vector
    if (dtype == DType.F32 && input.size(0) == 1 && !matrix.requiresGrad()) {
      return matrix.matmul(input.reshape(input.size(1))).reshape(1, matrix.size(0));
    }
    return input.linear(matrix);
  }

  /**
   * What hardware for bf16 does, by its definition: both sides rounded, products summed in f32, the
   * sum rounded. Gradients pass the same roundings. libtorch's emulation gives a fifth of the speed
   * of f32; this gives two thirds.
   */
  static Tensor rounded(Tensor x, Tensor weight, @Nullable Tensor bias, DType dtype) {
    Tensor input = x.to(dtype).to(DType.F32);
    Tensor matrix = weight.to(dtype).to(DType.F32);
    Tensor product =
        bias == null ? input.linear(matrix) : input.linear(matrix, bias.to(dtype).to(DType.F32));
    return product.to(dtype);
  }

  @Override
  public Tensor attend(Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass) {
    var config = attention.config();
    int headDim = config.headDim();
    long tokens = q.size(0);
    Tensor queries = q.view(tokens, config.heads(), headDim);
    Tensor keys = k.view(tokens, config.keyValueHeads(), headDim);
    Tensor values = v.view(tokens, config.keyValueHeads(), headDim);
    @Nullable Tensor queryNorm = attention.queryNorm();
    @Nullable Tensor keyNorm = attention.keyNorm();
    if (queryNorm != null && keyNorm != null) {
      queries = queries.rmsNorm(queryNorm, attention.normEps());
      keys = keys.rmsNorm(keyNorm, attention.normEps());
    }
    queries = RotaryTable.rotate(queries, pass.angles());
    keys = RotaryTable.rotate(keys, pass.angles());
    Tensor seen;
    if (pass.batch().packing() != null) {
      seen = packed(attention, queries, keys, values, pass.batch().packing(), pass.masks());
    } else if (pass.batch().tokens() == pass.batch().sequences().size()) {
      seen = decoded(attention, queries, keys, values, pass);
    } else {
      seen = ragged(attention, queries, keys, values, pass);
    }
    return seen.reshape(tokens, config.queryWidth());
  }

  private static Tensor packed(
      Attention attention, Tensor q, Tensor k, Tensor v, Batch.Packing packing, Masks masks) {
    int window = attention.window();
    boolean plain = packing.documents() == null && (window == 0 || window >= packing.time());
    return rows(q, packing)
        .attention(
            rows(k, packing),
            rows(v, packing),
            plain ? Optional.empty() : Optional.of(masks.packed(window)),
            plain,
            attention.scale())
        .transpose(1, 2);
  }

  /** [rows * time, heads, headDim] to [rows, heads, time, headDim]. */
  private static Tensor rows(Tensor x, Batch.Packing packing) {
    return x.view(packing.rows(), packing.time(), x.size(1), x.size(2)).transpose(1, 2);
  }

  /** One new token per sequence, all sequences at once. */
  private static Tensor decoded(
      Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass) {
    int[] sequences = pass.batch().sequences().stream().mapToInt(Batch.Sequence::kv).toArray();
    int[] pasts = new int[sequences.length];
    for (int i = 0; i < sequences.length; i++) {
      pasts[i] = pass.kv().length(sequences[i]);
    }
    var all = pass.kv().extendEach(attention.layer(), sequences, k.unsqueeze(2), v.unsqueeze(2));
    return q.unsqueeze(2)
        .attention(
            all.keys().to(DType.F32),
            all.values().to(DType.F32),
            Optional.of(pass.masks().each(pasts, attention.window())),
            false,
            attention.scale());
  }

  private static Tensor ragged(
      Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass) {
    int window = attention.window();
    List<Tensor> parts = new ArrayList<>();
    for (Batch.Sequence sequence : pass.batch().sequences()) {
      int past = pass.kv().length(sequence.kv());
      var all =
          pass.kv()
              .extend(attention.layer(), sequence.kv(), heads(k, sequence), heads(v, sequence));
      int total = past + sequence.length();
      boolean plain = past == 0 && (window == 0 || window >= total);
      parts.add(
          heads(q, sequence)
              .unsqueeze(0)
              .attention(
                  all.keys().to(DType.F32).unsqueeze(0),
                  all.values().to(DType.F32).unsqueeze(0),
                  plain
                      ? Optional.empty()
                      : Optional.of(pass.masks().after(past, sequence.length(), window)),
                  plain,
                  attention.scale())
              .squeeze(0)
              .transpose(0, 1));
    }
    return parts.size() == 1 ? parts.getFirst() : Tensor.cat(parts, 0);
  }

  /** The tokens of one sequence, [heads, length, headDim]. */
  private static Tensor heads(Tensor x, Batch.Sequence sequence) {
    return x.narrow(0, sequence.start(), sequence.length()).transpose(0, 1);
  }
}

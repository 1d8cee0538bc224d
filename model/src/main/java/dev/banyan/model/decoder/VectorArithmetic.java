package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.adapter.Adaptation;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.KvPages;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.tensor.VectorKernels;
import dev.banyan.tensor.VectorKernels.Product;
import dev.banyan.tensor.VectorKernels.Span;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Vector kernels over the weights as they are stored, every sum in one fixed order. Results live in
 * tensors that are used again by the next call of the same operation, so that a decoded token
 * allocates none.
 */
final class VectorArithmetic implements Arithmetic, AutoCloseable {
  /** Results by role; as many as are alive at once. */
  private enum Role {
    NORMED,
    QUERY,
    KEY,
    VALUE,
    SEEN,
    GATE,
    UP
  }

  private static final List<Role> PROJECTED = List.of(Role.QUERY, Role.KEY, Role.VALUE);

  /** The two that an adapter changes before they meet. */
  private static final List<Role> GATED = List.of(Role.GATE, Role.UP);

  private final VectorKernels kernels;
  private final Map<Role, Tensor> results = new EnumMap<>(Role.class);

  VectorArithmetic(int threads) {
    this.kernels = VectorKernels.open(threads);
  }

  @Override
  public Tensor norm(Tensor x, Tensor weight, double eps) {
    Tensor out = result(Role.NORMED, x.size(0), x.size(1));
    kernels.rmsNorm(x, weight, eps, out);
    return out;
  }

  @Override
  public Tensor lastNorm(Tensor x, Tensor weight, double eps) {
    Tensor out = Tensor.empty(DType.F32, x.size(0), x.size(1));
    kernels.rmsNorm(x, weight, eps, out);
    return out;
  }

  @Override
  public List<Tensor> project(Tensor x, List<Linear> layers) {
    var products = new Product[layers.size()];
    List<Tensor> outs = new ArrayList<>(products.length);
    for (int i = 0; i < products.length; i++) {
      Linear layer = layers.get(i);
      Role role = (products.length == 2 ? GATED : PROJECTED).get(i);
      Tensor out = result(role, x.size(0), layer.weight().matrix().outputs());
      products[i] = product(layer, out, false);
      outs.add(out);
    }
    kernels.multiply(x, products);
    return outs;
  }

  @Override
  public Tensor gated(Tensor x, Linear gate, Linear up) {
    int width = gate.weight().matrix().outputs();
    Tensor out = result(Role.GATE, x.size(0), width);
    Tensor other = result(Role.UP, x.size(0), width);
    kernels.gated(x, product(gate, out, false), product(up, other, false), out);
    return out;
  }

  @Override
  public Tensor added(Tensor residual, Linear layer, Tensor x) {
    kernels.multiply(x, product(layer, residual, true));
    return residual;
  }

  @Override
  public Tensor apply(Tensor x, Linear layer) {
    Tensor out = Tensor.empty(DType.F32, x.size(0), layer.weight().matrix().outputs());
    kernels.multiply(x.contiguous(), product(layer, out, false));
    return out;
  }

  @Override
  public Tensor activated(Tensor gate, Tensor up) {
    Tensor out = result(Role.GATE, gate.size(0), gate.size(1));
    kernels.activate(gate, up, out);
    return out;
  }

  @Override
  public Tensor addedLowRank(Tensor out, Tensor x, List<AdaptedRows.Part> parts) {
    List<VectorKernels.LowRank> list = new ArrayList<>(parts.size());
    for (AdaptedRows.Part part : parts) {
      var lowRank = (Adaptation.LowRank) part.adaptation();
      list.add(
          new VectorKernels.LowRank(
              part.start(), part.length(), lowRank.downMatrix(), lowRank.upMatrix()));
    }
    kernels.addLowRank(x.contiguous(), list, out);
    return out;
  }

  private static Product product(Linear layer, Tensor out, boolean adds) {
    return new Product(layer.weight().matrix(), layer.bias(), out, adds);
  }

  @Override
  public Tensor attend(Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass) {
    Tensor out = result(Role.SEEN, q.size(0), q.size(1));
    kernels.attend(
        q,
        k,
        v,
        attention.config().headDim(),
        new VectorKernels.Turning(
            pass.angles().cosines(),
            pass.angles().sines(),
            attention.queryNorm(),
            attention.keyNorm(),
            attention.normEps(),
            attention.window()),
        spans(attention, pass),
        out);
    return out;
  }

  private List<Span> spans(Attention attention, Attention.Pass pass) {
    List<Span> list = new ArrayList<>();
    for (Batch.Sequence piece : pieces(pass)) {
      int past = pass.batch().packing() != null ? 0 : pass.kv().length(piece.kv());
      Optional<KvPages> pages =
          pass.batch().packing() != null
              ? Optional.empty()
              : pass.kv().pages(attention.layer(), piece.kv(), piece.length());
      list.add(new Span(piece.start(), piece.length(), past, pages));
    }
    return list;
  }

  /** The sequences of a ragged batch, the documents of a packed one. */
  private List<Batch.Sequence> pieces(Attention.Pass pass) {
    Batch.Packing packing = pass.batch().packing();
    if (packing == null || packing.documents() == null) {
      return pass.batch().sequences();
    }
    return documents(packing, packing.documents());
  }

  private static List<Batch.Sequence> documents(Batch.Packing packing, int[] documents) {
    List<Batch.Sequence> pieces = new ArrayList<>();
    for (int row = 0; row < packing.rows(); row++) {
      int end = (row + 1) * packing.time();
      for (int from = row * packing.time(); from < end; ) {
        int to = from + 1;
        while (to < end && documents[to] == documents[from]) {
          to++;
        }
        pieces.add(new Batch.Sequence(from, to - from, row));
        from = to;
      }
    }
    return pieces;
  }

  /** The tensor of a role; a new one when the shape is another than last time. */
  private Tensor result(Role role, long rows, long width) {
    Tensor result = results.get(role);
    if (result == null || result.size(0) != rows || result.size(1) != width) {
      if (result != null) {
        result.close();
      }
      try (Scope scope = Scope.open()) {
        result = Scope.keep(Tensor.empty(DType.F32, rows, width));
      }
      results.put(role, result);
    }
    return result;
  }

  @Override
  public void close() {
    kernels.close();
    results.values().forEach(Tensor::close);
  }
}

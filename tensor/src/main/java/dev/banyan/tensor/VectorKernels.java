package dev.banyan.tensor;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder needs to run without gradients, on a team of threads that stays: linear layers
 * straight from the weights as they are stored, normalisation, gates and attention. Every value is
 * computed in one fixed order that depends neither on the rows beside it nor on threads, so a row
 * gives the same bits in any batch. Outputs are written into tensors the caller gives; nothing is
 * allocated per call but small objects.
 *
 * <p>All tensors are F32 and contiguous unless said otherwise. One thread at a time calls; another
 * waits.
 */
public final class VectorKernels implements AutoCloseable {
  /** Bytes of weights that make a piece of work worth claiming. */
  private static final long PIECE_BYTES = 48 << 10;

  private static final int PIECE_ROWS = 16;

  private final Team team;
  private final float[][] lanes;

  private VectorKernels(Team team) {
    this.team = team;
    this.lanes = new float[team.threads()][Lanes.WIDTH];
  }

  /** Whether this JVM can run them: it was started with {@code --add-modules}. */
  public static boolean available() {
    return Fused.hasVectors();
  }

  /**
   * @param threads that share the work, the caller's included
   */
  public static VectorKernels open(int threads) {
    if (!available()) {
      throw new IllegalStateException(
          "start the JVM with --add-modules jdk.incubator.vector for vector kernels");
    }
    return new VectorKernels(Team.open(threads));
  }

  public int threads() {
    return team.threads();
  }

  /**
   * out = x · matrixᵀ + bias, or out + that.
   *
   * @param bias F32 [outputs]
   * @param out [rows, outputs]
   * @param adds whether to add to what is in {@code out}
   */
  public record Product(Matrix matrix, @Nullable Tensor bias, Tensor out, boolean adds) {
    Products.Target target() {
      return new Products.Target(
          out.raw().data_ptr().address(),
          4L * matrix.outputs(),
          bias == null ? 0 : bias.raw().data_ptr().address(),
          adds);
    }
  }

  /** Linear layers of the same input x [rows, inputs], all in one go. */
  public void multiply(Tensor x, Product... products) {
    int rows = Math.toIntExact(x.size(0));
    long from = x.raw().data_ptr().address();
    var parts = new Part[products.length];
    int pieces = 0;
    for (int i = 0; i < parts.length; i++) {
      requireFit(x, products[i].matrix, products[i].out);
      parts[i] = Part.of(products[i], pieces);
      pieces = parts[i].end();
    }
    long stride = 4L * products[0].matrix.inputs();
    long scratchBytes = Products.scratchBytes(products[0].matrix.inputs());
    team.run(
        pieces,
        (piece, worker) -> {
          long scratch = team.scratch(worker, scratchBytes);
          int i = 0;
          while (piece >= parts[i].end()) {
            i++;
          }
          Part part = parts[i];
          int first = (piece - part.first) * part.panels;
          int end = Math.min(first + part.panels, part.weights.panels());
          for (int panel = first; panel < end; panel++) {
            Products.panel(part.weights, panel, from, stride, rows, scratch, part.target);
          }
        });
  }

  /** The panels of one matrix, some to a piece. */
  private record Part(
      Products.Weights weights, Products.Target target, int first, int pieces, int panels) {
    static Part of(Product product, int first) {
      var weights = Products.Weights.of(product.matrix);
      int panels = panelsPerPiece(weights);
      int pieces = (weights.panels() + panels - 1) / panels;
      return new Part(weights, product.target(), first, pieces, panels);
    }

    int end() {
      return first + pieces;
    }
  }

  private static int panelsPerPiece(Products.Weights weights) {
    return (int) Math.max(1, PIECE_BYTES / (Products.PANEL * weights.strideBytes()));
  }

  /**
   * out = silu(x · gateᵀ + bias) · (x · upᵀ + bias), the first half of a SwiGLU layer.
   *
   * @param gate its {@code out} is scratch, [rows, width]; {@code up} likewise
   * @param out [rows, width]; may be that of {@code gate}
   */
  public void gated(Tensor x, Product gate, Product up, Tensor out) {
    int rows = Math.toIntExact(x.size(0));
    requireFit(x, gate.matrix, gate.out);
    requireFit(x, up.matrix, up.out);
    long from = x.raw().data_ptr().address();
    long to = out.raw().data_ptr().address();
    var weights = Products.Weights.of(gate.matrix);
    var others = Products.Weights.of(up.matrix);
    var gates = gate.target();
    var ups = up.target();
    int inputs = gate.matrix.inputs();
    int outputs = gate.matrix.outputs();
    long scratchBytes = Products.scratchBytes(inputs);
    int panels = Math.max(1, panelsPerPiece(weights) / 2);
    team.run(
        (weights.panels() + panels - 1) / panels,
        (piece, worker) -> {
          long scratch = team.scratch(worker, scratchBytes);
          int end = Math.min((piece + 1) * panels, weights.panels());
          for (int panel = piece * panels; panel < end; panel++) {
            Products.panel(weights, panel, from, 4L * inputs, rows, scratch, gates);
            Products.panel(others, panel, from, 4L * inputs, rows, scratch, ups);
            int first = panel * Products.PANEL;
            int width = Math.min(Products.PANEL, outputs - first);
            for (int row = 0; row < rows; row++) {
              long at = 4L * ((long) row * outputs + first);
              Swiglu.forward(gates.address() + at, ups.address() + at, to + at, width);
            }
          }
        });
  }

  /** out = silu(gate) · up; all [rows, width], out may be gate. */
  public void activate(Tensor gate, Tensor up, Tensor out) {
    int rows = Math.toIntExact(gate.size(0));
    int width = Math.toIntExact(gate.size(1));
    long g = gate.raw().data_ptr().address();
    long u = up.raw().data_ptr().address();
    long to = out.raw().data_ptr().address();
    team.run(
        rows,
        (row, worker) -> {
          long at = 4L * row * width;
          Swiglu.forward(g + at, u + at, to + at, width);
        });
  }

  /**
   * Rows that share a low-rank product.
   *
   * @param start the first of them
   * @param length how many
   * @param down [rank, inputs], F32; {@code up} [outputs, rank] likewise
   */
  public record LowRank(int start, int length, Matrix down, Matrix up) {
    private int pieces() {
      return (length + PIECE_ROWS - 1) / PIECE_ROWS;
    }
  }

  /**
   * out += x · downᵀ · upᵀ in the rows of each part (Hu et al. 2021); other rows stay.
   *
   * @param x [rows, inputs]
   * @param out [rows, outputs]
   */
  public void addLowRank(Tensor x, List<LowRank> parts, Tensor out) {
    long from = x.raw().data_ptr().address();
    long to = out.raw().data_ptr().address();
    int pieces = 0;
    for (LowRank part : parts) {
      boolean fits =
          x.size(-1) == part.down.inputs()
              && out.size(-1) == part.up.outputs()
              && part.down.outputs() == part.up.inputs()
              && part.start + part.length <= Math.min(x.size(0), out.size(0));
      if (!fits) {
        throw new IllegalArgumentException(part + " does not fit " + x + " and " + out);
      }
      pieces += part.pieces();
    }
    team.run(
        pieces,
        (piece, worker) -> {
          int i = 0;
          int own = piece;
          while (own >= parts.get(i).pieces()) {
            own -= parts.get(i++).pieces();
          }
          lowRank(parts.get(i), own * PIECE_ROWS, from, to, worker);
        });
  }

  /** At most {@link #PIECE_ROWS} rows of a part, from its row {@code first} on. */
  private void lowRank(LowRank part, int first, long from, long to, int worker) {
    int rows = Math.min(PIECE_ROWS, part.length - first);
    int rank = part.up.inputs();
    long betweenBytes = 4L * PIECE_ROWS * rank;
    long scratchBytes = Products.scratchBytes(Math.max(part.down.inputs(), rank));
    long between = team.scratch(worker, betweenBytes + scratchBytes);
    long scratch = between + betweenBytes;
    long row = (long) part.start + first;
    multiply(
        Products.Weights.of(part.down),
        from + row * 4L * part.down.inputs(),
        rows,
        scratch,
        new Products.Target(between, 4L * rank, 0, false));
    long stride = 4L * part.up.outputs();
    multiply(
        Products.Weights.of(part.up),
        between,
        rows,
        scratch,
        new Products.Target(to + row * stride, stride, 0, true));
  }

  private static void multiply(
      Products.Weights weights, long from, int rows, long scratch, Products.Target target) {
    for (int panel = 0; panel < weights.panels(); panel++) {
      Products.panel(weights, panel, from, 4L * weights.inputs(), rows, scratch, target);
    }
  }

  private static void requireFit(Tensor x, Matrix matrix, Tensor out) {
    if (x.size(-1) != matrix.inputs()
        || out.size(-1) != matrix.outputs()
        || x.size(0) != out.size(0)) {
      throw new IllegalArgumentException(
          "%s times a matrix of %d outputs and %d inputs does not fit %s"
              .formatted(x, matrix.outputs(), matrix.inputs(), out));
    }
  }

  /** Root-mean-square normalisation of rows, weighted; [rows, width]. */
  public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out) {
    int rows = Math.toIntExact(x.size(0));
    int width = Math.toIntExact(x.size(1));
    long from = x.raw().data_ptr().address();
    long w = weight.raw().data_ptr().address();
    long to = out.raw().data_ptr().address();
    int pieces = (rows + PIECE_ROWS - 1) / PIECE_ROWS;
    team.run(
        pieces,
        (piece, worker) -> {
          int end = Math.min(rows, (piece + 1) * PIECE_ROWS);
          for (int row = piece * PIECE_ROWS; row < end; row++) {
            long at = 4L * row * width;
            float unused = RmsNorm.row(from + at, w, to + at, width, epsilon, lanes[worker]);
          }
        });
  }

  /**
   * New tokens of one sequence.
   *
   * @param start their first row in the batch
   * @param length how many
   * @param past tokens of the sequence before them
   * @param pages where keys and values are and the new ones go; empty to look at the batch alone,
   *     where {@code past} is 0
   */
  public record Span(int start, int length, int past, Optional<KvPages> pages) {}

  /**
   * What attention needs beside queries, keys and values.
   *
   * @param cosines [tokens, headDim/2] for each row of the batch; {@code sines} likewise
   * @param queryNorm [headDim], a norm over single heads before they turn; null without; {@code
   *     keyNorm} likewise
   * @param window how many tokens back a token sees, itself included; 0 for all
   */
  public record Turning(
      Tensor cosines,
      Tensor sines,
      @Nullable Tensor queryNorm,
      @Nullable Tensor keyNorm,
      double normEps,
      int window) {}

  /**
   * Norms and turns heads, puts keys and values where they are kept, and attends.
   *
   * @param q [tokens, heads · headDim], overwritten; {@code k} and {@code v} [tokens, kvHeads ·
   *     headDim] likewise
   * @param out [tokens, heads · headDim]
   */
  public void attend(
      Tensor q, Tensor k, Tensor v, int headDim, Turning turning, List<Span> spans, Tensor out) {
    var heads =
        new Attending.Heads(
            Math.toIntExact(q.size(1)) / headDim,
            Math.toIntExact(k.size(1)) / headDim,
            headDim,
            turning.window,
            (float) (1 / Math.sqrt(headDim)));
    var rows = new AttentionRows(heads, q, k, v, out, turning);
    int keyValues = heads.keyValues();
    var pages = new KvPages[spans.size()];
    for (int i = 0; i < pages.length; i++) {
      Span span = spans.get(i);
      pages[i] = span.pages().orElseGet(() -> ownPages(heads, span, k, v));
    }
    team.run(
        spans.size() * keyValues,
        (piece, worker) -> {
          Span span = spans.get(piece / keyValues);
          long scratch =
              team.scratch(worker, Attending.scratchBytes(heads, span.past + span.length));
          rows.attend(span, pages[piece / keyValues], piece % keyValues, scratch, lanes[worker]);
        });
  }

  private static KvPages ownPages(Attending.Heads heads, Span span, Tensor k, Tensor v) {
    return KvPages.of(List.of(own(heads, span, k)), List.of(own(heads, span, v)));
  }

  /** The rows of a span as one page [kvHeads, tokens, headDim]. */
  private static Tensor own(Attending.Heads heads, Span span, Tensor rows) {
    return rows.narrow(0, span.start, span.length)
        .view(span.length, heads.keyValues(), heads.headDim())
        .transpose(0, 1);
  }

  /**
   * Reads every byte of these matrices once, from first to last, and does next to nothing with it:
   * no kernel that reads them can be quicker.
   *
   * @return a number that depends on all bytes
   */
  public int read(List<Matrix> matrices) {
    int[] found = new int[team.threads()];
    for (Matrix matrix : matrices) {
      var weights = Products.Weights.of(matrix);
      int panels = panelsPerPiece(weights);
      team.run(
          (weights.panels() + panels - 1) / panels,
          (piece, worker) -> {
            long from = weights.row(piece * panels * Products.PANEL);
            int last = Math.min((piece + 1) * panels * Products.PANEL, weights.count()) - 1;
            long to = weights.row(last) + weights.strideBytes();
            found[worker] |= Lanes.or(from, to);
          });
    }
    int all = 0;
    for (int one : found) {
      all |= one;
    }
    return all;
  }

  /** Ends the threads. */
  @Override
  public void close() {
    team.close();
  }
}

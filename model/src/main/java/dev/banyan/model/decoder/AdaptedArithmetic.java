package dev.banyan.model.decoder;

import dev.banyan.model.adapter.Adaptation;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Another arithmetic in a pass in which some sequences have adapters. A layer is computed for all
 * rows; what an adapter changes is then done in the rows of its sequences, in an order that does
 * not depend on who else is there: rows give the bits that they give alone wherever the other
 * arithmetic's do.
 */
record AdaptedArithmetic(Arithmetic plain, AdaptedRows rows) implements Arithmetic {
  /** {@code plain} itself when no row has an adapter. */
  static Arithmetic of(Arithmetic plain, AdaptedRows rows) {
    return rows.isEmpty() ? plain : new AdaptedArithmetic(plain, rows);
  }

  @Override
  public Arithmetic select(long[] chosen) {
    return of(plain, rows.select(chosen));
  }

  @Override
  public Tensor norm(Tensor x, Tensor weight, double eps) {
    return plain.norm(x, weight, eps);
  }

  @Override
  public Tensor lastNorm(Tensor x, Tensor weight, double eps) {
    return plain.lastNorm(x, weight, eps);
  }

  @Override
  public Tensor attend(Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass) {
    return plain.attend(attention, q, k, v, pass);
  }

  @Override
  public Tensor activated(Tensor gate, Tensor up) {
    return plain.activated(gate, up);
  }

  @Override
  public Tensor addedLowRank(Tensor out, Tensor x, List<AdaptedRows.Part> parts) {
    return plain.addedLowRank(out, x, parts);
  }

  @Override
  public List<Tensor> project(Tensor x, List<Linear> layers) {
    List<Tensor> outs = new ArrayList<>(plain.project(x, layers));
    for (int i = 0; i < outs.size(); i++) {
      List<AdaptedRows.Part> parts = rows.parts(layers.get(i));
      Tensor input = scaled(x, parts, false);
      Tensor out = input == x ? outs.get(i) : plain.apply(input, layers.get(i));
      outs.set(i, finished(out, input, parts));
    }
    return outs;
  }

  @Override
  public Tensor gated(Tensor x, Linear gate, Linear up) {
    if (rows.parts(gate).isEmpty() && rows.parts(up).isEmpty()) {
      return plain.gated(x, gate, up);
    }
    List<Tensor> both = project(x, List.of(gate, up));
    return plain.activated(both.get(0), both.get(1));
  }

  @Override
  public Tensor added(Tensor residual, Linear layer, Tensor x) {
    List<AdaptedRows.Part> parts = rows.parts(layer);
    Tensor input = scaled(x, parts, false);
    boolean scalesOutputs = !scalings(parts, true).isEmpty();
    Tensor sum =
        scalesOutputs
            ? residual.add(scaled(plain.apply(input, layer), parts, true))
            : plain.added(residual, layer, input);
    // after the residual in either case: one order, whoever else is in the batch
    return withLowRank(sum, input, parts);
  }

  @Override
  public Tensor apply(Tensor x, Linear layer) {
    List<AdaptedRows.Part> parts = rows.parts(layer);
    Tensor input = scaled(x, parts, false);
    return finished(plain.apply(input, layer), input, parts);
  }

  private Tensor finished(Tensor out, Tensor input, List<AdaptedRows.Part> parts) {
    return withLowRank(scaled(out, parts, true), input, parts);
  }

  private Tensor withLowRank(Tensor out, Tensor input, List<AdaptedRows.Part> parts) {
    List<AdaptedRows.Part> lowRank =
        parts.stream().filter(part -> part.adaptation() instanceof Adaptation.LowRank).toList();
    return lowRank.isEmpty() ? out : plain.addedLowRank(out, input, lowRank);
  }

  /** x itself when no part scales its kind of rows. */
  private static Tensor scaled(Tensor x, List<AdaptedRows.Part> parts, boolean outputs) {
    List<AdaptedRows.Part> scalings = scalings(parts, outputs);
    return scalings.isEmpty()
        ? x
        : AdaptedRows.changed(
            x.to(DType.F32),
            scalings,
            (own, part) -> own.mul(((Adaptation.Scaling) part.adaptation()).factors()));
  }

  private static List<AdaptedRows.Part> scalings(List<AdaptedRows.Part> parts, boolean outputs) {
    return parts.stream()
        .filter(
            part ->
                part.adaptation() instanceof Adaptation.Scaling scaling
                    && scaling.ofOutputs() == outputs)
        .toList();
  }
}

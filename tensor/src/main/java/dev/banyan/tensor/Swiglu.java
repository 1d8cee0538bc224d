package dev.banyan.tensor;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;

/**
 * y = silu(gate) · up (Shazeer 2020) in one pass forward and one backward: with s the logistic of
 * the gate, d gate = dy · up · s · (1 + gate · (1 − s)) and d up = dy · gate · s.
 */
final class Swiglu {
  private Swiglu() {}

  static Tensor apply(Tensor gate, Tensor up) {
    var g = Rows.of(gate);
    var u = Rows.of(up);
    boolean records = Fused.records(gate) || Fused.records(up);
    Tensor y =
        records
            ? tied(gate, up, new Gradients(g, u, Fused.records(gate) && Fused.records(up) ? 2 : 1))
            : Tensor.empty(DType.F32, gate.shape());
    Rows out = Rows.dense(y);
    for (int row = 0; row < out.count(); row++) {
      forward(g.rows().row(row), u.rows().row(row), out.row(row), out.width());
    }
    return y;
  }

  /**
   * The sum of both inputs stands in for y in libtorch's graph: its backward hands the gradient of
   * y to either. The sum is one of constants; its memory is then y's.
   */
  static Tensor tied(Tensor gate, Tensor up, Gradients gradients) {
    Tensor shape = Pending.standIn(gate);
    Tensor g = Fused.records(gate) ? tie(gate, shape, gradients, true) : shape;
    Tensor u = Fused.records(up) ? tie(up, shape, gradients, false) : shape;
    return g.add(u);
  }

  private static Tensor tie(Tensor input, Tensor shape, Gradients gradients, boolean isGate) {
    var step =
        new Pending.Step() {
          @Override
          public Tensor gradient(Tensor dy, List<Tensor> held) {
            return gradients.take(dy, isGate);
          }

          @Override
          public void forget() {
            gradients.forget();
          }
        };
    return Pending.tie(input, shape, step, gradients.gate.tensor(), gradients.up.tensor());
  }

  /** Both gradients are made when the first is asked for; the other waits here. */
  static final class Gradients {
    final Rows.Held gate;
    final Rows.Held up;

    /** Inputs whose step has neither run nor been dropped. */
    private int users;

    private int computed;
    private @Nullable Tensor waiting;

    /**
     * @param users how many of the two inputs ask for their gradient, 1 or 2
     */
    Gradients(Rows.Held gate, Rows.Held up, int users) {
      this.gate = gate;
      this.up = up;
      this.users = users;
    }

    /** How often the pass over all rows was made. */
    synchronized int computed() {
      return computed;
    }

    synchronized Tensor take(Tensor dy, boolean isGate) {
      if (waiting != null) {
        // the scope of this hook frees it after the engine has taken it
        Tensor ready = new Tensor(new org.bytedeco.pytorch.Tensor(waiting.raw()));
        letGo();
        return ready;
      }
      Tensor dGate = Tensor.empty(DType.F32, dy.shape());
      Tensor dUp = Tensor.empty(DType.F32, dy.shape());
      var slope = Rows.of(dy);
      Rows out = Rows.dense(dGate);
      Rows outUp = Rows.dense(dUp);
      for (int row = 0; row < out.count(); row++) {
        backward(
            gate.rows().row(row),
            up.rows().row(row),
            slope.rows().row(row),
            out.row(row),
            outUp.row(row),
            out.width());
      }
      computed++;
      if (users > 1) {
        waiting = Scope.keep(isGate ? dUp : dGate);
      }
      return isGate ? dGate : dUp;
    }

    /** One input's step is over; what waits is freed when nobody is left to ask for it. */
    synchronized void forget() {
      users--;
      if (users == 0) {
        letGo();
      }
    }

    private void letGo() {
      if (waiting != null) {
        waiting.close();
        waiting = null;
      }
    }
  }

  // Whole vectors and the rest are methods of their own: together they are more than the compiler
  // inlines, and what is not inlined lands on the heap.

  /** silu(gate) · up of one row; y may be gate. */
  static void forward(long gate, long up, long y, int width) {
    int whole = Lanes.whole(width);
    forwardWhole(gate, up, y, whole);
    if (whole < width) {
      long at = 4L * whole;
      forwardRest(gate + at, up + at, y + at, Lanes.rest(width));
    }
  }

  private static void forwardWhole(long gate, long up, long y, int width) {
    for (int i = 0; i < width; i += Lanes.WIDTH) {
      long at = 4L * i;
      FloatVector g = Lanes.load(gate + at);
      Lanes.store(g.mul(Lanes.load(up + at)).div(Lanes.exp(g.neg()).add(1f)), y + at);
    }
  }

  private static void forwardRest(long gate, long up, long y, VectorMask<Float> rest) {
    FloatVector g = Lanes.load(gate, rest);
    Lanes.store(g.mul(Lanes.load(up, rest)).div(Lanes.exp(g.neg()).add(1f)), y, rest);
  }

  private static void backward(long gate, long up, long dy, long dGate, long dUp, int width) {
    int whole = Lanes.whole(width);
    backwardWhole(gate, up, dy, dGate, dUp, whole);
    if (whole < width) {
      long at = 4L * whole;
      backwardRest(gate + at, up + at, dy + at, dGate + at, dUp + at, Lanes.rest(width));
    }
  }

  private static void backwardWhole(long gate, long up, long dy, long dGate, long dUp, int width) {
    for (int i = 0; i < width; i += Lanes.WIDTH) {
      long at = 4L * i;
      FloatVector g = Lanes.load(gate + at);
      FloatVector slope = Lanes.load(dy + at);
      FloatVector s = logistic(g);
      FloatVector silu = g.mul(s);
      Lanes.store(slope.mul(silu), dUp + at);
      Lanes.store(siluSlope(s, silu).mul(slope.mul(Lanes.load(up + at))), dGate + at);
    }
  }

  private static void backwardRest(
      long gate, long up, long dy, long dGate, long dUp, VectorMask<Float> rest) {
    FloatVector g = Lanes.load(gate, rest);
    FloatVector slope = Lanes.load(dy, rest);
    FloatVector s = logistic(g);
    FloatVector silu = g.mul(s);
    Lanes.store(slope.mul(silu), dUp, rest);
    Lanes.store(siluSlope(s, silu).mul(slope.mul(Lanes.load(up, rest))), dGate, rest);
  }

  private static FloatVector logistic(FloatVector x) {
    return Lanes.broadcast(1f).div(Lanes.exp(x.neg()).add(1f));
  }

  /** s + g·s·(1 − s). */
  private static FloatVector siluSlope(FloatVector s, FloatVector silu) {
    return silu.fma(Lanes.broadcast(1f).sub(s), s);
  }
}

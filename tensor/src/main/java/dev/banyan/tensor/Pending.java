package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.VoidTensorHook;
import org.jspecify.annotations.Nullable;

/**
 * Backward steps of fused operations that wait for libtorch's engine. A fused output is tied to its
 * input in libtorch's graph by a reshape, which hands gradients through; its data is ours, and a
 * hook on it turns the gradient of the output into that of the input.
 *
 * <p>A hook is told the gradient and nothing else, and the bindings have ten hooks of each kind per
 * process. So a step has a four-digit number, and its tensor gets one hook per digit, which
 * libtorch calls in order: three that only note their digit and one that looks the step up. Unused
 * outputs, interleaved graphs and any order of the engine are then all alike. A {@link
 * GradientWatch} has such a number too, all four of whose digits are only noted: the fourth says
 * that it is a watch's.
 *
 * <p>A step and what it holds are dropped when it has run or when the outermost scope in which it
 * was made closes, whichever is first; a gradient that comes later is refused.
 */
final class Pending {
  /** Turns the gradient of a fused output into that of its input, in the output's shape. */
  interface Step {
    /**
     * @param held handles on the tensors that were held; those the step was made with may be gone
     *     with the scope they came from
     */
    Tensor gradient(Tensor incoming, List<Tensor> held);

    /** The step is not needed any more, whether it ran or not. */
    default void forget() {}
  }

  private static final int BASE = 10;
  private static final int LIMIT = 10_000;

  // Process-wide as the hooks are; a gradient may arrive on another thread than the one that asked.
  private static final Map<Integer, Entry> ENTRIES = new ConcurrentHashMap<>();
  private static final Map<Integer, Runnable> WATCHES = new ConcurrentHashMap<>();
  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final ThreadLocal<Arrival> ARRIVAL = ThreadLocal.withInitial(Arrival::new);

  /** What this thread's engine is in the middle of. */
  private static final class Arrival {
    int number;
    int digits;
    @Nullable Tensor handedOver;
    @Nullable RuntimeException failure;
  }

  /** A step with the tensors it needs. */
  static final class Entry {
    private final int number;
    private final Step step;
    private final List<Tensor> held;
    private final @Nullable Set<Entry> owner;

    private Entry(int number, Step step, List<Tensor> held, @Nullable Set<Entry> owner) {
      this.number = number;
      this.step = step;
      this.held = held;
      this.owner = owner;
    }

    /** Frees what is held; true for the first caller. */
    boolean drop() {
      boolean first = ENTRIES.remove(number, this);
      if (first) {
        step.forget();
        held.forEach(Tensor::close);
        if (owner != null) {
          owner.remove(this);
        }
      }
      return first;
    }
  }

  private Pending() {}

  /**
   * Ties data that was computed from a tensor to it.
   *
   * @param from needs a gradient
   * @param data as many elements as {@code from}, of its type
   * @param step gets the gradient of data, gives that of {@code from} in the shape of data
   * @param held tensors whose memory the step reads
   * @return data, with a gradient
   */
  static Tensor tie(Tensor from, Tensor data, Step step, Tensor... held) {
    List<Tensor> kept = new ArrayList<>(held.length);
    for (Tensor tensor : held) {
      // another handle on the same tensor: the caller may close its own
      kept.add(Scope.keep(new Tensor(new org.bytedeco.pytorch.Tensor(tensor.raw()))));
    }
    Set<Entry> owner = Scope.outermostPending();
    Entry entry = enter(step, kept, owner);
    if (owner != null) {
      owner.add(entry);
    }
    Tensor output = Surrogate.reshape(from, data.shape());
    output.raw().set_data(data.raw());
    int number = entry.number;
    for (int power = LIMIT / BASE; power > 1; power /= BASE) {
      int unused = output.raw().register_hook(Hooks.DIGITS.get(number / power % BASE));
    }
    int unused = output.raw().register_hook(Hooks.LAST.get(number % BASE));
    return output;
  }

  private static Entry enter(Step step, List<Tensor> held, @Nullable Set<Entry> owner) {
    for (int tries = 0; tries < LIMIT; tries++) {
      int number = Math.floorMod(NEXT.getAndIncrement(), LIMIT);
      Entry entry = new Entry(number, step, held, owner);
      if (ENTRIES.putIfAbsent(number, entry) == null) {
        return entry;
      }
    }
    throw new IllegalStateException(
        LIMIT
            + " fused operations wait for their backward pass; compute what needs no gradient under"
            + " Guard.noGrad(), or close the scope it was made in");
  }

  /** Gives a watch a number. */
  static int enterWatch(Runnable told) {
    for (int number = 0; number < LIMIT; number++) {
      if (WATCHES.putIfAbsent(number, told) == null) {
        return number;
      }
    }
    throw new IllegalStateException(LIMIT + " watches are open; close some");
  }

  /** Has the engine tell a watch of this leaf; gives the places of the leaf's new hooks. */
  static List<Integer> mark(Tensor leaf, int number) {
    List<Integer> hooks = new ArrayList<>();
    for (int power = LIMIT / BASE; power >= 1; power /= BASE) {
      hooks.add(leaf.raw().register_hook(Hooks.DIGITS.get(number / power % BASE)));
    }
    return List.copyOf(hooks);
  }

  /** Frees a watch's number; true for the first caller. */
  static boolean dropWatch(int number) {
    return WATCHES.remove(number) != null;
  }

  /**
   * A tensor of this shape that costs nothing, for ties whose data nobody reads: one row of zeros,
   * repeated. Dense within the row, so that libtorch goes over it with vectors.
   */
  static Tensor standIn(Tensor like) {
    return Tensor.zeros(DType.F32, like.size(-1)).expand(like.shape());
  }

  /** Adds to the gradient of a leaf, as the engine does at the end of a path. */
  static void accumulate(Tensor leaf, Tensor gradient) {
    leaf.grad().ifPresentOrElse(sum -> sum.add_(gradient), () -> leaf.setGrad(gradient));
  }

  /** Runs libtorch's engine from a root; a step's own exception comes out as it was thrown. */
  static void backward(org.bytedeco.pytorch.Tensor root) {
    Arrival arrival = ARRIVAL.get();
    arrival.failure = null;
    try {
      root.backward();
    } catch (RuntimeException e) {
      throw arrival.failure != null ? arrival.failure : e;
    } finally {
      arrival.number = 0;
      arrival.digits = 0;
      letGo(arrival);
    }
  }

  private static void letGo(Arrival arrival) {
    if (arrival.handedOver != null) {
      arrival.handedOver.close();
      arrival.handedOver = null;
    }
  }

  private static TensorBase arrived(TensorBase gradient, int lastDigit) {
    Arrival arrival = ARRIVAL.get();
    try (PointerScope scope = new PointerScope()) {
      letGo(arrival); // the engine has its own reference by now
      Entry entry = take(arrival, lastDigit);
      Tensor turned;
      try {
        turned =
            entry.step.gradient(new Tensor(new org.bytedeco.pytorch.Tensor(gradient)), entry.held);
      } finally {
        boolean unused = entry.drop();
      }
      arrival.handedOver = Scope.keep(turned);
      return turned.raw();
    } catch (RuntimeException e) {
      arrival.failure = e;
      throw e;
    } finally {
      gradient.close();
    }
  }

  private static Entry take(Arrival arrival, int lastDigit) {
    int number = arrival.number * BASE + lastDigit;
    int digits = arrival.digits + 1;
    arrival.number = 0;
    arrival.digits = 0;
    Entry entry = ENTRIES.get(number);
    if (Math.powExact(BASE, digits) != LIMIT || entry == null) {
      throw new IllegalStateException(
          "backward through a fused operation that has run backward before, or whose outermost"
              + " scope is closed");
    }
    return entry;
  }

  /** The hooks, made on first use; the bindings allow ten of a kind. */
  private static final class Hooks {
    static final List<VoidTensorHook> DIGITS = digits();
    static final List<TensorTensorHook> LAST = last();

    private static List<VoidTensorHook> digits() {
      List<VoidTensorHook> hooks = new ArrayList<>();
      for (int i = 0; i < BASE; i++) {
        hooks.add(new Digit(i));
      }
      return List.copyOf(hooks);
    }

    private static List<TensorTensorHook> last() {
      List<TensorTensorHook> hooks = new ArrayList<>();
      for (int i = 0; i < BASE; i++) {
        hooks.add(new Last(i));
      }
      return List.copyOf(hooks);
    }
  }

  private static final class Digit extends VoidTensorHook {
    private final int digit;

    Digit(int digit) {
      this.digit = digit;
      retainReference();
    }

    @Override
    public void call(TensorBase gradient) {
      Arrival arrival = ARRIVAL.get();
      arrival.number = arrival.number * BASE + digit;
      arrival.digits++;
      gradient.close(); // a reference of its own, which would live as long as the scope
      if (Math.powExact(BASE, arrival.digits) == LIMIT) {
        tell(arrival);
      }
    }

    private static void tell(Arrival arrival) {
      Runnable told = WATCHES.get(arrival.number);
      arrival.number = 0;
      arrival.digits = 0;
      try {
        if (told != null) {
          told.run();
        }
      } catch (RuntimeException e) {
        arrival.failure = e;
        throw e;
      }
    }
  }

  private static final class Last extends TensorTensorHook {
    private final int digit;

    Last(int digit) {
      this.digit = digit;
      retainReference();
    }

    @Override
    public TensorBase call(TensorBase gradient) {
      return arrived(gradient, digit);
    }
  }

  /** A reshape that libtorch does not regard as a view, so that changes in place stay apart. */
  private static final class Surrogate {
    static final OperatorHandle UNSAFE_VIEW = Boxed.find("aten::_unsafe_view", "");

    static Tensor reshape(Tensor from, long[] shape) {
      GenericList sizes = Boxed.ints();
      for (long size : shape) {
        sizes.push_back(new IValue(size));
      }
      var result = Boxed.call(UNSAFE_VIEW, List.of(new IValue(from.raw()), new IValue(sizes)));
      // toTensor() points into the result list; the copy is a handle of its own
      return new Tensor(new org.bytedeco.pytorch.Tensor(result.get(0).toTensor()));
    }
  }
}

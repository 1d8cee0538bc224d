package dev.banyan.tensor;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the life of native memory: every tensor made by this thread while a scope is open is freed
 * when the scope closes, except what {@link #keep} let out. Scopes nest; one per training step,
 * decoded token or layer is the usual grain. Without an open scope a tensor lives until {@link
 * Tensor#close}.
 *
 * <p>The backward pass through a fused operation must run before the outermost of its scopes
 * closes.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<@Nullable Scope> INNERMOST = new ThreadLocal<>();

  private final PointerScope scope;
  private final @Nullable Scope around;
  // Of the outermost scope of a thread: what its fused operations hold for their backward pass.
  private final Set<Pending.Entry> pending;

  private Scope() {
    Libtorch.ensureStarted();
    scope = new PointerScope();
    around = INNERMOST.get();
    pending = around == null ? ConcurrentHashMap.newKeySet() : around.pending;
    INNERMOST.set(this);
  }

  public static Scope open() {
    return new Scope();
  }

  /**
   * Lets a tensor outlive every open scope; its new owner closes it.
   *
   * @return the same tensor
   */
  public static Tensor keep(Tensor tensor) {
    tensor.raw().retainReference();
    return tensor;
  }

  /** Where fused operations made now are noted; null without an open scope. */
  static @Nullable Set<Pending.Entry> outermostPending() {
    Scope innermost = INNERMOST.get();
    return innermost == null ? null : innermost.pending;
  }

  /** Ends the scope, on the thread that opened it. */
  @Override
  public void close() {
    if (around == null) {
      pending.forEach(Pending.Entry::drop);
      INNERMOST.remove();
    } else {
      INNERMOST.set(around);
    }
    scope.close();
  }
}

package dev.banyan.tensor;

import org.bytedeco.javacpp.PointerScope;

/**
 * Bounds the life of native memory: every tensor made by this thread while a scope is open is freed
 * when the scope closes, except what {@link #keep} let out. Scopes nest; one per training step,
 * decoded token or layer is the usual grain. Without an open scope a tensor lives until {@link
 * Tensor#close}.
 */
public final class Scope implements AutoCloseable {
  private final PointerScope scope;

  private Scope() {
    Libtorch.ensureStarted();
    scope = new PointerScope();
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

  @Override
  public void close() {
    scope.close();
  }
}

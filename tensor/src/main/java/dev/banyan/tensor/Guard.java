package dev.banyan.tensor;

import org.bytedeco.pytorch.AutoGradMode;

/** A mode of this thread that ends when the guard is closed. Guards nest; close them in order. */
public final class Guard implements AutoCloseable {
  private final AutoGradMode mode;

  private Guard(boolean gradient) {
    Libtorch.ensureStarted();
    mode = new AutoGradMode(gradient);
    mode.retainReference(); // the guard ends when it is closed, not with a surrounding scope
  }

  /** No gradient is recorded: inference, updates of weights. */
  public static Guard noGrad() {
    return new Guard(false);
  }

  /** Gradients are recorded again, inside {@link #noGrad}. */
  public static Guard grad() {
    return new Guard(true);
  }

  @Override
  public void close() {
    mode.releaseReference();
  }
}

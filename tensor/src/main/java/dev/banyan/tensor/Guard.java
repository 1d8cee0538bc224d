package dev.banyan.tensor;

import org.bytedeco.pytorch.GradMode;

/** A mode of this thread that ends when the guard is closed. Guards nest; close them in order. */
public final class Guard implements AutoCloseable {
  // libtorch's own guard would be freed by the scope around it, not when it is closed
  private final boolean before;

  private Guard(boolean gradient) {
    Libtorch.ensureStarted();
    before = GradMode.is_enabled();
    GradMode.set_enabled(gradient);
  }

  /** No gradient is recorded: inference, updates of weights. */
  public static Guard noGrad() {
    return new Guard(false);
  }

  /** Gradients are recorded again, inside {@link #noGrad}. */
  public static Guard grad() {
    return new Guard(true);
  }

  /** Whether gradients are recorded on this thread now. */
  public static boolean recordsGradients() {
    Libtorch.ensureStarted();
    return GradMode.is_enabled();
  }

  @Override
  public void close() {
    GradMode.set_enabled(before);
  }
}

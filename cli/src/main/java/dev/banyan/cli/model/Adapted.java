package dev.banyan.cli.model;

import dev.banyan.model.Adapter;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.LoadedAdapter;
import dev.banyan.model.Opening;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A model, and the adapter beside it that {@code --adapter} asks for. */
record Adapted(LanguageModel model, @Nullable LoadedAdapter adapter) implements AutoCloseable {
  /** The model with the adapter of this folder, or alone without one. */
  static Adapted open(Path folder, Opening opening, @Nullable Path adapter) {
    // first what is quick to read and most likely wrong
    @Nullable Adapter read = adapter == null ? null : Adapter.open(adapter);
    LanguageModel model = LanguageModel.open(folder, opening);
    try {
      return new Adapted(model, read == null ? null : model.load(read));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  @Override
  public void close() {
    model.close();
  }
}

package dev.banyan.cli.model;

import dev.banyan.model.Adapter;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A model as {@code --adapter} asks for it. */
final class Adapted {
  private Adapted() {}

  /** The model with the adapter in this folder applied, or as it is without one. */
  static LanguageModel open(Path folder, Precision precision, @Nullable Path adapter) {
    return open(folder, Opening.fast().with(precision), adapter);
  }

  /** The same, opened in another way. */
  static LanguageModel open(Path folder, Opening opening, @Nullable Path adapter) {
    return adapter == null
        ? LanguageModel.open(folder, opening)
        : LanguageModel.open(folder, opening, Adapter.open(adapter));
  }
}

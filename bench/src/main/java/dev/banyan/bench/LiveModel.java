package dev.banyan.bench;

import dev.banyan.core.Seed;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.train.ModelShape;
import java.nio.file.Path;

/** A fresh Llama with a tokenizer, to be served; its folder goes away on close. */
public final class LiveModel implements AutoCloseable {
  private static final int POSITIONS = 4096;

  private final WorkFolder work;

  private LiveModel(WorkFolder work) {
    this.work = work;
  }

  /** 0.2 M parameters: steps of about a millisecond. */
  public static LiveModel tiny(Seed seed) {
    return make(new ModelShape(64, 2, 4, 2, 160, false), 512, seed);
  }

  /** 6.5 M parameters, the model of {@code banyan bench model}'s generation. */
  public static LiveModel small(Seed seed) {
    return make(new ModelShape(256, 6, 8, 4, 704, false), 4096, seed);
  }

  private static LiveModel make(ModelShape shape, int vocabulary, Seed seed) {
    var made = new LiveModel(WorkFolder.open());
    var config = shape.llama(vocabulary, POSITIONS, 0, 1, 2);
    try (var fresh = LanguageModel.create(config, seed.of("model"), Precision.F32)) {
      fresh.save(made.folder());
    }
    WorldText.tokenizer(made.folder(), WorldText.documents(seed, 4000), vocabulary);
    return made;
  }

  /** Where it lies. */
  public Path folder() {
    return work.file("model");
  }

  @Override
  public void close() {
    work.close();
  }
}

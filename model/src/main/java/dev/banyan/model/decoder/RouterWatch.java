package dev.banyan.model.decoder;

import dev.banyan.model.RouterRecord;
import org.jspecify.annotations.Nullable;

/** Where the routers of one decoder note what they do; usually nowhere. */
final class RouterWatch {
  private @Nullable RouterRecord record;

  @Nullable RouterRecord record() {
    return record;
  }

  void set(@Nullable RouterRecord other) {
    record = other;
  }
}

package dev.banyan.weights.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Token ids with a meaning: where a text begins, where it may end (any of them), and padding. */
public record SpecialTokens(@Nullable Integer bos, List<Integer> eos, @Nullable Integer pad) {
  public SpecialTokens {
    eos = List.copyOf(eos);
  }
}

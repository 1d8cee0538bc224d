package dev.banyan.grow.recipe;

import dev.banyan.core.UserInputException;
import dev.banyan.grow.Mixture;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import org.jspecify.annotations.Nullable;

/** Which family a dense model can become when it gets experts, and which not and why. */
final class Targets {
  private Targets() {}

  /**
   * The family of the target.
   *
   * @param asked null for the one that follows
   * @throws UserInputException for a pair that cannot be, naming what can
   */
  static Family family(ModelConfig source, @Nullable Mixture mixture, @Nullable Family asked) {
    if (mixture == null) {
      if (asked != null && asked != source.family()) {
        throw refuse(
            source, asked, "families change only with --moe; leave --target out", source.family());
      }
      return source.family();
    }
    if (source.experts() != null) {
      throw new UserInputException(
          source.family().modelType()
              + " already is a mixture of "
              + source.experts().count()
              + " experts; it can grow without --moe");
    }
    boolean carries = mixture.method() == Mixture.Method.SHARED_CARRY;
    Family usual =
        switch (source.family()) {
          case LLAMA, MISTRAL -> carries ? Family.QWEN2_MOE : Family.MIXTRAL;
          case QWEN2 -> Family.QWEN2_MOE;
          case QWEN3 -> Family.QWEN3_MOE;
          case MIXTRAL, QWEN2_MOE, QWEN3_MOE ->
              throw new UserInputException(
                  source.family().modelType() + " without experts cannot be; see its config.json");
        };
    Family target = asked == null ? usual : asked;
    requirePair(source, target, usual);
    if (carries && target != Family.QWEN2_MOE) {
      throw refuse(source, target, "shared-carry needs a shared expert, which only", usual);
    }
    return target;
  }

  private static void requirePair(ModelConfig source, Family target, Family usual) {
    var attention = source.attention();
    if (source.mlpBias() || (target != Family.QWEN3_MOE && attention.outputBias())) {
      throw refuse(
          source,
          target,
          "no family with experts has biases in attention output or feed-forward; it can grow"
              + " without --moe, as",
          source.family());
    }
    boolean windowed = attention.windows().stream().anyMatch(window -> window > 0);
    switch (target) {
      case LLAMA, MISTRAL, QWEN2, QWEN3 ->
          throw refuse(source, target, "it has no experts; take", usual);
      case MIXTRAL -> {
        requireNoNorms(source, target, usual);
        if (attention.inputBias()) {
          throw refuse(
              source, target, "its attention has no biases; what has them is", Family.QWEN2_MOE);
        }
        if (windowed && attention.windows().stream().distinct().count() > 1) {
          throw refuse(source, target, "its window is the same in all layers; take", usual);
        }
      }
      case QWEN2_MOE -> {
        requireNoNorms(source, target, usual);
        if (windowed) {
          throw refuse(source, target, "a sliding window is not carried over; take", usual);
        }
      }
      case QWEN3_MOE -> {
        if (source.family() != Family.QWEN3) {
          throw refuse(source, target, "it normalises queries and keys; take", usual);
        }
        if (windowed && attention.windows().stream().distinct().count() > 1) {
          throw refuse(source, target, "its window is the same in all layers; none can be", target);
        }
      }
    }
  }

  private static void requireNoNorms(ModelConfig source, Family target, Family usual) {
    if (source.family().normalizesQueriesAndKeys()) {
      throw refuse(source, target, "it does not normalise queries and keys as does", usual);
    }
  }

  private static UserInputException refuse(
      ModelConfig source, Family target, String why, Family instead) {
    return new UserInputException(
        "%s cannot become %s: %s %s"
            .formatted(source.family().modelType(), target.modelType(), why, instead.modelType()));
  }
}

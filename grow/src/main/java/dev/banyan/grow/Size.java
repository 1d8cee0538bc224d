package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ModelConfig;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a target; null stays as it is.
 *
 * @param ffn width of a dense feed-forward layer, or of one expert of a source that has experts
 */
public record Size(
    @Nullable Integer hidden,
    @Nullable Integer layers,
    @Nullable Integer heads,
    @Nullable Integer keyValueHeads,
    @Nullable Integer ffn,
    @Nullable Integer headDim) {
  /** Everything stays. */
  public static final Size SAME = new Size(null, null, null, null, null, null);

  /** The sizes of {@code config}. */
  public static Size of(ModelConfig config) {
    var experts = config.experts();
    return new Size(
        config.hiddenSize(),
        config.layers(),
        config.attention().heads(),
        config.attention().keyValueHeads(),
        experts == null ? config.intermediateSize() : experts.intermediateSize(),
        config.attention().headDim());
  }

  /**
   * Width, heads, key-value heads and feed-forward of {@code config} times {@code factor}; layers
   * and the width of a head stay.
   *
   * @throws UserInputException when the result is not whole
   */
  public static Size times(ModelConfig config, double factor) {
    Size from = of(config);
    return new Size(
        whole("hidden", from.hidden, factor),
        null,
        whole("heads", from.heads, factor),
        whole("kv-heads", from.keyValueHeads, factor),
        whole("ffn", from.ffn, factor),
        null);
  }

  private static int whole(String name, @Nullable Integer size, double factor) {
    double wanted = (size == null ? 0 : size) * factor;
    int whole = (int) Math.round(wanted);
    if (Math.abs(whole - wanted) > 1e-9 || whole < 1) {
      throw new UserInputException(
          "--factor " + factor + " times --" + name + " " + size + " is not a whole number");
    }
    return whole;
  }

  /** These sizes, and where they say nothing those of {@code other}. */
  public Size or(Size other) {
    return new Size(
        hidden == null ? other.hidden : hidden,
        layers == null ? other.layers : layers,
        heads == null ? other.heads : heads,
        keyValueHeads == null ? other.keyValueHeads : keyValueHeads,
        ffn == null ? other.ffn : ffn,
        headDim == null ? other.headDim : headDim);
  }
}

package dev.banyan.model;

import dev.banyan.model.adapter.Adaptation;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An adapter beside the weights of one opened model, for the sequences of a batch that name it.
 * Many can be loaded at once, and each can be closed while others are in use. A sequence begins
 * with {@link #begin} and is of the same adapter to its end.
 */
public final class LoadedAdapter implements AutoCloseable {
  private final String method;
  private final HeldWeights weights;
  private final Map<String, Adaptation> layers;
  private final @Nullable VirtualTokens virtual;
  private final long bytes;
  private boolean closed;

  LoadedAdapter(
      String method,
      HeldWeights weights,
      Map<String, Adaptation> layers,
      @Nullable VirtualTokens virtual) {
    this.method = method;
    this.weights = weights;
    this.layers = Map.copyOf(layers);
    this.virtual = virtual;
    this.bytes =
        layers.values().stream().mapToLong(Adaptation::bytes).sum()
            + (virtual == null ? 0 : 4 * virtual.keyValues().count());
  }

  /** The method's name in PEFT, for example LORA. */
  public String method() {
    return method;
  }

  /** Positions that {@link #begin} takes up before the text; 0 for LoRA and IA3. */
  public int virtualTokens() {
    return virtual == null ? 0 : virtual.tokens();
  }

  /** Native memory it holds. */
  public long bytes() {
    return bytes;
  }

  /**
   * Begins a sequence that is empty: puts the keys and values of virtual tokens into the store.
   *
   * @return the position of the text's first token
   * @throws IllegalArgumentException when the sequence holds tokens, or the store keeps none
   */
  public int begin(KvStore kv, int sequence) {
    requireOpen();
    if (virtual == null) {
      return 0;
    }
    virtual.begin(kv, sequence);
    return virtual.tokens();
  }

  /** What it does to a linear layer, by transformers' name of it; null for nothing. */
  public @Nullable Adaptation of(String layer) {
    return layers.get(layer);
  }

  /** Whether it does anything to linear layers. */
  public boolean changesLayers() {
    return !layers.isEmpty();
  }

  /** Checks that a sequence may go through these weights with it. */
  void requireUsable(HeldWeights by, KvStore kv, int sequence) {
    requireOpen();
    if (by != weights) {
      throw new IllegalArgumentException("the adapter was loaded on another model");
    }
    if (kv.length(sequence) < virtualTokens()) {
      throw new IllegalArgumentException(
          "sequence %d lacks the adapter's %d virtual tokens; begin it first"
              .formatted(sequence, virtualTokens()));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the adapter is closed");
    }
  }

  /** Frees what it holds; sequences that began with its virtual tokens keep their copies. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      layers.values().forEach(Adaptation::close);
      if (virtual != null) {
        virtual.close();
      }
      weights.forget(this);
    }
  }
}

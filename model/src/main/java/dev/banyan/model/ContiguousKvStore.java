package dev.banyan.model;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.KvPages;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One buffer per layer, [sequences, kvHeads, capacity, headDim], whose capacity doubles when a
 * sequence outgrows it. Memory: {@code 2 * layers * sequences * kvHeads * capacity * headDim}
 * values.
 */
public final class ContiguousKvStore implements KvStore {
  private static final int FIRST_CAPACITY = 64;

  private final int keyValueHeads;
  private final int headDim;
  private final DType dtype;
  private final int[] lengths;
  private final Tensor[] keys;
  private final Tensor[] values;
  private final int[] capacities;
  // made when first asked for, until the buffer grows
  private final Optional<KvPages>[][] pages;

  /**
   * An empty store.
   *
   * @param sequences how many sequences it holds, numbered from 0
   * @param dtype what keys and values are kept as: F32 or BF16
   */
  public ContiguousKvStore(ModelConfig config, int sequences, DType dtype) {
    this.keyValueHeads = config.attention().keyValueHeads();
    this.headDim = config.attention().headDim();
    this.dtype = dtype;
    this.lengths = new int[sequences];
    this.keys = new Tensor[config.layers()];
    this.values = new Tensor[config.layers()];
    this.capacities = new int[config.layers()];
    this.pages = emptyPages(config.layers(), sequences);
    Arrays.fill(capacities, FIRST_CAPACITY);
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = buffer(FIRST_CAPACITY);
      values[layer] = buffer(FIRST_CAPACITY);
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type has no other way
  private static Optional<KvPages>[][] emptyPages(int layers, int sequences) {
    Optional[][] pages = new Optional[layers][sequences];
    for (Optional[] layer : pages) {
      Arrays.fill(layer, Optional.empty());
    }
    return pages;
  }

  private Tensor buffer(int capacity) {
    // zeros, because attention multiplies what it masks out by zero, and NaN times zero is NaN
    try (Scope scope = Scope.open()) {
      return Scope.keep(Tensor.zeros(dtype, lengths.length, keyValueHeads, capacity, headDim));
    }
  }

  @Override
  public int length(int sequence) {
    return lengths[sequence];
  }

  @Override
  public Seen extend(int layer, int sequence, Tensor newKeys, Tensor newValues) {
    int past = lengths[sequence];
    int total = past + (int) newKeys.size(1);
    reserve(layer, total);
    Tensor ownKeys = keys[layer].select(0, sequence);
    Tensor ownValues = values[layer].select(0, sequence);
    ownKeys.narrow(1, past, total - past).copy_(newKeys);
    ownValues.narrow(1, past, total - past).copy_(newValues);
    return new Seen(ownKeys.narrow(1, 0, total), ownValues.narrow(1, 0, total));
  }

  @Override
  public Seen extendEach(int layer, int[] sequences, Tensor newKeys, Tensor newValues) {
    int longest = 0;
    for (int sequence : sequences) {
      longest = Math.max(longest, lengths[sequence] + 1);
    }
    reserve(layer, longest);
    long capacity = capacities[layer];
    long[] rows = new long[sequences.length * keyValueHeads];
    for (int i = 0; i < sequences.length; i++) {
      for (int head = 0; head < keyValueHeads; head++) {
        long first = ((long) sequences[i] * keyValueHeads + head) * capacity;
        rows[i * keyValueHeads + head] = first + lengths[sequences[i]];
      }
    }
    Tensor index = Tensor.of(rows);
    put(keys[layer], index, newKeys);
    put(values[layer], index, newValues);
    return new Seen(
        chosen(keys[layer], sequences).narrow(2, 0, longest),
        chosen(values[layer], sequences).narrow(2, 0, longest));
  }

  @Override
  public Optional<KvPages> pages(int layer, int sequence, int tokens) {
    reserve(layer, lengths[sequence] + tokens);
    return pages[layer][sequence].or(
        () -> {
          try (Scope scope = Scope.open()) {
            pages[layer][sequence] =
                Optional.of(
                    KvPages.of(
                        List.of(keys[layer].select(0, sequence)),
                        List.of(values[layer].select(0, sequence))));
          }
          return pages[layer][sequence];
        });
  }

  /**
   * What is kept of a sequence in one layer, [kvHeads, {@link #length}, headDim]; views in the
   * caller's scope.
   */
  public Seen kept(int layer, int sequence) {
    return new Seen(
        keys[layer].select(0, sequence).narrow(1, 0, lengths[sequence]),
        values[layer].select(0, sequence).narrow(1, 0, lengths[sequence]));
  }

  private void put(Tensor buffer, Tensor index, Tensor rows) {
    buffer
        .view(buffer.count() / headDim, headDim)
        .indexCopy_(0, index, rows.reshape(index.count(), headDim).to(dtype));
  }

  private Tensor chosen(Tensor buffer, int[] sequences) {
    boolean run = true;
    for (int i = 1; i < sequences.length; i++) {
      run &= sequences[i] == sequences[i - 1] + 1;
    }
    return run
        ? buffer.narrow(0, sequences[0], sequences.length)
        : buffer.indexSelect(0, Tensor.of(sequences));
  }

  private void reserve(int layer, int tokens) {
    if (tokens <= capacities[layer]) {
      return;
    }
    int capacity = Math.max(tokens, 2 * capacities[layer]);
    keys[layer] = grown(keys[layer], capacities[layer], capacity);
    values[layer] = grown(values[layer], capacities[layer], capacity);
    capacities[layer] = capacity;
    Arrays.fill(pages[layer], Optional.empty());
  }

  private Tensor grown(Tensor old, int from, int to) {
    Tensor larger = buffer(to);
    try (Scope scope = Scope.open()) {
      larger.narrow(2, 0, from).copy_(old);
    }
    old.close();
    return larger;
  }

  @Override
  public void advance(int sequence, int tokens) {
    lengths[sequence] += tokens;
  }

  /**
   * Forgets all but the first {@code tokens} of a sequence, so that a common beginning is reused.
   */
  public void truncate(int sequence, int tokens) {
    if (tokens < 0 || tokens > lengths[sequence]) {
      throw new IllegalArgumentException(
          "sequence " + sequence + " has " + lengths[sequence] + " tokens, not " + tokens);
    }
    lengths[sequence] = tokens;
  }

  /** Gives sequence {@code to} what sequence {@code from} has. */
  public void copy(int from, int to) {
    try (Scope scope = Scope.open()) {
      for (int layer = 0; layer < keys.length; layer++) {
        keys[layer].select(0, to).copy_(keys[layer].select(0, from));
        values[layer].select(0, to).copy_(values[layer].select(0, from));
      }
    }
    lengths[to] = lengths[from];
  }

  @Override
  public void close() {
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer].close();
      values[layer].close();
    }
  }
}

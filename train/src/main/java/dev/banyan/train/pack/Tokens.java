package dev.banyan.train.pack;

import java.util.Arrays;
import java.util.BitSet;

/** The tokens of one example and which of them a model learns to say. */
public final class Tokens {
  private final int[] ids;
  private final BitSet learned;

  private Tokens(int[] ids, BitSet learned) {
    this.ids = ids;
    this.learned = learned;
  }

  public int size() {
    return ids.length;
  }

  public int id(int at) {
    return ids[at];
  }

  /** Whether the token at {@code at} is learned, given those before it. */
  public boolean isLearned(int at) {
    return learned.get(at);
  }

  /** All ids, a copy. */
  public int[] ids() {
    return ids.clone();
  }

  /** Puts tokens together. */
  public static final class Builder {
    private int[] ids = new int[64];
    private final BitSet learned = new BitSet();
    private int size;

    public Builder add(int id, boolean learn) {
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, size * 2);
      }
      learned.set(size, learn);
      ids[size++] = id;
      return this;
    }

    public Builder addAll(int[] more, boolean learn) {
      for (int id : more) {
        add(id, learn);
      }
      return this;
    }

    public Builder addAll(Tokens more) {
      for (int at = 0; at < more.size(); at++) {
        add(more.id(at), more.isLearned(at));
      }
      return this;
    }

    public Tokens build() {
      return new Tokens(Arrays.copyOf(ids, size), (BitSet) learned.clone());
    }
  }
}

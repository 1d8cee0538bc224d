package dev.banyan.model.tokenize;

import java.util.Arrays;

/**
 * What one merge changes about pairs that share one fixed side: for each token on the other side
 * the change of the count, and, where pairs came to be, the words they are in. Indexed by token id,
 * so that a step of the merge loop needs a hash table only once per distinct pair.
 */
final class PairChanges {
  private final long[] change;
  private final int[] slotOfToken;
  private int[] touched = new int[64];
  private int[][] words = new int[64][];
  private int[] wordsUsed = new int[64];
  private int size;

  PairChanges(int vocabSize) {
    change = new long[vocabSize];
    slotOfToken = new int[vocabSize];
  }

  void add(int token, long count) {
    slot(token);
    change[token] += count;
  }

  void add(int token, long count, int word) {
    int slot = slot(token);
    change[token] += count;
    int[] list = words[slot];
    int used = wordsUsed[slot];
    // words come one after the other, so a repetition can only be the last one
    if (used > 0 && list[used - 1] == word) {
      return;
    }
    if (used == list.length) {
      list = Arrays.copyOf(list, used * 2);
      words[slot] = list;
    }
    list[used] = word;
    wordsUsed[slot] = used + 1;
  }

  int size() {
    return size;
  }

  int token(int slot) {
    return touched[slot];
  }

  long change(int slot) {
    return change[touched[slot]];
  }

  int[] words(int slot) {
    return Arrays.copyOf(words[slot], wordsUsed[slot]);
  }

  void clear() {
    for (int slot = 0; slot < size; slot++) {
      change[touched[slot]] = 0;
      slotOfToken[touched[slot]] = 0;
    }
    size = 0;
  }

  private int slot(int token) {
    int slot = slotOfToken[token] - 1;
    if (slot >= 0) {
      return slot;
    }
    if (size == touched.length) {
      touched = Arrays.copyOf(touched, size * 2);
      words = Arrays.copyOf(words, size * 2);
      wordsUsed = Arrays.copyOf(wordsUsed, size * 2);
    }
    touched[size] = token;
    if (words[size] == null) {
      words[size] = new int[4];
    }
    wordsUsed[size] = 0;
    slotOfToken[token] = ++size;
    return size - 1;
  }
}

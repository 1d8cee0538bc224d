package dev.banyan.model.tokenize;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Learns byte-level BPE merges from counted words (Sennrich et al. 2016): again and again the most
 * frequent pair of neighbouring tokens becomes a token. Counts are kept up to date by the words a
 * merge touches, the best pair comes from a heap whose entries are checked when they surface.
 *
 * <p>Which pair wins is defined to be what the Hugging Face {@code tokenizers} trainer does: the
 * largest count, then the smaller first id, then the smaller second id; ids are given to special
 * tokens, then to the 256 characters of the {@link ByteAlphabet} in Unicode order, then to merges.
 * Two pairs can spell the same token; the second then reuses its id. A pair that comes to be at
 * several steps has an entry per step, each knowing only its own words, and its last merge gives
 * its rank. Cost: the sum over merges of the lengths of the touched words, and the heap.
 */
public final class MergeLoop {
  /**
   * A pair that could be merged, its count when it was put in the heap, and the words to look in.
   */
  private static final class Candidate implements Comparable<Candidate> {
    final long count;
    final long key;
    final int entry;
    final int[] words;

    Candidate(long count, long key, int entry, int[] words) {
      this.count = count;
      this.key = key;
      this.entry = entry;
      this.words = words;
    }

    @Override
    public int compareTo(Candidate other) {
      return count != other.count ? Long.compare(other.count, count) : Long.compare(key, other.key);
    }
  }

  private final long minFrequency;
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, Integer> idOfToken = new HashMap<>();
  private final int[] idOfByte = new int[256];
  private final int vocabSize;

  // words as token ids: word w is symbols[starts[w], starts[w] + lengths[w])
  private final int[] symbols;
  private final int[] starts;
  private final int[] lengths;
  private final long[] wordCounts;

  private final PairCounts pairCounts = new PairCounts();
  private final PriorityQueue<Candidate> heap = new PriorityQueue<>(1 << 12);
  private final PairChanges lostBefore;
  private final PairChanges lostAfter;
  private final PairChanges wonBefore;
  private final PairChanges wonAfter;

  private MergeLoop(WordCounts words, int vocabSize, long minFrequency, List<String> special) {
    this.vocabSize = vocabSize;
    this.minFrequency = minFrequency;
    addAlphabet(special);
    int capacity = Math.max(vocabSize, tokens.size());
    lostBefore = new PairChanges(capacity);
    lostAfter = new PairChanges(capacity);
    wonBefore = new PairChanges(capacity);
    wonAfter = new PairChanges(capacity);
    int size = words.size();
    starts = new int[size];
    lengths = new int[size];
    wordCounts = new long[size];
    symbols = new int[words.start(size)];
    byte[] bytes = words.bytes();
    for (int word = 0; word < size; word++) {
      starts[word] = words.start(word);
      lengths[word] = words.start(word + 1) - words.start(word);
      wordCounts[word] = words.count(word);
    }
    for (int at = 0; at < symbols.length; at++) {
      symbols[at] = idOfByte[bytes[at] & 0xff];
    }
  }

  /**
   * Learns until the vocabulary has {@code vocabSize} tokens or no pair is seen {@code
   * minFrequency} times.
   */
  public static BpeVocabulary learn(
      WordCounts words, int vocabSize, long minFrequency, List<String> specialTokens) {
    return new MergeLoop(words, vocabSize, minFrequency, specialTokens).run();
  }

  private BpeVocabulary run() {
    var merges = new ArrayList<Long>();
    countPairs();
    while (tokens.size() < vocabSize) {
      Candidate top = heap.poll();
      if (top == null) {
        break;
      }
      long count = pairCounts.count(top.entry);
      if (count != top.count) {
        heap.add(new Candidate(count, top.key, top.entry, top.words));
        continue;
      }
      if (count < Math.max(1, minFrequency)) {
        break;
      }
      int first = (int) (top.key >>> 32);
      int second = (int) top.key;
      int merged = idOf(tokens.get(first) + tokens.get(second));
      merges.add(top.key);
      for (int word : top.words) {
        merge(word, first, second, merged);
      }
      applyChanges(first, second, merged);
    }
    return new BpeVocabulary(tokens, lastOfEach(merges));
  }

  private void addAlphabet(List<String> specialTokens) {
    specialTokens.forEach(this::idOf);
    var characters = new ArrayList<Character>();
    for (int value = 0; value < 256; value++) {
      characters.add(ByteAlphabet.character(value));
    }
    Collections.sort(characters);
    for (char character : characters) {
      idOfByte[ByteAlphabet.value(character)] = idOf(String.valueOf(character));
    }
  }

  private int idOf(String token) {
    Integer known = idOfToken.putIfAbsent(token, tokens.size());
    if (known != null) {
      return known;
    }
    tokens.add(token);
    return tokens.size() - 1;
  }

  private void countPairs() {
    var changesOfFirst = new LinkedHashMap<Integer, PairChanges>();
    for (int word = 0; word < starts.length; word++) {
      int end = starts[word] + lengths[word] - 1;
      for (int at = starts[word]; at < end; at++) {
        changesOfFirst
            .computeIfAbsent(symbols[at], first -> new PairChanges(tokens.size()))
            .add(symbols[at + 1], wordCounts[word], word);
      }
    }
    changesOfFirst.forEach(
        (first, changes) -> {
          for (int slot = 0; slot < changes.size(); slot++) {
            long key = PairCounts.key(first, changes.token(slot));
            pairCounts.add(pairCounts.entry(key), changes.change(slot));
            offer(key, changes.words(slot));
          }
        });
  }

  /** Replaces the pair by its token everywhere in one word and notes which pairs come and go. */
  private void merge(int word, int first, int second, int merged) {
    int start = starts[word];
    int end = start + lengths[word];
    long count = wordCounts[word];
    int write = start;
    int read = start;
    while (read < end) {
      if (symbols[read] != first || read + 1 == end || symbols[read + 1] != second) {
        symbols[write++] = symbols[read++];
        continue;
      }
      if (write > start) {
        int before = symbols[write - 1];
        lostBefore.add(before, -count);
        wonBefore.add(before, count, word);
      }
      read += 2;
      if (read < end) {
        int after = symbols[read];
        lostAfter.add(after, -count);
        // (merged, merged) is one pair, whichever side brought it
        (after == merged ? wonBefore : wonAfter).add(after, count, word);
      }
      symbols[write++] = merged;
    }
    lengths[word] = write - start;
  }

  private void applyChanges(int first, int second, int merged) {
    for (int slot = 0; slot < lostBefore.size(); slot++) {
      long key = PairCounts.key(lostBefore.token(slot), first);
      pairCounts.add(pairCounts.entry(key), lostBefore.change(slot));
    }
    for (int slot = 0; slot < lostAfter.size(); slot++) {
      long key = PairCounts.key(second, lostAfter.token(slot));
      pairCounts.add(pairCounts.entry(key), lostAfter.change(slot));
    }
    for (int slot = 0; slot < wonBefore.size(); slot++) {
      long key = PairCounts.key(wonBefore.token(slot), merged);
      pairCounts.add(pairCounts.entry(key), wonBefore.change(slot));
    }
    for (int slot = 0; slot < wonAfter.size(); slot++) {
      long key = PairCounts.key(merged, wonAfter.token(slot));
      pairCounts.add(pairCounts.entry(key), wonAfter.change(slot));
    }
    for (int slot = 0; slot < wonBefore.size(); slot++) {
      offer(PairCounts.key(wonBefore.token(slot), merged), wonBefore.words(slot));
    }
    for (int slot = 0; slot < wonAfter.size(); slot++) {
      offer(PairCounts.key(merged, wonAfter.token(slot)), wonAfter.words(slot));
    }
    lostBefore.clear();
    lostAfter.clear();
    wonBefore.clear();
    wonAfter.clear();
  }

  private void offer(long key, int[] words) {
    int entry = pairCounts.entry(key);
    long count = pairCounts.count(entry);
    if (count > 0) {
      heap.add(new Candidate(count, key, entry, words));
    }
  }

  /** A pair merged at several steps has the rank of its last. */
  private static List<BpeVocabulary.Merge> lastOfEach(List<Long> keys) {
    var seen = new HashSet<Long>();
    var merges = new ArrayList<BpeVocabulary.Merge>();
    for (long key : keys.reversed()) {
      if (seen.add(key)) {
        merges.add(new BpeVocabulary.Merge((int) (key >>> 32), (int) key));
      }
    }
    return merges.reversed();
  }
}

package dev.banyan.model;

import java.util.Arrays;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Turns ids that come one by one into pieces of text that are certain: never half a character, and
 * put together exactly what decoding all ids at once gives. Not safe for several threads.
 *
 * <p>A piece is what decoding a window of the last tokens gives beyond what it gave before. A
 * window starts where a piece started, so a character is never cut and what a decoder does at the
 * start of a text (taking one space away, as sentencepiece models do) is the same in both. Text is
 * held back while it ends in U+FFFD, the mark of bytes that may still become a character, and while
 * the last token is a single-byte token of a byte-fallback vocabulary, because such a decoder
 * judges a whole run of them at once. Cost: two short decodes per token.
 */
public final class StreamingDecoder {
  private static final char REPLACEMENT = '\ufffd';

  private final Function<int[], String> decode;
  private final IntPredicate leavesARunOpen;
  private int[] ids = new int[64];
  private int size;

  /** Where the window starts, and where its not yet given part starts. */
  private int windowFrom;

  private int givenTo;
  private final StringBuilder given = new StringBuilder();

  StreamingDecoder(Function<int[], String> decode, IntPredicate leavesARunOpen) {
    this.decode = decode;
    this.leavesARunOpen = leavesARunOpen;
  }

  /** Takes the next id and returns the text that is certain now, often one word, possibly none. */
  public String add(int id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size * 2);
    }
    ids[size++] = id;
    if (leavesARunOpen.test(id)) {
      return "";
    }
    String before = decode(windowFrom, givenTo);
    String now = decode(windowFrom, size);
    boolean certain =
        now.length() > before.length()
            && now.startsWith(before)
            && now.charAt(now.length() - 1) != REPLACEMENT;
    if (!certain) {
      return "";
    }
    windowFrom = givenTo;
    givenTo = size;
    String piece = now.substring(before.length());
    given.append(piece);
    return piece;
  }

  /** The rest, when no more ids come: bytes that never became a character are U+FFFD here. */
  public String finish() {
    String all = decode(0, size);
    String rest = all.substring(Math.min(given.length(), all.length()));
    windowFrom = size;
    givenTo = size;
    given.append(rest);
    return rest;
  }

  private String decode(int from, int to) {
    return from == to ? "" : decode.apply(Arrays.copyOfRange(ids, from, to));
  }
}

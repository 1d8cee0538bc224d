package dev.banyan.serve;

import dev.banyan.serve.gateway.LiveFleet;
import dev.banyan.serve.wire.Token;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An answer as its client got it.
 *
 * @param nanos when each token came
 * @param ended whether it came to its end in time and without an error
 */
@SuppressWarnings("ArrayRecordComponent") // compared by difference()
record Transcript(List<Token> tokens, List<Token> prompt, long[] nanos, boolean ended) {
  private static final long PATIENCE_MILLIS = 60_000;

  /** What differs between two answers to one question. */
  enum Difference {
    NONE,
    /** A token, its probability or an alternative is another. */
    DIFFERING,
    LOST,
    DUPLICATED
  }

  /** Hears of each token with its number. */
  @FunctionalInterface
  interface Listener {
    void token(int number);
  }

  /** Reads an answer to its end. */
  static Transcript read(LiveFleet.Answer answer, Listener listener) throws InterruptedException {
    List<Token> tokens = new ArrayList<>();
    List<Long> nanos = new ArrayList<>();
    while (true) {
      Token token = answer.next(PATIENCE_MILLIS);
      if (token == null || token.finish() == Token.Finish.ERROR) {
        return of(tokens, nanos, answer, false);
      }
      tokens.add(token);
      nanos.add(System.nanoTime());
      if (token.finish() != Token.Finish.NONE) {
        return of(tokens, nanos, answer, true);
      }
      listener.token(tokens.size());
    }
  }

  private static Transcript of(
      List<Token> tokens, List<Long> nanos, LiveFleet.Answer answer, boolean ended) {
    long[] times = nanos.stream().mapToLong(Long::longValue).toArray();
    return new Transcript(List.copyOf(tokens), answer.prompt(), times, ended);
  }

  /** Compares with what the answer should be, bit by bit. */
  Difference from(Transcript right) {
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).number() < i) {
        return Difference.DUPLICATED;
      }
      if (tokens.get(i).number() > i) {
        return Difference.LOST;
      }
    }
    for (int i = 0; i < Math.min(tokens.size(), right.tokens.size()); i++) {
      if (!same(tokens.get(i), right.tokens.get(i))) {
        return Difference.DIFFERING;
      }
    }
    if (tokens.size() != right.tokens.size() || ended != right.ended) {
      return tokens.size() > right.tokens.size() ? Difference.DUPLICATED : Difference.LOST;
    }
    if (prompt.size() != right.prompt.size()) {
      return Difference.LOST;
    }
    for (int i = 0; i < prompt.size(); i++) {
      if (!same(prompt.get(i), right.prompt.get(i))) {
        return Difference.DIFFERING;
      }
    }
    return Difference.NONE;
  }

  private static boolean same(Token a, Token b) {
    return a.id() == b.id()
        && a.number() == b.number()
        && a.finish() == b.finish()
        && Float.compare(a.logprob(), b.logprob()) == 0
        && Arrays.equals(a.topIds(), b.topIds())
        && Arrays.equals(a.topLogprobs(), b.topLogprobs());
  }
}

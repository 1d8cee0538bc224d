package dev.banyan.serve.protocol;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A request as one instance of the fault simulator holds it. */
final class Held {
  static final int BLOCK_TOKENS = 4;

  final long request;
  final int promptTokens;
  final int outputTokens;
  long epoch;
  int generated;

  /** Fingerprint of each KV block; empty while its memory is lost. */
  long[] kv = new long[0];

  boolean stopped;
  boolean stopAtStepEnd;
  @Nullable SourceSide leaving;

  Held(long request, int promptTokens, int outputTokens, long epoch, int generated) {
    this.request = request;
    this.promptTokens = promptTokens;
    this.outputTokens = outputTokens;
    this.epoch = epoch;
    this.generated = generated;
  }

  int blocks() {
    return blocksFor(promptTokens + generated);
  }

  static int blocksFor(int tokens) {
    return (tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
  }

  /** What block {@code index} holds once {@code tokens} tokens are in the request. */
  static long content(long request, int index, int tokens) {
    int filled = Math.min(BLOCK_TOKENS, tokens - index * BLOCK_TOKENS);
    return mix(request * 1_000_003 + index * 31L + filled);
  }

  /** The memory that this many tokens leave, computed anew. */
  void compute() {
    int tokens = promptTokens + generated;
    kv = new long[blocks()];
    for (int i = 0; i < kv.length; i++) {
      kv[i] = content(request, i, tokens);
    }
  }

  /** Appends a token's keys and values to the newest block; a damaged block stays damaged. */
  void append() {
    int before = promptTokens + generated;
    generated++;
    int index = blocks() - 1;
    boolean fresh = index >= kv.length;
    long clean = fresh ? 0 : content(request, index, before);
    boolean damaged = !fresh && kv[index] != clean;
    if (fresh) {
      kv = Arrays.copyOf(kv, index + 1);
    }
    kv[index] = content(request, index, before + 1) ^ (damaged ? 1 : 0);
  }

  /** The next token as this memory gives it: right only when every block is. */
  long next() {
    int tokens = promptTokens + generated;
    long wrong = kv.length == blocks() ? 0 : 1;
    for (int i = 0; i < Math.min(kv.length, blocks()); i++) {
      wrong |= kv[i] ^ content(request, i, tokens);
    }
    return token(request, generated) ^ wrong;
  }

  /** The one right token at this place. */
  static long token(long request, int number) {
    return mix(request * 7919 + number);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

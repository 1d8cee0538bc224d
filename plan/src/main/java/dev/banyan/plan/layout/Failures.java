package dev.banyan.plan.layout;

/**
 * States that are proven to have no packing, by a key of 128 bits; two states share a key with a
 * chance of 2^-128. Each key has two places; the second is overwritten when both are taken.
 */
final class Failures {
  private final long[] high;
  private final long[] low;

  /** Room for about this many states, at most a million. */
  Failures(long states) {
    int places = 1 << 10;
    while (places < states && places < 1 << 20) {
      places *= 2;
    }
    high = new long[places];
    low = new long[places];
  }

  boolean contains(long h, long l) {
    int place = place(h);
    return is(place, h, l) || is(place ^ 1, h, l);
  }

  void add(long h, long l) {
    int place = place(h);
    int free = high[place] == 0 && low[place] == 0 ? place : place ^ 1;
    high[free] = h;
    low[free] = l;
  }

  private boolean is(int place, long h, long l) {
    return high[place] == h && low[place] == l;
  }

  private int place(long h) {
    return (int) (h ^ (h >>> 32)) & (high.length - 1);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
  static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

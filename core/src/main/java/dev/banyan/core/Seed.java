package dev.banyan.core;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The one seed of a run. Every random stream is derived from it by name and index, {@code
 * seed.stream("world", "faces", 17)}, so a result depends on what a stream is called and never on
 * which thread asked first. Two different paths give streams that share nothing.
 */
public record Seed(long value) {

  /** The random stream with this path of names (strings) and indices (integers). */
  public RandomGenerator stream(Object... path) {
    return new SplittableRandom(of(path).value);
  }

  /** The seed below this one with this path; {@code of("a").of("b")} is {@code of("a", "b")}. */
  public Seed of(Object... path) {
    long state = value;
    for (Object part : path) {
      state =
          switch (part) {
            case Integer index -> mix(state ^ mix(index + 0x632be59bd9b4e019L));
            case Long index -> mix(state ^ mix(index + 0x632be59bd9b4e019L));
            case String name -> mix(state ^ fnv(name));
            default ->
                throw new IllegalArgumentException(
                    "a stream's path is made of strings and integers, not " + part.getClass());
          };
    }
    return new Seed(state);
  }

  /** FNV-1a over UTF-16 units, 64 bits. */
  private static long fnv(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014), applied to a shifted state. */
  private static long mix(long z) {
    z += 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

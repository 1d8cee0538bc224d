package dev.banyan.world;

import dev.banyan.core.Seed;

/**
 * Who may see what. An exercise has a key that says what is asked, whatever the wording ("sum 23
 * 45", "Mirana home"); a fifth of the keys are for testing. Training exercises and documents never
 * use a test key of a generative skill, so no test question can have been seen, in any wording.
 */
public enum Split {
  TRAIN,
  TEST;

  private static final Seed RULE = new Seed(0x5eed_0000_0000_0005L);

  /** The side of a key: test where its hash is 0 modulo 5. The same in every world. */
  public static Split of(String key) {
    return bucket(key, 5) == 0 ? TEST : TRAIN;
  }

  /** A hash of the key in [0, buckets). */
  static int bucket(String key, int buckets) {
    return Math.floorMod(RULE.of(key).value(), buckets);
  }
}

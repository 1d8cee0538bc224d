package dev.banyan.train.pack;

import dev.banyan.core.Seed;

/**
 * In which order records are seen: position 0, 1, 2, … over all epochs, each epoch a permutation of
 * its own. Nothing is stored: a permutation is a Feistel network on the record number (Luby and
 * Rackoff 1988) whose walk goes on until it lands on a record again (cycle walking, Black and
 * Rogaway 2002). So a position is all there is to save for an exact resume. Cost: about eight
 * hashes.
 *
 * @param seed which permutations
 * @param records how many records an epoch has
 * @param shuffled whether the order is permuted at all
 */
public record DataOrder(Seed seed, long records, boolean shuffled) {
  private static final int ROUNDS = 6;

  public DataOrder {
    if (records < 1 || records > 1L << 40) {
      throw new IllegalArgumentException("records %d is not in [1, 2^40]".formatted(records));
    }
  }

  /** The epoch, from 0, that {@code position} is in. */
  public long epoch(long position) {
    return position / records;
  }

  /** The record, from 0, at {@code position} of the endless sequence of epochs. */
  public long record(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position %d is negative".formatted(position));
    }
    long inEpoch = position % records;
    if (!shuffled || records == 1) {
      return inEpoch;
    }
    Seed keys = seed.of("order", epoch(position));
    int halfBits = (64 - Long.numberOfLeadingZeros(records - 1) + 1) / 2;
    long walked = inEpoch;
    do {
      walked = permute(walked, halfBits, keys);
    } while (walked >= records);
    return walked;
  }

  private static long permute(long value, int halfBits, Seed keys) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ (keys.of(round, right).value() & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}

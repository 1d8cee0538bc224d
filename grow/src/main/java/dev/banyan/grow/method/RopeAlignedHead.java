package dev.banyan.grow.method;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.RopeConfig;
import java.util.Arrays;

/**
 * Wider heads that keep their positions: pair j of d dimensions turns with theta^(-2j/d), which is
 * the frequency of pair m j of m d dimensions. So a head of d grows to m d with source pair j at
 * target pair m j, in both halves of the half-split layout, zeros between, and queries times
 * sqrt(m) for the wider head's smaller scale. Other widths would change every frequency.
 */
public final class RopeAlignedHead {
  private RopeAlignedHead() {}

  /**
   * Source place of each place of the wider head, -1 for new ones.
   *
   * @throws UserInputException when the positions cannot be kept
   */
  public static int[] places(int from, int to, RopeConfig rope) {
    int[] places = new int[to];
    if (from == to) {
      Arrays.setAll(places, p -> p);
      return places;
    }
    if (to % from != 0) {
      throw new UserInputException(
          "--head-dim %d: rotary frequencies of %d dimensions are kept only by multiples of it; take %d"
              .formatted(to, from, (to / from + 1) * from));
    }
    if (rope.scaling() instanceof RopeConfig.Yarn) {
      throw new UserInputException(
          "--head-dim "
              + to
              + ": the model's rope_type yarn has a ramp that depends on the head's width; leave it at "
              + from);
    }
    int factor = to / from;
    Arrays.fill(places, -1);
    for (int pair = 0; pair < from / 2; pair++) {
      places[factor * pair] = pair;
      places[to / 2 + factor * pair] = from / 2 + pair;
    }
    return places;
  }
}

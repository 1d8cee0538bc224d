package dev.banyan.grow.method;

import dev.banyan.core.UserInputException;
import dev.banyan.grow.Units;
import dev.banyan.weights.config.AttentionConfig;
import java.util.Arrays;

/**
 * More attention heads, each a neuron: within a key-value group query heads are repeated and the
 * output's columns share; more groups are whole groups again (the GQA rule of AKI-Pro, arXiv
 * 2408.06567, section 3.2, for any number of groups). With {@link Units#ZERO} what is new is fresh
 * and read with zero.
 *
 * @param heads source head of each target head, -1 for a fresh one
 * @param groups source group of each target group, -1 for a fresh one
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record GroupedHeads(int[] heads, int[] groups) {

  /**
   * The heads of {@code from} as {@code toHeads} in {@code toGroups}.
   *
   * @throws UserInputException when they do not divide, or a source head finds no place
   */
  public static GroupedHeads of(AttentionConfig from, int toHeads, int toGroups, Units units) {
    if (toHeads % toGroups != 0) {
      throw new UserInputException(
          "--heads %d --kv-heads %d: %d is no multiple of %d, take %d or %d heads"
              .formatted(
                  toHeads,
                  toGroups,
                  toHeads,
                  toGroups,
                  toHeads / toGroups * toGroups,
                  (toHeads / toGroups + 1) * toGroups));
    }
    int sourceGroups = from.keyValueHeads();
    int before = from.heads() / sourceGroups;
    int after = toHeads / toGroups;
    boolean zero = units == Units.ZERO;
    int[] groups = new int[toGroups];
    Arrays.setAll(groups, g -> g < sourceGroups ? g : zero ? -1 : g % sourceGroups);
    int[] heads = new int[toHeads];
    int[] slots = new int[sourceGroups];
    for (int head = 0; head < toHeads; head++) {
      int group = groups[head / after];
      if (group < 0) {
        heads[head] = -1;
      } else {
        int slot = slots[group]++;
        heads[head] = slot >= before && zero ? -1 : group * before + slot % before;
      }
    }
    for (int group = 0; group < sourceGroups; group++) {
      if (slots[group] < before) {
        throw new UserInputException(
            "--heads %d --kv-heads %d: group %d had %d query heads and would have %d; take at least %d heads"
                .formatted(toHeads, toGroups, group, before, slots[group], before * toGroups));
      }
    }
    return new GroupedHeads(heads, groups);
  }
}

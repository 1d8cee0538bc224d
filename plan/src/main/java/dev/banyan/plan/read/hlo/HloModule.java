package dev.banyan.plan.read.hlo;

import java.util.List;

/**
 * A module as far as its memory goes.
 *
 * @param entry id of the computation that is run
 * @param aliases outputs that lie where a parameter lay
 * @param scheduled whether the instructions stand in the order XLA runs them
 */
record HloModule(
    String name,
    List<Computation> computations,
    long entry,
    List<Alias> aliases,
    boolean scheduled) {
  HloModule {
    computations = List.copyOf(computations);
    aliases = List.copyOf(aliases);
  }

  /**
   * A list of instructions, operands before their users.
   *
   * @param root id of the instruction whose value it gives
   */
  record Computation(
      long id, String name, List<HloInstruction> instructions, long root, boolean fusion) {
    Computation {
      instructions = List.copyOf(instructions);
    }
  }

  /**
   * An output that takes a parameter's place.
   *
   * @param output index path in the root's shape
   * @param path index path in the parameter's shape
   */
  record Alias(List<Long> output, long parameter, List<Long> path) {
    Alias {
      output = List.copyOf(output);
      path = List.copyOf(path);
    }
  }
}

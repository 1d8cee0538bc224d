package dev.banyan.serve.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What goes wrong in one schedule: chances per message, and things that happen to a side when a
 * migration has come to its n-th message, so that every step of the protocol is hit.
 *
 * @param drop chance that a message is lost
 * @param duplicate chance that it comes twice
 * @param late chance that it comes seconds late, behind others
 * @param corrupt chance that a block is changed on its way
 * @param trouble what happens at which protocol message
 */
record FaultPlan(
    double drop, double duplicate, double late, double corrupt, List<Trouble> trouble) {

  /** Things that happen to instances, requests and the control plane. */
  enum Kind {
    KILL_SOURCE,
    KILL_DESTINATION,
    KILL_BOTH,
    KILL_SCHEDULER,
    KILL_GATEWAY,
    STALL_SOURCE,
    STALL_DESTINATION,
    CLOCK_JUMP,
    PREEMPT,
    FINISH,
    CANCEL,
    FILL_DESTINATION,
    SLOW_READER,
    NEW_INSTANCE
  }

  /** One thing, at the {@code message}-th protocol message of the schedule. */
  record Trouble(Kind kind, int message) {}

  FaultPlan {
    trouble = List.copyOf(trouble);
  }

  static FaultPlan draw(RandomGenerator random) {
    List<Trouble> trouble = new ArrayList<>();
    int count = random.nextInt(4);
    Kind[] kinds = Kind.values();
    for (int i = 0; i < count; i++) {
      Kind kind = kinds[random.nextInt(kinds.length)];
      // A gateway's death ends the schedule early, so it is rarer.
      if (kind != Kind.KILL_GATEWAY || random.nextInt(3) == 0) {
        trouble.add(new Trouble(kind, random.nextInt(45)));
      }
    }
    return new FaultPlan(
        sometimes(0.25, random),
        sometimes(0.3, random),
        sometimes(0.2, random),
        random.nextInt(4) == 0 ? 0.05 : 0,
        trouble);
  }

  private static double sometimes(double most, RandomGenerator random) {
    return random.nextBoolean() ? 0 : random.nextDouble() * most;
  }
}

package dev.banyan.serve;

import dev.banyan.core.Seed;
import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Banyan;
import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.PriorityClass;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A large fleet under load as the scheduler sees it, for measuring what a decision costs. */
public final class SchedulerProbe {
  private final List<Fleet> fleets = new ArrayList<>();
  private final RandomGenerator random;

  /**
   * @param instances in the fleet
   * @param requests that run or wait on all of them together
   */
  public SchedulerProbe(int instances, int requests, Seed seed) {
    random = seed.stream("probe");
    for (int f = 0; f < 16; f++) {
      List<InstanceLoad> loads = new ArrayList<>(instances);
      for (int i = 0; i < instances; i++) {
        loads.add(load(i, Math.max(0, requests / instances + random.nextInt(5) - 2)));
      }
      fleets.add(new Fleet(loads));
    }
  }

  /** One dispatch decision of {@code banyan}; returns the instance. */
  public int dispatch(int number) {
    var request =
        new Arrival(number, 1 + number % 4000, PriorityClass.NORMAL, Arrival.CachedPrefix.NONE);
    return Banyan.STANDARD.dispatch(request, fleets.get(number % fleets.size()));
  }

  /** One pairing round of {@code banyan}; returns how many pairs. */
  public int pair(int number) {
    return Banyan.STANDARD.pair(fleets.get(number % fleets.size())).size();
  }

  private InstanceLoad load(int id, int running) {
    int free = random.nextInt(400);
    int head = random.nextInt(4) == 0 ? 1 + random.nextInt(300) : 0;
    var queue =
        head == 0
            ? InstanceLoad.Queue.EMPTY
            : new InstanceLoad.Queue(
                new ClassCounts(0, 1, 0),
                head,
                16 * head,
                head,
                head > free - 8,
                random.nextDouble(),
                0);
    return new InstanceLoad(
        id,
        new InstanceLoad.Memory(851, free, 8, 16, 0),
        new InstanceLoad.Batch(new ClassCounts(0, running, 0), (851 - free) * 16L),
        queue,
        new InstanceLoad.InFlight(0, 0, 0),
        new InstanceLoad.Pace(0.05, 0.06, 0.01, 0.0002),
        new InstanceLoad.State(false, false, true));
  }
}

package dev.banyan.serve.policy;

import dev.banyan.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The less loaded of two instances drawn at random (Mitzenmacher, IEEE TPDS 2001; the default of
 * several inference gateways). The draw is a function of seed and request.
 */
public record PowerOfTwo(Seed seed) implements Policy {
  @Override
  public String name() {
    return "power-of-two";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    List<InstanceLoad> open = fleet.open();
    if (open.size() == 1) {
      return open.getFirst().id();
    }
    RandomGenerator random = seed.stream("power-of-two", request.id());
    InstanceLoad a = open.get(random.nextInt(open.size()));
    int other = random.nextInt(open.size() - 1);
    InstanceLoad b = open.get(other < open.indexOf(a) ? other : other + 1);
    return requests(b) < requests(a) ? b.id() : a.id();
  }

  private static int requests(InstanceLoad load) {
    return load.batch().requests() + load.queue().requests();
  }
}

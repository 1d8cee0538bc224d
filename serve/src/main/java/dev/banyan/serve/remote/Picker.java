package dev.banyan.serve.remote;

import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.Infaas;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.LeastLoaded;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.PriorityClass;
import java.util.List;

/**
 * Which backend gets a request: where all tell their memory the one with the most of it free per
 * request, else the one with the fewest requests.
 */
final class Picker {
  private static final Policy BY_MEMORY = new Infaas();
  private static final Policy BY_REQUESTS = new LeastLoaded();

  private Picker() {}

  /**
   * The id of the backend to use.
   *
   * @param loads those that may be used, by id; at least one
   */
  static int pick(long request, int promptTokens, List<InstanceLoad> loads) {
    boolean told = loads.stream().allMatch(each -> each.memory().totalBlocks() > 0);
    boolean idle =
        loads.stream().anyMatch(each -> each.batch().requests() + each.queue().requests() == 0);
    // of several idle ones all are equally free, and their numbers decide
    Policy policy = told && !idle ? BY_MEMORY : BY_REQUESTS;
    var arrival =
        new Arrival(request, promptTokens, PriorityClass.NORMAL, Arrival.CachedPrefix.NONE);
    return policy.dispatch(arrival, new Fleet(loads));
  }
}

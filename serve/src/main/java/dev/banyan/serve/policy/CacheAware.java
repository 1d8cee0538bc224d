package dev.banyan.serve.policy;

import java.util.List;

/**
 * The cache-aware policy of the SGLang gateway: while loads are even, the instance with the longest
 * cached prefix when that is more than 30 % of the prompt, else the one with the least in its
 * cache; when they are not (a gap of more than 64 requests and of 1.5 ×), the shortest queue.
 */
public record CacheAware() implements Policy {
  private static final double MATCH = 0.3;
  private static final int UNEVEN_REQUESTS = 64;
  private static final double UNEVEN_FACTOR = 1.5;

  @Override
  public String name() {
    return "cache-aware";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    List<InstanceLoad> open = fleet.open();
    int least = Integer.MAX_VALUE;
    int most = 0;
    for (InstanceLoad each : open) {
      least = Math.min(least, requests(each));
      most = Math.max(most, requests(each));
    }
    if (most - least > UNEVEN_REQUESTS && most > UNEVEN_FACTOR * least) {
      return Freeness.highest(open, each -> -requests(each));
    }
    int holder = Freeness.highest(open, each -> request.cached().tokens(each.id()));
    if (request.cached().tokens(holder) > MATCH * request.promptTokens()) {
      return holder;
    }
    // Without any cache the emptiest cache is everybody's, so requests break the tie.
    return Freeness.highest(open, each -> -each.memory().cachedBlocks() - 1e-6 * requests(each));
  }

  private static int requests(InstanceLoad load) {
    return load.batch().requests() + load.queue().requests();
  }
}

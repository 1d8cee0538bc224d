package dev.banyan.serve.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What Llumnix became by 2026 (llumnix-project/llumnix): dispatch and rescheduling {@code
 * decode_load} by the projected share of KV memory in use. A source has a load of at least 1, a
 * destination less and by at least 0.7; the shortest request moves, and none longer than the budget
 * of 1,024 tokens. Freeness and headroom are gone.
 */
public record LlumnixV1() implements Policy {
  private static final double FULL = 1.0;
  private static final double GAP = 0.7;
  private static final int BUDGET_TOKENS = 1024;

  @Override
  public String name() {
    return "llumnix-v1";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(fleet.open(), load -> -projected(load));
  }

  @Override
  public List<Pairing> pair(Fleet fleet) {
    List<InstanceLoad> sources = new ArrayList<>();
    List<InstanceLoad> destinations = new ArrayList<>();
    for (InstanceLoad each : fleet.instances()) {
      if (each.state().draining() || projected(each) >= FULL) {
        sources.add(each);
      } else {
        destinations.add(each);
      }
    }
    sources.sort(Freeness.ascending(load -> -projected(load)));
    destinations.sort(Freeness.ascending(LlumnixV1::projected));
    List<Pairing> pairs = new ArrayList<>();
    for (int i = 0; i < Math.min(sources.size(), destinations.size()); i++) {
      InstanceLoad source = sources.get(i);
      InstanceLoad destination = destinations.get(i);
      boolean far = source.state().draining() || projected(source) - projected(destination) >= GAP;
      if (far && !source.state().moving() && !destination.state().moving()) {
        pairs.add(new Pairing(source.id(), destination.id()));
      }
    }
    return pairs;
  }

  @Override
  public Optional<Move> choose(SourceView source, InstanceLoad destination) {
    RequestView shortest = null;
    for (RequestView each : source.running()) {
      if (each.tokens() <= BUDGET_TOKENS
          && (shortest == null || each.tokens() < shortest.tokens())) {
        shortest = each;
      }
    }
    return shortest == null
        ? Optional.empty()
        : Optional.of(new Move(shortest.id(), Move.Kind.LIVE));
  }

  /** Every half second; a step takes 25 to 60 ms. */
  @Override
  public int reportsPerRound() {
    return 12;
  }

  @Override
  public boolean drainsByMoving() {
    return true;
  }

  private static double projected(InstanceLoad load) {
    int used = load.memory().totalBlocks() - load.memory().freeBlocks();
    return (double) (used + load.queue().blocks()) / load.memory().totalBlocks();
  }
}

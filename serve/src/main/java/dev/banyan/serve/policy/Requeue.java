package dev.banyan.serve.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Dispatch by free memory, and a waiting request that is blocked goes to an instance that could
 * admit it now. Nothing that runs ever moves: the baseline that tells how much of migration's gain
 * needs migration.
 */
public record Requeue() implements Policy {
  @Override
  public String name() {
    return "requeue";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(fleet.open(), Freeness::forDispatch);
  }

  @Override
  public List<Pairing> pair(Fleet fleet) {
    return blockedHeads(fleet);
  }

  @Override
  public Optional<Move> choose(SourceView source, InstanceLoad destination) {
    return source.waiting().isEmpty()
        ? Optional.empty()
        : Optional.of(new Move(source.waiting().getFirst().id(), Move.Kind.REQUEUE));
  }

  @Override
  public int reportsPerRound() {
    return 1;
  }

  @Override
  public boolean drainsByMoving() {
    return false;
  }

  /** The longest blocked first, each to the freest instance where nothing waits and it fits. */
  static List<Pairing> blockedHeads(Fleet fleet) {
    List<InstanceLoad> blocked = new ArrayList<>();
    List<InstanceLoad> free = new ArrayList<>();
    for (InstanceLoad each : fleet.instances()) {
      if (each.queue().headBlocked()
          || (each.state().draining() && each.queue().headBlocks() > 0)) {
        blocked.add(each);
      } else if (each.queue().requests() == 0 && !each.state().draining()) {
        free.add(each);
      }
    }
    blocked.sort(Freeness.ascending(load -> -load.queue().headWaitSeconds()));
    free.sort(Freeness.ascending(load -> -load.memory().available()));
    List<Pairing> pairs = new ArrayList<>();
    for (InstanceLoad source : blocked) {
      if (free.isEmpty()) {
        break;
      }
      InstanceLoad roomiest = free.getFirst();
      if (roomiest.memory().available() >= source.queue().headBlocks()) {
        pairs.add(new Pairing(source.id(), roomiest.id()));
        free.removeFirst();
      }
    }
    return pairs;
  }
}

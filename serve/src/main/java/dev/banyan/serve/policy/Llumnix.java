package dev.banyan.serve.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Llumnix as its artifact runs it (Sun et al., OSDI 2024; branch osdi24ae): dispatch by freeness;
 * instances below the threshold, or with a preempted request waiting, give a request to instances
 * above it, lowest to highest; the last-come request moves. Priorities as in the artifact: the
 * reserve of the high class is charged to instances without high requests when a high one is
 * dispatched, and to instances with them when a normal one is.
 *
 * @param threshold freeness in blocks per request; 3, and 10 for the workloads M-M and S-L
 * @param priorities whether classes are told apart
 */
public record Llumnix(double threshold, boolean priorities) implements Policy {
  /** What the artifact sets aside for a high request: all but this many blocks. */
  private static final int HIGH_TARGET_BLOCKS = 100;

  @Override
  public String name() {
    return "llumnix";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    boolean high = request.priority() == PriorityClass.HIGH;
    return Freeness.highest(
        fleet.open(),
        load -> {
          double free = Freeness.forDispatch(load);
          boolean hosts = load.batch().byClass().high() + load.queue().byClass().high() > 0;
          if (!priorities || hosts == high) {
            return free;
          }
          int requests = Math.max(1, load.batch().requests() + load.queue().requests());
          double charged = load.memory().totalBlocks() - HIGH_TARGET_BLOCKS;
          double available = load.memory().available() - load.queue().blocks();
          return (available - charged) / requests;
        });
  }

  @Override
  public List<Pairing> pair(Fleet fleet) {
    List<InstanceLoad> sources = new ArrayList<>();
    List<InstanceLoad> destinations = new ArrayList<>();
    for (InstanceLoad each : fleet.instances()) {
      double free = free(each);
      if (free < threshold || each.queue().preempted() > 0) {
        sources.add(each);
      } else if (free > threshold && each.queue().preempted() == 0) {
        destinations.add(each);
      }
    }
    sources.sort(Freeness.ascending(this::free));
    destinations.sort(Freeness.ascending(load -> -free(load)));
    List<Pairing> pairs = new ArrayList<>();
    for (int i = 0; i < Math.min(sources.size(), destinations.size()); i++) {
      if (!sources.get(i).state().moving() && !destinations.get(i).state().moving()) {
        pairs.add(new Pairing(sources.get(i).id(), destinations.get(i).id()));
      }
    }
    return pairs;
  }

  /** The last-come request, whatever its class: the artifact tests the class and ignores it. */
  @Override
  public Optional<Move> choose(SourceView source, InstanceLoad destination) {
    if (source.running().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Move(source.running().getLast().id(), Move.Kind.LIVE));
  }

  @Override
  public int reportsPerRound() {
    return 4;
  }

  @Override
  public boolean drainsByMoving() {
    return true;
  }

  private double free(InstanceLoad load) {
    return Freeness.forMigration(load, priorities);
  }
}

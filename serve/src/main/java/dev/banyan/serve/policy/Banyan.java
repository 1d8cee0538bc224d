package dev.banyan.serve.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Banyan's own policy. Dispatch looks at freeness as seen by the request's class and counts what is
 * still on its way. Every round does the cheapest thing that helps: a blocked request that waits
 * goes where it fits; where it fits nowhere, the smallest running request that makes room for it,
 * and fits at the destination, is copied there; an instance about to run out of memory gives one
 * away before it must preempt. A copy must pay: it is not begun when memory would come free sooner
 * by itself. A request moves a limited number of times. O(instances · log instances) per round,
 * O(requests of the source) per choice.
 *
 * @param low freeness, in blocks per request, below which an instance gives requests away
 * @param high freeness above which it takes some; the gap keeps requests from going back and forth
 * @param mostMoves per request
 * @param headroomBlocks what an instance with high requests leaves to them: its memory but this
 * @param floor share of tokens a waiting lower class gets at least
 * @param admission how instances admit within a class
 */
public record Banyan(
    double low, double high, int mostMoves, int headroomBlocks, double floor, Admission admission)
    implements Policy {
  /**
   * As used everywhere: 3 and 6 blocks per request, 4 moves, 150 blocks, floor 8 %, patience 60, a
   * block of growth.
   */
  public static final Banyan STANDARD = new Banyan(3, 6, 4, 150, 0.08, new Admission(60, 1));

  /** Freeness is told in steps of this length, so that instances of different speed compare. */
  private static final double REFERENCE_STEP = 0.05;

  @Override
  public String name() {
    return "banyan";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(fleet.open(), load -> welcome(request, load.settled()));
  }

  /** Freeness after the request came; an instance that can admit it at once comes first. */
  private double welcome(Arrival request, InstanceLoad load) {
    int blocks =
        load.memory().blocksFor(request.promptTokens() - request.cached().tokens(load.id()));
    double available =
        load.memory().available()
            - load.queue().blocks()
            - blocks
            - headroom(load, request.priority());
    int requests = load.batch().requests() + load.queue().requests() + 1;
    // Room counts for more where steps are short; a backlog takes longer where they are long.
    double step = load.pace().fullStepSeconds();
    double free =
        available / requests * (available > 0 ? REFERENCE_STEP / step : step / REFERENCE_STEP);
    boolean atOnce = load.queue().requests() == 0 && available >= 0;
    return (atOnce ? 1e6 : 0) + free;
  }

  /** Memory that classes above {@code priority} keep for themselves on an instance they are on. */
  private double headroom(InstanceLoad load, PriorityClass priority) {
    boolean above =
        priority != PriorityClass.HIGH
            && load.batch().byClass().high() + load.queue().byClass().high() > 0;
    return above ? load.memory().totalBlocks() - headroomBlocks : 0;
  }

  /** F_c = (M − ΣV − head of line − headroom of the classes above c here) / B. */
  private double freeness(InstanceLoad load) {
    PriorityClass lowest =
        load.batch().byClass().low() > 0
            ? PriorityClass.LOW
            : load.batch().byClass().normal() > 0 ? PriorityClass.NORMAL : PriorityClass.HIGH;
    double available =
        load.memory().available() - load.queue().headBlocks() - headroom(load, lowest);
    int requests = load.batch().requests() + (load.queue().requests() > 0 ? 1 : 0);
    return requests == 0 ? Double.POSITIVE_INFINITY : available / requests;
  }

  @Override
  public List<Pairing> pair(Fleet fleet) {
    List<Pairing> pairs = new ArrayList<>();
    boolean[] taken = new boolean[1 + fleet.instances().getLast().id()];
    requeueBlocked(fleet, pairs, taken);
    List<Rated> sources = new ArrayList<>();
    List<Rated> destinations = new ArrayList<>();
    for (InstanceLoad each : fleet.instances()) {
      if (taken[each.id()] || each.state().moving()) {
        continue;
      }
      double free = freeness(each);
      if (gives(each, free)) {
        sources.add(new Rated(each, urgency(each), free));
      } else if (free > high && each.queue().requests() == 0) {
        destinations.add(new Rated(each, -each.memory().available(), free));
      }
    }
    Collections.sort(sources);
    Collections.sort(destinations);
    for (int i = 0; i < Math.min(sources.size(), destinations.size()); i++) {
      pairs.add(new Pairing(sources.get(i).load().id(), destinations.get(i).load().id()));
    }
    return pairs;
  }

  /** Ascending by rank, then freeness, then id. */
  private record Rated(InstanceLoad load, double rank, double freeness)
      implements Comparable<Rated> {
    @Override
    public int compareTo(Rated other) {
      int byRank = Double.compare(rank, other.rank);
      if (byRank != 0) {
        return byRank;
      }
      int byFreeness = Double.compare(freeness, other.freeness);
      return byFreeness != 0 ? byFreeness : Integer.compare(load.id(), other.load.id());
    }
  }

  private boolean gives(InstanceLoad load, double free) {
    if (load.state().draining() || load.queue().headBlocked()) {
      return load.batch().requests() > 0;
    }
    return free < low && load.batch().requests() > 1;
  }

  /** Blocked heads come first, the one that lacks least before the others; then draining. */
  private static double urgency(InstanceLoad load) {
    if (load.queue().headBlocked()) {
      return load.queue().headBlocks() - load.memory().available();
    }
    return load.state().draining() ? 1e6 : 1e7;
  }

  /** The longest blocked goes first, to the instance with the most room. */
  private static void requeueBlocked(Fleet fleet, List<Pairing> pairs, boolean[] taken) {
    List<Rated> blocked = new ArrayList<>();
    List<Rated> free = new ArrayList<>();
    for (InstanceLoad each : fleet.instances()) {
      boolean leaves = each.state().draining() && each.queue().headBlocks() > 0;
      if (each.queue().headBlocked() || leaves) {
        blocked.add(new Rated(each, -each.queue().headWaitSeconds(), 0));
      } else if (each.queue().requests() == 0 && !each.state().draining()) {
        free.add(new Rated(each, -room(each), 0));
      }
    }
    Collections.sort(blocked);
    Collections.sort(free);
    int next = 0;
    for (Rated source : blocked) {
      if (next < free.size() && room(free.get(next).load()) >= source.load().queue().headBlocks()) {
        InstanceLoad roomiest = free.get(next++).load();
        pairs.add(new Pairing(source.load().id(), roomiest.id()));
        taken[source.load().id()] = true;
        taken[roomiest.id()] = true;
      }
    }
  }

  /** What an instance can take while each of its requests still grows by a block. */
  private static int room(InstanceLoad load) {
    return load.memory().available() - load.batch().requests();
  }

  @Override
  public Optional<Move> choose(SourceView source, InstanceLoad destination) {
    InstanceLoad load = source.load();
    boolean stuck = load.queue().headBlocked() || load.state().draining();
    if (stuck
        && !source.waiting().isEmpty()
        && destination.queue().requests() == 0
        && room(destination) >= load.queue().headBlocks()) {
      return Optional.of(new Move(source.waiting().getFirst().id(), Move.Kind.REQUEUE));
    }
    RequestView chosen = fitting(source, destination);
    if (chosen == null || !pays(source, chosen)) {
      return Optional.empty();
    }
    boolean copies = load.state().movesKv() && destination.state().movesKv();
    return Optional.of(new Move(chosen.id(), copies ? Move.Kind.LIVE : Move.Kind.REPLAY));
  }

  /** The smallest that makes enough room and fits; else, for a blocked head, the largest. */
  private @Nullable RequestView fitting(SourceView source, InstanceLoad destination) {
    InstanceLoad load = source.load();
    int lacking =
        load.queue().headBlocked() ? load.queue().headBlocks() - load.memory().available() : 0;
    RequestView smallest = null;
    RequestView largest = null;
    boolean highHere = load.batch().byClass().high() > 0;
    for (RequestView each : source.running()) {
      boolean mayMove = each.moves() < mostMoves || load.state().draining();
      // Where high requests run, lower ones leave, not they.
      boolean wrongClass =
          highHere
              && each.priority() == PriorityClass.HIGH
              && load.batch().byClass().all() > load.batch().byClass().high();
      if (!mayMove
          || wrongClass
          || each.blocks() > room(destination) - headroom(destination, each.priority())) {
        continue;
      }
      if (each.ownBlocks() >= lacking
          && (smallest == null || each.ownBlocks() < smallest.ownBlocks())) {
        smallest = each;
      }
      if (largest == null || each.ownBlocks() > largest.ownBlocks()) {
        largest = each;
      }
    }
    return smallest == null && lacking > 0 ? largest : smallest;
  }

  /**
   * Whether copying makes room sooner than waiting would: a request that generated n tokens is
   * expected to generate n more, as long-tailed lengths do, so memory comes free at the rate Σ
   * blocks / (n + 1) per step.
   */
  private static boolean pays(SourceView source, RequestView chosen) {
    InstanceLoad load = source.load();
    if (!load.queue().headBlocked()) {
      return true;
    }
    double freed = 0;
    for (RequestView each : source.running()) {
      freed += each.ownBlocks() / (each.generated() + 1.0);
    }
    double lacking = load.queue().headBlocks() - load.memory().available();
    double waitSeconds = lacking / Math.max(1e-9, freed) * load.pace().stepSeconds();
    double copySeconds =
        2 * load.pace().copySeconds() + load.pace().copyTokenSeconds() * chosen.tokens();
    return copySeconds < waitSeconds;
  }

  @Override
  public int reportsPerRound() {
    return 1;
  }

  @Override
  public boolean drainsByMoving() {
    return true;
  }

  @Override
  public boolean replaysAfterFailure() {
    return true;
  }

  @Override
  public ClassOrder classOrder() {
    return new ClassOrder(floor);
  }

  @Override
  public Admission admission() {
    return admission;
  }

  /**
   * A narrower range: an instance that is drained gives its requests away in seconds, so letting
   * one go costs little and need not be put off.
   */
  @Override
  public Scaler scaling(Scaler asked) {
    return asked.withWidth(20);
  }
}

package dev.banyan.plan.recompute;

import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Brings the load of an order below a target by running operators again. Greedy on the peak: of the
 * storages that lie unused at the fullest step, those with the most bytes per FLOP of making them
 * again are tried, and the one that takes most off the load above the target per FLOP is taken.
 * Copies that turn out not to be needed are left out afterwards, dearest first.
 */
public final class Rematerializer {
  private static final int TRIED = 6;
  private static final int PRUNED = 40;

  private final Chains chains;
  private final BooleanSupplier stop;

  public Rematerializer(StepGraph graph, BooleanSupplier stop) {
    this.chains = new Chains(graph);
    this.stop = stop;
  }

  /**
   * A step with copies.
   *
   * @param peakBytes largest load when it runs in the order of {@code graph}
   * @param extraFlops of the copies
   */
  public record Found(StepGraph graph, long peakBytes, double extraFlops, int copies) {}

  /** One thing to make again: a storage before the step of an operator that reads it. */
  private record Action(int storage, int operator, int copy) {}

  /** FLOPs of the step without copies. */
  public double stepFlops() {
    double sum = 0;
    for (double each : chains.flops) {
      sum += each;
    }
    return sum;
  }

  /** The operator that touches the most bytes at once; no copies can bring the peak below them. */
  public int widest() {
    int widest = 0;
    for (int u = 1; u < chains.flops.length; u++) {
      widest = touchedBytes(u) > touchedBytes(widest) ? u : widest;
    }
    return widest;
  }

  /** Bytes of the temporaries an operator reads or writes. */
  public long touchedBytes(int operator) {
    var of = chains.graph.operators().get(operator);
    return java.util.stream.Stream.concat(of.reads().stream(), of.writes().stream())
        .distinct()
        .filter(s -> !chains.graph.storages().get(s).isPersistent())
        .mapToLong(chains.graph::alignedBytes)
        .sum();
  }

  /** The cheapest way found to a peak of at most {@code target}; the lowest peak met, if none. */
  public Found below(List<Integer> order, long target) {
    List<Action> taken = new ArrayList<>();
    Schedule start = Schedule.of(chains, order);
    Schedule best = greedy(start.copy(), target, taken);
    if (best.life().peak() <= target) {
      best = pruned(start, best, taken, target);
      best = covered(start, best, target);
    }
    return found(best);
  }

  /**
   * The usual way, beside ours: of n activations that wait for the backward pass every √n-th is
   * kept, the others are made again from those when they are needed (Chen et al. 2016, arXiv
   * 1604.06174, section 4).
   */
  public Found checkpoints(List<Integer> order) {
    Schedule now = Schedule.of(chains, order);
    Schedule.Life life = now.life();
    int turn = life.peakStep();
    List<Integer> waiting = new ArrayList<>();
    for (int v = 0; v < now.versions(); v++) {
      if (life.first()[v] >= 0
          && life.first()[v] < turn
          && life.last()[v] > turn
          && chains.isPossible(v, false)) {
        waiting.add(v);
      }
    }
    waiting.sort(Comparator.comparingInt(v -> life.first()[v]));
    int every = Math.max(1, (int) Math.ceil(Math.sqrt(waiting.size())));
    List<Integer> dropped = new ArrayList<>();
    for (int i = 0; i < waiting.size(); i++) {
      if (i % every != every - 1) {
        dropped.add(waiting.get(i));
      }
    }
    for (int i = dropped.size() - 1; i >= 0 && !stop.getAsBoolean(); i--) {
      Schedule.Life current = now.life();
      int version = dropped.get(i);
      int peak = current.at()[order.get(turn)];
      int use = nextUse(now, version, peak);
      if (use >= 0) {
        now.again(version, use, peak, current);
      }
    }
    return found(now);
  }

  private Found found(Schedule schedule) {
    return new Found(
        Copies.graph(chains.graph, schedule),
        schedule.life().peak(),
        schedule.extraFlops(),
        schedule.copies());
  }

  private Schedule greedy(Schedule from, long target, List<Action> taken) {
    Schedule now = from;
    Schedule.Life life = now.life();
    while (life.peak() > target && !stop.getAsBoolean()) {
      int peak = life.peakStep();
      double above = life.above(target);
      Schedule best = null;
      Action chosen = null;
      double most = 0;
      for (int version : candidates(now, life, peak)) {
        int use = nextUse(now, version, peak);
        Schedule tried = now.copy();
        if (!tried.again(version, use, peak, life)) {
          continue;
        }
        double gain = above - tried.life().above(target);
        double cost = tried.extraFlops() - now.extraFlops() + 1;
        if (gain > 0 && gain / cost > most) {
          most = gain / cost;
          best = tried;
          Schedule.Step user = now.steps().get(use);
          chosen = new Action(now.storage(version), user.operator(), user.copy());
        }
      }
      if (best == null || chosen == null) {
        return now;
      }
      now = best;
      taken.add(chosen);
      life = now.life();
    }
    return now;
  }

  /** What lies unused at a step and can be made again, the most bytes per FLOP first. */
  private List<Integer> candidates(Schedule now, Schedule.Life life, int peak) {
    List<Integer> idle = new ArrayList<>();
    for (int v = 0; v < now.versions(); v++) {
      boolean live = life.first()[v] >= 0 && life.first()[v] < peak && life.last()[v] > peak;
      if (live
          && chains.isPossible(now.storage(v), false)
          && bytes(now, v) > 0
          && !uses(now, peak, v)) {
        int use = nextUse(now, v, peak);
        if (use > 0) {
          idle.add(v);
        }
      }
    }
    idle.sort(
        Comparator.comparingDouble(v -> -bytes(now, v) / (1 + chains.flopsOf(now.storage(v)))));
    List<Integer> few = new ArrayList<>(idle.subList(0, Math.min(TRIED, idle.size())));
    idle.sort(Comparator.comparingDouble(v -> -bytes(now, v)));
    for (int v : idle.subList(0, Math.min(TRIED, idle.size()))) {
      if (!few.contains(v)) {
        few.add(v);
      }
    }
    return few;
  }

  private double bytes(Schedule now, int version) {
    return chains.graph.alignedBytes(now.storage(version));
  }

  private static boolean uses(Schedule now, int step, int version) {
    for (int each : now.steps().get(step).versions()) {
      if (each == version) {
        return true;
      }
    }
    return false;
  }

  private static int nextUse(Schedule now, int version, int after) {
    for (int k = after + 1; k < now.steps().size(); k++) {
      if (uses(now, k, version)) {
        return k;
      }
    }
    return -1;
  }

  /** Does the actions over without one after the other, and leaves out what is not needed. */
  private Schedule pruned(Schedule start, Schedule best, List<Action> taken, long target) {
    Schedule now = best;
    List<Action> kept = new ArrayList<>(taken);
    List<Action> dearest = new ArrayList<>(taken);
    dearest.sort(Comparator.comparingDouble(a -> -chains.flopsOf(a.storage())));
    int tries = 0;
    for (Action each : dearest) {
      if (tries++ == PRUNED || stop.getAsBoolean()) {
        break;
      }
      List<Action> without = new ArrayList<>(kept);
      without.remove(each);
      Schedule tried = replayed(start, without);
      if (tried.life().peak() <= target && tried.extraFlops() < now.extraFlops()) {
        now = tried;
        kept = without;
      }
    }
    return now;
  }

  private Schedule replayed(Schedule start, List<Action> actions) {
    Schedule now = start.copy();
    for (Action each : actions) {
      apply(now, each);
    }
    return now;
  }

  private void apply(Schedule now, Action action) {
    Schedule.Life life = now.life();
    for (int k = 0; k < now.steps().size(); k++) {
      Schedule.Step step = now.steps().get(k);
      if (step.operator() == action.operator() && (step.copy() == 0) == (action.copy() == 0)) {
        int version = step.version(action.storage());
        if (version >= 0 && k > 0) {
          int before = lastUse(now, version, k);
          now.again(version, k, fullest(life, before + 1, k), life);
        }
        return;
      }
    }
  }

  private static int lastUse(Schedule now, int version, int before) {
    for (int k = before - 1; k >= 0; k--) {
      if (uses(now, k, version)) {
        return k;
      }
    }
    return 0;
  }

  private static int fullest(Schedule.Life life, int from, int to) {
    int best = Math.min(from, to - 1);
    for (int k = from; k < to; k++) {
      best = life.loads()[k] > life.loads()[best] ? k : best;
    }
    return best;
  }

  /**
   * CP-SAT chooses among all gaps of all storages the cheapest set whose bytes, each counted for
   * itself, bring every step below the target; the set is then carried out for real, the greedy way
   * ends it where chains cost bytes the choice did not see, and it is taken if it is cheaper.
   */
  private Schedule covered(Schedule start, Schedule best, long target) {
    Schedule.Life life = start.life();
    List<Action> actions = new ArrayList<>();
    List<CoverProblem.Choice> choices = new ArrayList<>();
    for (int v = 0; v < start.versions(); v++) {
      if (!chains.isPossible(v, false) || life.first()[v] < 0 || bytes(start, v) == 0) {
        continue;
      }
      int before = life.first()[v];
      for (int use = nextUse(start, v, before); use >= 0; use = nextUse(start, v, use)) {
        if (use > before + 1 && exceeds(life, before + 1, use, target)) {
          Schedule tried = start.copy();
          int gone = fullest(life, before + 1, use);
          if (tried.again(v, use, gone, life)) {
            Schedule.Life then = tried.life();
            long saved = life.loads()[gone] - then.loads()[gone];
            if (saved > 0) {
              Schedule.Step user = start.steps().get(use);
              actions.add(new Action(v, user.operator(), user.copy()));
              choices.add(new CoverProblem.Choice(before + 1, use, saved, tried.extraFlops()));
            }
          }
        }
        before = use;
        if (stop.getAsBoolean()) {
          return best;
        }
      }
    }
    Schedule now = best;
    for (long margin : new long[] {0, 2, 5}) {
      long aim = target - target * margin / 100;
      List<Integer> chosen = CoverSolver.choose(new CoverProblem(life.loads(), aim, choices), stop);
      List<Action> plan = new ArrayList<>();
      chosen.forEach(i -> plan.add(actions.get(i)));
      // Last needed first made again: later copies then serve earlier ones' readers.
      plan.sort(Comparator.comparingInt(a -> -life.at()[a.operator()]));
      List<Action> taken = new ArrayList<>(plan);
      Schedule tried = greedy(replayed(start, plan), target, taken);
      if (tried.life().peak() <= target) {
        Schedule lean = pruned(start, tried, taken, target);
        now = lean.extraFlops() < now.extraFlops() ? lean : now;
      }
    }
    return now;
  }

  private static boolean exceeds(Schedule.Life life, int from, int to, long target) {
    for (int k = from; k < to; k++) {
      if (life.loads()[k] > target) {
        return true;
      }
    }
    return false;
  }
}

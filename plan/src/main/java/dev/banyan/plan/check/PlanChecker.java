package dev.banyan.plan.check;

import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.Operator;
import dev.banyan.plan.PlanCheck;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Holds a plan against its graph, from the graph's records alone: the order is a permutation that
 * keeps read-after-write, write-after-read and write-after-write; lifetimes are recomputed; a sweep
 * over time shows that no two live storages share a byte; every claim equals what is recomputed,
 * the lower bound by a maximum flow of its own.
 */
public final class PlanChecker {
  private static final int MOST_FAULTS = 10;

  private final StepGraph graph;
  private final MemoryPlan plan;
  private final List<String> faults = new ArrayList<>();
  private final int[] step;
  private final int[] first;
  private final int[] last;

  private PlanChecker(StepGraph graph, MemoryPlan plan) {
    this.graph = graph;
    this.plan = plan;
    this.step = new int[graph.operators().size()];
    this.first = new int[graph.storages().size()];
    this.last = new int[graph.storages().size()];
  }

  /**
   * Checks everything.
   *
   * @param graphHash the hash of {@code graph}
   */
  public static PlanCheck check(StepGraph graph, String graphHash, MemoryPlan plan) {
    var checker = new PlanChecker(graph, plan);
    if (!plan.graphHash().equals(graphHash)) {
      checker.fault("the plan is for graph " + plan.graphHash() + ", this graph is " + graphHash);
    }
    if (plan.alignment() != graph.alignment()) {
      checker.fault("alignment is " + plan.alignment() + ", the graph's is " + graph.alignment());
    }
    if (!checker.permutation() || !checker.places()) {
      return new PlanCheck(checker.faults, 0, 0);
    }
    checker.dependences();
    checker.lifetimes();
    long peak = checker.peak();
    long arena = checker.arena();
    checker.overlaps();
    checker.claims(peak, arena);
    return new PlanCheck(checker.faults, peak, arena);
  }

  private void fault(String what) {
    if (faults.size() < MOST_FAULTS) {
      faults.add(what);
    }
  }

  private boolean permutation() {
    Arrays.fill(step, -1);
    if (plan.order().size() != step.length) {
      fault("the order has " + plan.order().size() + " operators, the graph " + step.length);
      return false;
    }
    for (int k = 0; k < step.length; k++) {
      int operator = plan.order().get(k);
      if (operator < 0 || operator >= step.length) {
        fault("step " + k + " runs operator " + operator + ", which does not exist");
        return false;
      }
      if (step[operator] >= 0) {
        fault(node(operator) + " runs at steps " + step[operator] + " and " + k);
        return false;
      }
      step[operator] = k;
    }
    return true;
  }

  private boolean places() {
    if (plan.offsets().size() != graph.storages().size()) {
      fault(
          "the plan has "
              + plan.offsets().size()
              + " offsets, the graph "
              + graph.storages().size()
              + " storages");
      return false;
    }
    return true;
  }

  private String node(int operator) {
    return "node '" + graph.operators().get(operator).name() + "'";
  }

  private void dependences() {
    int storages = graph.storages().size();
    int[] writer = new int[storages];
    Arrays.fill(writer, -1);
    List<List<Integer>> readers = new ArrayList<>();
    for (int s = 0; s < storages; s++) {
      readers.add(new ArrayList<>());
    }
    for (Operator operator : graph.operators()) {
      for (int s : operator.reads()) {
        after(operator.id(), writer[s], "reads storage " + s + " written by");
      }
      for (int s : operator.writes()) {
        after(operator.id(), writer[s], "writes storage " + s + " written before by");
        for (int reader : readers.get(s)) {
          after(operator.id(), reader, "writes storage " + s + " read before by");
        }
      }
      for (int s : operator.reads()) {
        readers.get(s).add(operator.id());
      }
      for (int s : operator.writes()) {
        writer[s] = operator.id();
        readers.get(s).clear();
      }
    }
  }

  private void after(int operator, int earlier, String why) {
    if (earlier >= 0 && earlier != operator && step[earlier] > step[operator]) {
      fault(
          node(operator)
              + " "
              + why
              + " "
              + node(earlier)
              + " but runs at step "
              + step[operator]
              + ", that one at step "
              + step[earlier]);
    }
  }

  private void lifetimes() {
    Arrays.fill(first, Integer.MAX_VALUE);
    Arrays.fill(last, -1);
    for (Operator operator : graph.operators()) {
      int at = step[operator.id()];
      for (int s : operator.reads()) {
        first[s] = Math.min(first[s], at);
        last[s] = Math.max(last[s], at);
      }
      for (int s : operator.writes()) {
        first[s] = Math.min(first[s], at);
        last[s] = Math.max(last[s], at);
      }
    }
    for (int tensor : graph.results()) {
      int s = graph.tensors().get(tensor).storage();
      last[s] = last[s] < 0 ? -1 : step.length - 1;
    }
  }

  /** Whether a storage needs a place in the arena. */
  private boolean planned(int s) {
    return !graph.storages().get(s).isPersistent() && last[s] >= 0;
  }

  private long peak() {
    long[] change = new long[step.length + 1];
    for (int s = 0; s < first.length; s++) {
      if (planned(s)) {
        change[first[s]] += graph.alignedBytes(s);
        change[last[s] + 1] -= graph.alignedBytes(s);
      }
    }
    long load = 0;
    long peak = 0;
    for (long each : change) {
      load += each;
      peak = Math.max(peak, load);
    }
    return peak;
  }

  private long arena() {
    long arena = 0;
    for (int s = 0; s < first.length; s++) {
      long offset = plan.offsets().get(s);
      String name = "storage " + s + " '" + graph.storages().get(s).name() + "'";
      if (!planned(s) || graph.storages().get(s).bytes() == 0) {
        if (offset != MemoryPlan.OUTSIDE) {
          fault(name + " has offset " + offset + ", but needs no place in the arena");
        }
        continue;
      }
      if (offset < 0) {
        fault(name + " has no offset");
        continue;
      }
      if (offset % graph.alignment() != 0) {
        fault(name + " lies at " + offset + ", no multiple of " + graph.alignment());
      }
      long bytes = graph.alignedBytes(s);
      if (offset > Long.MAX_VALUE / 2 - bytes) {
        fault(name + " lies at " + offset + ", which overflows");
        continue;
      }
      arena = Math.max(arena, offset + bytes);
    }
    return arena;
  }

  private void overlaps() {
    List<List<Integer>> born = new ArrayList<>();
    List<List<Integer>> dying = new ArrayList<>();
    for (int k = 0; k < step.length; k++) {
      born.add(new ArrayList<>());
      dying.add(new ArrayList<>());
    }
    for (int s = 0; s < first.length; s++) {
      if (planned(s) && graph.storages().get(s).bytes() > 0 && plan.offsets().get(s) >= 0) {
        born.get(first[s]).add(s);
        dying.get(last[s]).add(s);
      }
    }
    TreeMap<Long, Integer> live = new TreeMap<>();
    for (int k = 0; k < step.length; k++) {
      for (int s : born.get(k)) {
        long offset = plan.offsets().get(s);
        Map.Entry<Long, Integer> below = live.floorEntry(offset);
        Map.Entry<Long, Integer> above = live.ceilingEntry(offset);
        if (below != null && below.getKey() + graph.alignedBytes(below.getValue()) > offset) {
          clash(s, below.getValue(), k);
        } else if (above != null && offset + graph.alignedBytes(s) > above.getKey()) {
          clash(s, above.getValue(), k);
        } else {
          live.put(offset, s);
        }
      }
      for (int s : dying.get(k)) {
        live.remove(plan.offsets().get(s), s);
      }
    }
  }

  private void clash(int s, int other, int at) {
    fault(
        "storages "
            + other
            + " '"
            + graph.storages().get(other).name()
            + "' and "
            + s
            + " '"
            + graph.storages().get(s).name()
            + "' share bytes while both are live at step "
            + at);
  }

  private void claims(long peak, long arena) {
    claim("peakBytes", plan.peakBytes(), peak);
    claim("arenaBytes", plan.arenaBytes(), arena);
    for (int operator : plan.boundLater()) {
      if (operator >= step.length || operator == plan.boundOperator()) {
        fault("boundLater names operator " + operator + ", which is no other operator");
        return;
      }
    }
    if (plan.boundOperator() >= step.length) {
      fault("boundOperator is " + plan.boundOperator() + ", there are " + step.length);
      return;
    }
    var proof = new BoundProof(graph);
    claim(
        "lowerBoundBytes",
        plan.lowerBoundBytes(),
        proof.bytes(plan.boundOperator(), plan.boundLater()));
  }

  private void claim(String name, long claimed, long recomputed) {
    if (claimed != recomputed) {
      fault(name + " is " + claimed + ", recomputed it is " + recomputed);
    }
  }
}

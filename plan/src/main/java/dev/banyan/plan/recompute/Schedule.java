package dev.banyan.plan.recompute;

import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A step with copies: operators in the order they run, each with the version of every storage it
 * touches. Versions are numbered through all storages; those of the original step are the storages'
 * own numbers. Immutable steps are shared between schedules, so that trying one is cheap.
 */
final class Schedule {
  /** How many operators one missing storage may cost. */
  private static final int LONGEST = 256;

  private final Chains chains;
  private final List<Step> steps;
  private final List<Integer> storageOf;
  private double extraFlops;
  private int copies;

  /**
   * One run of an operator.
   *
   * @param copy 0 for the original
   * @param storages the storages it touches
   * @param versions the version of each
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Step(int operator, int copy, int[] storages, int[] versions) {
    int version(int storage) {
      for (int i = 0; i < storages.length; i++) {
        if (storages[i] == storage) {
          return versions[i];
        }
      }
      return -1;
    }

    Step with(int from, int to) {
      int[] changed = versions.clone();
      boolean found = false;
      for (int i = 0; i < changed.length; i++) {
        if (changed[i] == from) {
          changed[i] = to;
          found = true;
        }
      }
      return found ? new Step(operator, copy, storages, changed) : this;
    }
  }

  private Schedule(
      Chains chains, List<Step> steps, List<Integer> storageOf, double extraFlops, int copies) {
    this.chains = chains;
    this.steps = steps;
    this.storageOf = storageOf;
    this.extraFlops = extraFlops;
    this.copies = copies;
  }

  /** The step as it is, in an order of its operators. */
  static Schedule of(Chains chains, List<Integer> order) {
    StepGraph graph = chains.graph;
    List<Step> steps = new ArrayList<>();
    for (int id : order) {
      Operator operator = graph.operators().get(id);
      int[] touched =
          java.util.stream.Stream.concat(operator.reads().stream(), operator.writes().stream())
              .distinct()
              .mapToInt(Integer::intValue)
              .toArray();
      steps.add(new Step(id, 0, touched, touched.clone()));
    }
    List<Integer> storageOf = new ArrayList<>();
    for (int s = 0; s < graph.storages().size(); s++) {
      storageOf.add(s);
    }
    return new Schedule(chains, steps, storageOf, 0, 0);
  }

  Schedule copy() {
    return new Schedule(
        chains, new ArrayList<>(steps), new ArrayList<>(storageOf), extraFlops, copies);
  }

  List<Step> steps() {
    return steps;
  }

  int versions() {
    return storageOf.size();
  }

  int storage(int version) {
    return storageOf.get(version);
  }

  double extraFlops() {
    return extraFlops;
  }

  int copies() {
    return copies;
  }

  /** When versions are born and die, and what is live at each step. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Life(int[] first, int[] last, int[] at, long[] loads) {
    int peakStep() {
      int best = 0;
      for (int k = 1; k < loads.length; k++) {
        best = loads[k] > loads[best] ? k : best;
      }
      return best;
    }

    long peak() {
      return loads.length == 0 ? 0 : loads[peakStep()];
    }

    /** Bytes × steps above a target. */
    double above(long target) {
      double sum = 0;
      for (long load : loads) {
        sum += Math.max(0, load - target);
      }
      return sum;
    }
  }

  Life life() {
    int[] first = new int[versions()];
    int[] last = new int[versions()];
    Arrays.fill(first, -1);
    Arrays.fill(last, -1);
    int[] at = new int[chains.graph.operators().size()];
    for (int k = 0; k < steps.size(); k++) {
      if (steps.get(k).copy() == 0) {
        at[steps.get(k).operator()] = k;
      }
      for (int version : steps.get(k).versions()) {
        first[version] = first[version] < 0 ? k : first[version];
        last[version] = k;
      }
    }
    for (int s : chains.graph.resultStorages()) {
      int newest = s;
      for (int v = chains.graph.storages().size(); v < versions(); v++) {
        newest = storageOf.get(v) == s && first[v] > first[newest] ? v : newest;
      }
      last[newest] = last[newest] < 0 ? -1 : steps.size() - 1;
    }
    long[] change = new long[steps.size() + 1];
    for (int v = 0; v < first.length; v++) {
      int storage = storageOf.get(v);
      if (first[v] >= 0 && !chains.graph.storages().get(storage).isPersistent()) {
        long bytes = chains.graph.alignedBytes(storage);
        change[first[v]] += bytes;
        change[last[v] + 1] -= bytes;
      }
    }
    long[] loads = new long[steps.size()];
    long load = 0;
    for (int k = 0; k < loads.length; k++) {
      load += change[k];
      loads[k] = load;
    }
    return new Life(first, last, at, loads);
  }

  /**
   * Makes a storage again just before a step that uses it, with whatever of its inputs is gone by
   * {@code gone}: the version is then not needed between its use before and that step.
   *
   * @param gone a step; inputs that are not live there are made again too, where that is possible
   * @return false when it cannot be, and nothing is changed
   */
  boolean again(int version, int use, int gone, Life life) {
    int storage = storageOf.get(version);
    List<Step> made = new ArrayList<>();
    Map<Integer, Integer> fresh = new HashMap<>();
    int oldVersions = versions();
    if (!make(storage, use, gone, life, made, fresh)) {
      return false;
    }
    steps.addAll(use, made);
    Map<Integer, Integer> replaced = new HashMap<>();
    for (int v = oldVersions; v < versions(); v++) {
      int of = storageOf.get(v);
      if (fresh.getOrDefault(of, -1) == v) {
        replaced.put(of, v);
      }
    }
    for (int k = use + made.size(); k < steps.size(); k++) {
      steps.set(k, redirected(steps.get(k), replaced, life, use));
    }
    return true;
  }

  /** Later steps take the new versions instead of those that were there before. */
  private Step redirected(Step step, Map<Integer, Integer> replaced, Life life, int use) {
    Step now = step;
    for (int i = 0; i < step.storages().length; i++) {
      Integer newer = replaced.get(step.storages()[i]);
      int version = step.versions()[i];
      if (newer != null && version < life.first().length && life.first()[version] < use) {
        now = now.with(version, newer);
      }
    }
    return now;
  }

  private boolean make(
      int storage, int use, int gone, Life life, List<Step> made, Map<Integer, Integer> fresh) {
    int oldMade = made.size();
    int oldVersions = versions();
    double oldFlops = extraFlops;
    int oldCopies = copies;
    Map<Integer, Integer> oldFresh = Map.copyOf(fresh);
    if (tryMake(storage, use, gone, life, made, fresh)) {
      return true;
    }
    made.subList(oldMade, made.size()).clear();
    storageOf.subList(oldVersions, storageOf.size()).clear();
    extraFlops = oldFlops;
    copies = oldCopies;
    fresh.clear();
    fresh.putAll(oldFresh);
    return false;
  }

  private boolean tryMake(
      int storage, int use, int gone, Life life, List<Step> made, Map<Integer, Integer> fresh) {
    if (!chains.isPossible(storage, true)) {
      return false;
    }
    for (int writer : chains.writers[storage]) {
      if (life.at()[writer] >= use) {
        return false;
      }
      List<Integer> reads = chains.reads(writer);
      for (int read : reads) {
        if (read == storage || fresh.containsKey(read)) {
          continue;
        }
        if (!isUnchanged(read, writer, use, life)) {
          return false;
        }
        if (!isThere(read, use, gone, life)) {
          // Where an input cannot be made again it is kept longer instead.
          make(read, use, gone, life, made, fresh);
        }
      }
      if (made.size() >= LONGEST) {
        return false;
      }
      made.add(step(writer, storage, reads, use, life, fresh));
      extraFlops += chains.flops[writer];
    }
    return true;
  }

  private Step step(
      int writer,
      int storage,
      List<Integer> reads,
      int use,
      Life life,
      Map<Integer, Integer> fresh) {
    Operator operator = chains.graph.operators().get(writer);
    List<Integer> touched = new ArrayList<>(reads);
    operator.writes().stream().filter(each -> !touched.contains(each)).forEach(touched::add);
    int[] storages = touched.stream().mapToInt(Integer::intValue).toArray();
    int[] versions = new int[storages.length];
    for (int i = 0; i < storages.length; i++) {
      int each = storages[i];
      if (operator.writes().contains(each) && chains.writers[each][0] == writer) {
        versions[i] = storageOf.size();
        storageOf.add(each);
        // A sibling that others write on is not whole here: it serves nobody.
        if (each == storage || chains.writers[each].length == 1) {
          fresh.put(each, versions[i]);
        }
      } else {
        Integer now = fresh.get(each);
        versions[i] = now == null ? newest(each, use, life) : now;
      }
    }
    copies++;
    return new Step(writer, copies, storages, versions);
  }

  /** The version of a storage that was made last before {@code use}. */
  private int newest(int storage, int use, Life life) {
    int newest = storage;
    for (int v = chains.graph.storages().size(); v < life.first().length; v++) {
      boolean before = life.first()[v] >= 0 && life.first()[v] < use;
      if (storageOf.get(v) == storage && before && life.first()[v] > life.first()[newest]) {
        newest = v;
      }
    }
    return newest;
  }

  /** Whether reading a storage costs nothing at {@code gone}. */
  private boolean isThere(int storage, int use, int gone, Life life) {
    return chains.graph.storages().get(storage).isPersistent()
        || life.last()[newest(storage, use, life)] >= gone;
  }

  /** Whether no operator wrote on what outlives the step since {@code writer} read it. */
  private boolean isUnchanged(int storage, int writer, int use, Life life) {
    if (chains.graph.storages().get(storage).isPersistent()) {
      for (int other : chains.writers[storage]) {
        if (life.at()[other] > life.at()[writer] && life.at()[other] < use) {
          return false;
        }
      }
    }
    return true;
  }
}

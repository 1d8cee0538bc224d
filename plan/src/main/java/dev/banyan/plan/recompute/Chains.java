package dev.banyan.plan.recompute;

import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What must be run again to have a storage back: all its writers in order. Possible when they write
 * nothing else that was there before, and when what they read does not change afterwards.
 */
final class Chains {
  /**
   * They move running averages besides, unless these are left out (in training they are unused).
   */
  private static final Set<String> RUNNING =
      Set.of("aten.native_batch_norm.default", "aten.cudnn_batch_norm.default");

  final StepGraph graph;
  final double[] flops;

  /** Writers of each storage, in program order. */
  final int[][] writers;

  private final boolean[] possible;
  private final boolean[] result;

  Chains(StepGraph graph) {
    this.graph = graph;
    int storages = graph.storages().size();
    List<List<Integer>> all = new ArrayList<>();
    for (int s = 0; s < storages; s++) {
      all.add(new ArrayList<>());
    }
    for (Operator operator : graph.operators()) {
      operator.writes().forEach(s -> all.get(s).add(operator.id()));
    }
    writers = new int[storages][];
    Arrays.setAll(writers, s -> all.get(s).stream().mapToInt(Integer::intValue).toArray());
    var counted = new Flops(graph);
    flops = graph.operators().stream().mapToDouble(counted::of).toArray();
    result = new boolean[storages];
    graph.resultStorages().forEach(s -> result[s] = true);
    possible = new boolean[storages];
    for (int s = 0; s < storages; s++) {
      possible[s] = isPossible(s);
    }
  }

  /** Whether the storage can be made again. */
  boolean isPossible(int storage, boolean evenResults) {
    return possible[storage] && (evenResults || !result[storage]);
  }

  /** The FLOPs of making a storage once its inputs are there. */
  double flopsOf(int storage) {
    double sum = 0;
    for (int writer : writers[storage]) {
      sum += flops[writer];
    }
    return sum;
  }

  /** What a copy of an operator reads. */
  List<Integer> reads(int operator) {
    Operator of = graph.operators().get(operator);
    if (!RUNNING.contains(of.target())) {
      return of.reads();
    }
    Set<Integer> running = Copies.runningStatistics(graph, of);
    return of.reads().stream().filter(each -> !running.contains(each)).toList();
  }

  private boolean isPossible(int storage) {
    if (graph.storages().get(storage).isPersistent() || writers[storage].length == 0) {
      return false;
    }
    for (int writer : writers[storage]) {
      Operator operator = graph.operators().get(writer);
      boolean norm = RUNNING.contains(operator.target());
      if (norm && !Copies.isTraining(operator)) {
        return false;
      }
      for (int written : operator.writes()) {
        boolean makes =
            writers[written][0] == writer && !graph.storages().get(written).isPersistent();
        if (written != storage && !makes) {
          return false;
        }
      }
      for (int read : operator.reads()) {
        boolean temporary = !graph.storages().get(read).isPersistent();
        boolean laterWritten =
            writers[read].length > 0 && writers[read][writers[read].length - 1] >= writer;
        if (read != storage && temporary && laterWritten) {
          return false;
        }
      }
    }
    return true;
  }
}

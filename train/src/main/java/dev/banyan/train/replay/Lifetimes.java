package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which temporaries are born before and die after each position of an order: from the first
 * operator that touches them to the last, results to the end.
 *
 * @param born storage ids by position
 * @param dying storage ids by position
 */
record Lifetimes(List<List<Integer>> born, List<List<Integer>> dying) {
  /**
   * @throws UserInputException when the order is none of all the graph's operators
   */
  static Lifetimes of(StepGraph graph, List<Integer> order) {
    int operators = graph.operators().size();
    if (order.size() != operators
        || Set.copyOf(order).size() != operators
        || order.stream().anyMatch(each -> each < 0 || each >= operators)) {
      throw new UserInputException(
          "the plan's order is no order of the graph's %d operators".formatted(operators));
    }
    int[] last = new int[graph.storages().size()];
    int[] first = new int[last.length];
    Arrays.fill(last, -1);
    Arrays.fill(first, -1);
    for (int at = 0; at < order.size(); at++) {
      for (int storage : touched(graph.operators().get(order.get(at)))) {
        last[storage] = at;
        first[storage] = first[storage] < 0 ? at : first[storage];
      }
    }
    List<List<Integer>> born = empty(operators);
    List<List<Integer>> dying = empty(operators);
    Set<Integer> results = new HashSet<>(graph.resultStorages());
    for (int storage = 0; storage < last.length; storage++) {
      if (last[storage] >= 0 && !graph.storages().get(storage).isPersistent()) {
        born.get(first[storage]).add(storage);
        if (!results.contains(storage)) {
          dying.get(last[storage]).add(storage);
        }
      }
    }
    return new Lifetimes(born, dying);
  }

  private static Set<Integer> touched(Operator operator) {
    Set<Integer> touched = new HashSet<>(operator.reads());
    touched.addAll(operator.writes());
    return touched;
  }

  private static List<List<Integer>> empty(int count) {
    List<List<Integer>> lists = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      lists.add(new ArrayList<>());
    }
    return lists;
  }
}

package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Operator;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a graph must be for a plan to mean something. */
public final class GraphRules {
  private final String source;
  private final List<Storage> storages;
  private final List<Operator> operators;

  private GraphRules(String source, List<Storage> storages, List<Operator> operators) {
    this.source = source;
    this.storages = storages;
    this.operators = operators;
  }

  /**
   * Holds a graph against the rules.
   *
   * @throws UserInputException naming the node when a storage or tensor does not exist, a name is
   *     used twice, a temporary is used before it is made, operators wait for one another in a
   *     circle, or all storages together overflow 64 bits
   */
  public static void check(
      String source,
      List<Storage> storages,
      List<TensorSlot> tensors,
      List<Operator> operators,
      List<Integer> results) {
    var rules = new GraphRules(source, storages, operators);
    rules.sizes();
    for (TensorSlot tensor : tensors) {
      rules.exists("tensor " + tensor.id() + ": storage", tensor.storage(), storages.size());
    }
    rules.operators(tensors.size());
    for (int result : results) {
      rules.exists("results: tensor", result, tensors.size());
    }
    rules.definitions();
  }

  private void sizes() {
    long sum = 0;
    for (Storage storage : storages) {
      // Room for alignment, so that no later sum can overflow either.
      sum += storage.bytes() / 2 + (1 << 12);
      if (sum < 0 || sum > Long.MAX_VALUE / 4) {
        throw bad(
            "storage "
                + storage.id()
                + " '"
                + storage.name()
                + "': "
                + storage.bytes()
                + " bytes, all sizes together overflow 64 bits");
      }
    }
  }

  private void operators(int tensors) {
    Set<String> names = new HashSet<>();
    for (Operator operator : operators) {
      String node = "node '" + operator.name() + "'";
      if (operator.name().isEmpty() || !names.add(operator.name())) {
        throw bad("operator " + operator.id() + ": name '" + operator.name() + "' is not unique");
      }
      operator.reads().forEach(each -> exists(node + ": reads storage", each, storages.size()));
      operator.writes().forEach(each -> exists(node + ": writes storage", each, storages.size()));
      operator
          .outputs()
          .forEach(each -> each.ifPresent(tensor -> exists(node + ": output", tensor, tensors)));
    }
  }

  private void exists(String what, int index, int size) {
    if (index < 0 || index >= size) {
      throw bad(what + " " + index + " does not exist, there are " + size);
    }
  }

  private void definitions() {
    int[] maker = new int[storages.size()];
    Arrays.fill(maker, -1);
    for (Operator operator : operators) {
      for (int storage : operator.reads()) {
        if (!storages.get(storage).isPersistent() && maker[storage] < 0) {
          throw undefined(operator, storage);
        }
      }
      for (int storage : operator.writes()) {
        if (maker[storage] < 0) {
          maker[storage] = operator.id();
        }
      }
    }
  }

  private UserInputException undefined(Operator reader, int storage) {
    String what = "node '" + reader.name() + "' reads storage " + storage;
    for (Operator later : operators.subList(reader.id(), operators.size())) {
      if (later.writes().contains(storage)) {
        List<String> circle = path(reader, later);
        return circle.isEmpty()
            ? bad(what + " before node '" + later.name() + "' makes it; list operators in order")
            : bad("nodes wait for one another in a cycle: " + String.join(" → ", circle));
      }
    }
    return bad(what + " '" + storages.get(storage).name() + "', which no node makes");
  }

  /** Names on a way from what {@code from} writes to what {@code to} reads, or nothing. */
  private List<String> path(Operator from, Operator to) {
    int[] cameFrom = new int[operators.size()];
    Arrays.fill(cameFrom, -1);
    Deque<Operator> open = new ArrayDeque<>(List.of(from));
    cameFrom[from.id()] = from.id();
    while (!open.isEmpty()) {
      Operator here = open.poll();
      if (here.id() == to.id()) {
        List<String> names = new ArrayList<>(List.of(from.name()));
        for (int at = to.id(); at != from.id(); at = cameFrom[at]) {
          names.add(1, operators.get(at).name());
        }
        names.add(from.name());
        return names.size() > 8 ? shortened(names) : names;
      }
      Set<Integer> written = new HashSet<>(here.writes());
      for (Operator next : operators) {
        if (cameFrom[next.id()] < 0 && next.reads().stream().anyMatch(written::contains)) {
          cameFrom[next.id()] = here.id();
          open.add(next);
        }
      }
    }
    return List.of();
  }

  private static List<String> shortened(List<String> names) {
    List<String> few = new ArrayList<>(names.subList(0, 4));
    few.add("…");
    few.addAll(names.subList(names.size() - 3, names.size()));
    return few;
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": " + what);
  }
}

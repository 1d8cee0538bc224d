package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.tensor.AtenOperator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How an operator of a graph is called.
 *
 * @param form what happens to its results
 * @param operator what is called: the out form for {@link Form#OUT}
 */
record Call(Form form, AtenOperator operator) {
  /** What happens to an operator's results. */
  enum Form {
    /** Its kernel writes them where they belong. */
    OUT,
    /** It makes them, and they are copied where they belong. */
    COPIED,
    /** It only changes what is there. */
    IN_PLACE,
    /** They hold nothing yet. */
    UNTOUCHED
  }

  /** Finds operators by their names, once each. */
  static final class Book {
    private record Forms(AtenOperator functional, Optional<AtenOperator> out) {}

    private final StepGraph graph;
    private final Map<String, Forms> found = new HashMap<>();

    Book(StepGraph graph) {
      this.graph = graph;
    }

    Call of(Operator operator) {
      Forms forms = found.computeIfAbsent(operator.target(), target -> find(operator));
      List<Integer> fresh = operator.writes().stream().filter(id -> fresh(operator, id)).toList();
      if (fresh.isEmpty()) {
        return new Call(Form.IN_PLACE, forms.functional());
      }
      if (operator.target().matches("aten\\.(new_)?empty(_like|_strided|_permuted)?\\..*")) {
        return new Call(Form.UNTOUCHED, forms.functional());
      }
      boolean onlyFresh = fresh.size() == operator.writes().size();
      boolean all = operator.outputs().stream().allMatch(OptionalInt::isPresent);
      return forms
          .out()
          .filter(out -> onlyFresh && all && out.outs() == operator.outputs().size())
          .map(out -> new Call(Form.OUT, out))
          .orElseGet(() -> new Call(Form.COPIED, forms.functional()));
    }

    /** Whether a storage is one of the operator's own making. */
    boolean fresh(Operator operator, int storage) {
      return !graph.storages().get(storage).isPersistent()
          && !operator.reads().contains(storage)
          && operator.outputs().stream()
              .flatMapToInt(OptionalInt::stream)
              .anyMatch(tensor -> graph.tensors().get(tensor).storage() == storage);
    }

    private Forms find(Operator operator) {
      String target = operator.target();
      int first = target.indexOf('.');
      int last = target.lastIndexOf('.');
      if (first < 0 || last <= first) {
        throw absent(operator);
      }
      String overload = target.substring(last + 1);
      AtenOperator functional =
          AtenOperator.find(
                  target.substring(0, first) + "::" + target.substring(first + 1, last),
                  overload.equals("default") ? "" : overload)
              .orElseThrow(() -> absent(operator));
      return new Forms(functional, functional.outForm());
    }

    private UserInputException absent(Operator operator) {
      return new UserInputException(
          "%s: node '%s' calls %s, which libtorch does not have; steps of ATen operators can be run"
              .formatted(graph.source(), operator.name(), operator.target()));
    }
  }
}

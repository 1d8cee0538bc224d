package dev.banyan.serve.engine;

import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.ClassOrder;
import dev.banyan.serve.policy.PriorityClass;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Requests that wait to be admitted: a line for each class, and the order between classes. Not
 * thread-safe.
 */
final class WaitingLine {
  private final ClassOrder order;
  private final List<ArrayDeque<Sequence>> lines = new ArrayList<>();
  private final double[] served = new double[PriorityClass.count()];

  WaitingLine(ClassOrder order) {
    this.order = order;
    for (int i = 0; i < PriorityClass.count(); i++) {
      lines.add(new ArrayDeque<>());
    }
  }

  private ArrayDeque<Sequence> line(Sequence of) {
    return lines.get(of.priority().index());
  }

  /** One that waited elsewhere, or has a short prompt, may be due before those here. */
  void add(Sequence sequence) {
    ArrayDeque<Sequence> line = line(sequence);
    var later = new ArrayDeque<Sequence>();
    while (!line.isEmpty()
        && line.getLast().generated() == 0
        && line.getLast().due > sequence.due) {
      later.addFirst(line.removeLast());
    }
    line.addLast(sequence);
    line.addAll(later);
  }

  /** One that had begun goes before all of its class. */
  void addFirst(Sequence sequence) {
    line(sequence).addFirst(sequence);
  }

  void remove(Sequence sequence) {
    line(sequence).remove(sequence);
  }

  int size() {
    return lines.stream().mapToInt(ArrayDeque::size).sum();
  }

  boolean isEmpty() {
    return size() == 0;
  }

  ClassCounts counts() {
    return new ClassCounts(lines.get(0).size(), lines.get(1).size(), lines.get(2).size());
  }

  /** The one that is admitted next, of at least one. */
  Sequence head() {
    return lines.get(order.next(counts(), served).index()).getFirst();
  }

  /** Tokens were computed for a class, which counts between classes. */
  void serve(PriorityClass of, int tokens) {
    served[of.index()] += tokens;
  }

  /** All of them, the highest class first. */
  List<Sequence> all() {
    List<Sequence> all = new ArrayList<>();
    for (ArrayDeque<Sequence> line : lines.reversed()) {
      all.addAll(line);
    }
    return all;
  }
}

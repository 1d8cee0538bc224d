package dev.banyan.world.document;

import dev.banyan.world.Split;
import dev.banyan.world.phrase.Keys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A program that runs while it is being written: a small subset of Python with integers from 0 to
 * 99, assignments, sums, differences, one function, loops, conditions, lists and print. Two-digit
 * sums with a test key are avoided.
 */
public final class Program {
  private static final List<String> NAMES =
      List.of(
          "x", "y", "z", "a", "b", "n", "total", "count", "apples", "price", "width", "height",
          "left", "score", "coins", "steps", "day", "size");
  private static final List<String> LISTS = List.of("items", "numbers", "row", "parts");

  /** The one function of a program: name(parameter) gives parameter op constant. */
  private record Function(String name, String parameter, boolean adds, int constant) {}

  private final RandomGenerator random;
  private final List<String> lines = new ArrayList<>();
  private final List<String> output = new ArrayList<>();
  private final Map<String, Integer> values = new LinkedHashMap<>();
  private final Map<String, List<Integer>> lists = new LinkedHashMap<>();

  public Program(RandomGenerator random) {
    this.random = random;
  }

  /** The source, lines joined. */
  public String source() {
    return String.join("\n", lines);
  }

  /** What it prints, line by line. */
  public List<String> output() {
    return List.copyOf(output);
  }

  /** A program of a document: a function, then statements of every kind. */
  public Program whole() {
    Function function = null;
    if (random.nextInt(3) > 0) {
      function = define();
    }
    assignConstant();
    assignConstant();
    for (int i = 0, statements = 4 + random.nextInt(6); i < statements; i++) {
      statement(function);
    }
    if (output.size() < 2) {
      print();
    }
    print();
    return this;
  }

  /** Two to four plain lines and a print: what the code skill asks. */
  public Program brief() {
    assignConstant();
    if (random.nextBoolean()) {
      assignConstant();
    }
    String target = assignSum();
    if (random.nextInt(3) == 0) {
      target = assignSum();
    }
    print(target);
    return this;
  }

  private void statement(@org.jspecify.annotations.Nullable Function function) {
    switch (random.nextInt(10)) {
      case 0 -> assignConstant();
      case 1, 2, 3 -> assignSum();
      case 4 -> loop();
      case 5 -> condition();
      case 6 -> list();
      case 7, 8 -> {
        if (function == null) {
          assignSum();
        } else {
          call(function);
        }
      }
      default -> print();
    }
  }

  private Function define() {
    String name = of(List.of("more", "less", "next_step", "pay", "grow", "shift"));
    String parameter = of(List.of("k", "v", "amount", "value"));
    Function function = new Function(name, parameter, random.nextInt(3) > 0, 1 + random.nextInt(9));
    lines.add("def " + name + "(" + parameter + "):");
    if (random.nextBoolean()) {
      lines.add("    result = " + expression(function));
      lines.add("    return result");
    } else {
      lines.add("    return " + expression(function));
    }
    lines.add("");
    return function;
  }

  private static String expression(Function function) {
    return function.parameter() + (function.adds() ? " + " : " - ") + function.constant();
  }

  private void call(Function function) {
    String argument = anyName();
    int value = value(argument);
    int result = function.adds() ? value + function.constant() : value - function.constant();
    if (result < 0 || result > 99) {
      assignConstant();
      return;
    }
    String target = of(NAMES);
    lines.add(target + " = " + function.name() + "(" + argument + ")");
    values.put(target, result);
  }

  private void assignConstant() {
    String target = of(NAMES);
    int value = 1 + random.nextInt(random.nextBoolean() ? 9 : 40);
    lines.add(target + " = " + value);
    values.put(target, value);
  }

  /** An assignment of a sum or a difference; the name that was set. */
  private String assignSum() {
    while (true) {
      String left = anyName();
      String right = random.nextBoolean() ? anyName() : String.valueOf(1 + random.nextInt(9));
      int a = value(left);
      int b = values.containsKey(right) ? value(right) : Integer.parseInt(right);
      boolean adds = random.nextInt(3) > 0;
      int result = adds ? a + b : a - b;
      boolean stays = result >= 0 && result <= 99;
      boolean free = a < 10 || b < 10 || Split.of(Keys.sum(a, b)) == Split.TRAIN;
      if (stays && free) {
        String target = random.nextInt(3) == 0 ? left : of(NAMES);
        lines.add(target + " = " + left + (adds ? " + " : " - ") + right);
        values.put(target, result);
        return target;
      }
      if (random.nextInt(8) == 0) {
        assignConstant();
      }
    }
  }

  private void loop() {
    String target = anyName();
    int rounds = 2 + random.nextInt(3);
    int step = 1 + random.nextInt(4);
    int result = value(target) + rounds * step;
    if (result > 99) {
      print();
      return;
    }
    lines.add("for i in range(" + rounds + "):");
    lines.add("    " + target + " = " + target + " + " + step);
    values.put(target, result);
  }

  private void condition() {
    String tested = anyName();
    int limit = 1 + random.nextInt(30);
    boolean holds = value(tested) > limit;
    String target = of(NAMES);
    int yes = 1 + random.nextInt(20);
    int no = 1 + random.nextInt(20);
    lines.add("if " + tested + " > " + limit + ":");
    lines.add("    " + target + " = " + yes);
    lines.add("else:");
    lines.add("    " + target + " = " + no);
    values.put(target, holds ? yes : no);
  }

  private void list() {
    if (!lists.isEmpty() && random.nextBoolean()) {
      String name = of(List.copyOf(lists.keySet()));
      List<Integer> elements = lists.getOrDefault(name, List.of());
      int at = random.nextInt(elements.size());
      String target = of(NAMES);
      lines.add(target + " = " + name + "[" + at + "]");
      values.put(target, elements.get(at));
      return;
    }
    String name = of(LISTS);
    List<Integer> elements = new ArrayList<>();
    for (int i = 0, size = 3 + random.nextInt(2); i < size; i++) {
      elements.add(1 + random.nextInt(20));
    }
    lines.add(name + " = " + elements);
    lists.put(name, elements);
  }

  private void print() {
    print(anyName());
  }

  private void print(String name) {
    lines.add("print(" + name + ")");
    output.add(String.valueOf(value(name)));
  }

  private int value(String name) {
    Integer value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("'" + name + "' is used before it is set");
    }
    return value;
  }

  private String anyName() {
    return of(List.copyOf(values.keySet()));
  }

  private String of(List<String> options) {
    return options.get(random.nextInt(options.size()));
  }
}

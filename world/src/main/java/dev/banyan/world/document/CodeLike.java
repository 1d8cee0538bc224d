package dev.banyan.world.document;

import dev.banyan.world.graph.Words;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Short programs followed by what they print: names are set and used lines later, and the output
 * can only be told by running the program. Some documents are nested data with matching brackets.
 */
public final class CodeLike implements DomainText {
  private static final int DEEPEST = 3;

  @Override
  public String write(RandomGenerator random) {
    if (random.nextInt(5) == 0) {
      StringBuilder text = new StringBuilder("data = ");
      data(text, 0, random);
      return text.toString();
    }
    Program program = new Program(random).whole();
    StringBuilder text = new StringBuilder(program.source()).append("\n# prints");
    for (String line : program.output()) {
      text.append(' ').append(line);
    }
    return text.toString();
  }

  private static void data(StringBuilder text, int depth, RandomGenerator random) {
    boolean list = random.nextBoolean();
    String indent = "  ".repeat(depth + 1);
    text.append(list ? "[\n" : "{\n");
    int size = depth == 0 ? 3 + random.nextInt(2) : 2 + random.nextInt(2);
    List<String> names = Setting.distinct(Words.SMALL_THINGS, size, random);
    for (int i = 0; i < size; i++) {
      text.append(indent);
      if (!list) {
        text.append('"').append(names.get(i)).append("\": ");
      }
      if (depth < DEEPEST - 1 && random.nextInt(3) == 0) {
        data(text, depth + 1, random);
      } else if (random.nextBoolean()) {
        text.append(1 + random.nextInt(99));
      } else {
        text.append('"').append(of(Words.COLOURS, random)).append('"');
      }
      text.append(i + 1 < size ? ",\n" : "\n");
    }
    text.append("  ".repeat(depth)).append(list ? ']' : '}');
  }

  private static String of(List<String> options, RandomGenerator random) {
    return options.get(random.nextInt(options.size()));
  }
}

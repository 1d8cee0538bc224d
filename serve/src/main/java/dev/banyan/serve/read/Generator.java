package dev.banyan.serve.read;

import dev.banyan.core.Nearest;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.TraceRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Workloads without a trace: prompts and outputs of short, medium and long power laws, named {@code
 * S-S} to {@code L-L} as in Llumnix (OSDI 2024, table 1), and {@code burstgpt-like}, which has the
 * quantiles of the lengths of BurstGPT's GPT-4 requests given there. Two numbers, as {@code 64-32},
 * are prompts and outputs that are all as long as that.
 */
public final class Generator {
  private static final int CAP = 6144;
  private static final double[] SHARES = {0, 0.5, 0.8, 0.95, 0.99, 1};
  private static final Quantiles BURST_PROMPT =
      new Quantiles(SHARES, new double[] {15, 582, 1427, 2345, 3549, 6144});
  private static final Quantiles BURST_OUTPUT =
      new Quantiles(SHARES, new double[] {8, 243, 434, 669, 964, 2000});

  private Generator() {}

  private static final Pattern FIXED = Pattern.compile("([1-9]\\d{0,6})-([1-9]\\d{0,6})");

  /** Names that {@link #generate} knows, beside two numbers. */
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    for (String in : List.of("S", "M", "L")) {
      for (String out : List.of("S", "M", "L")) {
        names.add(in + "-" + out);
      }
    }
    names.add("burstgpt-like");
    return names;
  }

  /**
   * Draws a workload; lengths and gaps come from streams of their own, so another rate has the same
   * lengths.
   *
   * @param rate requests per second
   * @param cv coefficient of variation of the gaps
   * @throws UserInputException when there is no such workload
   */
  public static List<TraceRequest> generate(
      String name, int requests, double rate, double cv, Seed seed) {
    Matcher fixed = FIXED.matcher(name);
    if (!fixed.matches() && !names().contains(name)) {
      String hint = Nearest.of(name, names()).map(n -> "; did you mean '" + n + "'?").orElse(".");
      throw new UserInputException(
          "there is no workload '" + name + "'" + hint + " Known: " + String.join(", ", names()));
    }
    if (!(rate > 0) || !(cv > 0) || Double.isInfinite(rate) || requests < 1) {
      throw new UserInputException(
          "a workload needs requests ≥ 1, rate > 0 and cv > 0, not %d, %s and %s"
              .formatted(requests, rate, cv));
    }
    Seed own = seed.of("workload", name);
    int[] prompts;
    int[] outputs;
    if (fixed.matches()) {
      prompts = all(requests, Integer.parseInt(fixed.group(1)));
      outputs = all(requests, Integer.parseInt(fixed.group(2)));
    } else if (name.equals("burstgpt-like")) {
      prompts = BURST_PROMPT.draw(requests, own.of("prompt"));
      outputs = BURST_OUTPUT.draw(requests, own.of("output"));
    } else {
      prompts = law(name.charAt(0)).draw(requests, own.of("prompt"));
      outputs = law(name.charAt(2)).draw(requests, own.of("output"));
    }
    double[] times = new Gaps(rate, cv).arrivals(requests, own);
    List<TraceRequest> trace = new ArrayList<>(requests);
    for (int i = 0; i < requests; i++) {
      trace.add(TraceRequest.of(times[i], prompts[i], outputs[i]));
    }
    return trace;
  }

  private static int[] all(int count, int length) {
    int[] lengths = new int[count];
    Arrays.fill(lengths, length);
    return lengths;
  }

  private static PowerLaw law(char length) {
    return switch (length) {
      case 'S' -> new PowerLaw(128, 2.0, CAP);
      case 'M' -> new PowerLaw(256, 1.5, CAP);
      default -> new PowerLaw(512, 1.15, CAP);
    };
  }
}

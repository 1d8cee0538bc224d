package dev.banyan.serve;

import dev.banyan.core.Format;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.read.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What a simulation is fed. A generated workload is drawn anew for each seed; of a trace each seed
 * takes a stretch that begins elsewhere (the whole trace when it is not longer than asked for).
 *
 * @param name of a generated workload, or of the trace
 * @param trace when there is one
 * @param requests per seed
 * @param rate mean requests per second; 0 leaves a trace as fast as it was
 * @param cv coefficient of variation of generated gaps; a trace keeps its own
 * @param highShare of requests in the high class
 * @param lowShare of requests in the low class
 * @param mostPrompt longer prompts are cut to this
 * @param mostOutput longer outputs are cut to this
 */
public record Workload(
    String name,
    Optional<Trace> trace,
    int requests,
    double rate,
    double cv,
    double highShare,
    double lowShare,
    int mostPrompt,
    int mostOutput) {

  /** The cap of the artifact of Llumnix for prompts and outputs alike. */
  public static final int CAP = 6144;

  private static final int FEW_DRAWN = 20;
  private static final int MOST_DRAWN = 10_000_000;

  public Workload {
    boolean shares = highShare >= 0 && lowShare >= 0 && highShare + lowShare <= 1;
    if (!shares || requests < 1 || mostPrompt < 1 || mostOutput < 1 || !(rate >= 0)) {
      throw new UserInputException(
          ("a workload of %d requests at rate %s, high share %s, low share %s, at most %d and %d"
                  + " tokens makes no sense")
              .formatted(requests, rate, highShare, lowShare, mostPrompt, mostOutput));
    }
  }

  /** A generated workload: {@code S-S} to {@code L-L}, or {@code burstgpt-like}. */
  public static Workload generated(String name, int requests, double rate, double cv) {
    return new Workload(name, Optional.empty(), requests, rate, cv, 0, 0, CAP, CAP);
  }

  /** A trace, as fast as it was when {@code rate} is 0. */
  public static Workload of(Trace trace, int requests, double rate) {
    return new Workload(trace.name(), Optional.of(trace), requests, rate, 1, 0, 0, CAP, CAP);
  }

  /** Names of the generated workloads. */
  public static List<String> names() {
    return Generator.names();
  }

  /** The same with these shares of requests in the high and the low class. */
  public Workload with(double high, double low) {
    return new Workload(name, trace, requests, rate, cv, high, low, mostPrompt, mostOutput);
  }

  /** The same at another rate, in requests per second. */
  public Workload at(double other) {
    return new Workload(
        name, trace, requests, other, cv, highShare, lowShare, mostPrompt, mostOutput);
  }

  /** The same with prompts and outputs cut at these lengths. */
  public Workload capped(int prompt, int output) {
    return new Workload(name, trace, requests, rate, cv, highShare, lowShare, prompt, output);
  }

  /** The requests of one seed, in order of arrival. */
  public List<TraceRequest> draw(Seed seed) {
    List<TraceRequest> drawn =
        trace.isPresent()
            ? stretch(trace.get(), seed)
            : Generator.generate(name, requests, rate, cv, seed);
    RandomGenerator random = seed.stream("classes");
    List<TraceRequest> classed = new ArrayList<>(drawn.size());
    for (TraceRequest each : drawn) {
      double share = random.nextDouble();
      PriorityClass priority =
          share < highShare
              ? PriorityClass.HIGH
              : share < highShare + lowShare ? PriorityClass.LOW : each.priority();
      classed.add(each.capped(mostPrompt, mostOutput).in(priority));
    }
    return classed;
  }

  /** About so many requests arrive within so many seconds; of a trace, at most as many. */
  double expected(double seconds) {
    return trace.isPresent() ? requests : rate * seconds;
  }

  /**
   * The requests of one seed that arrive within so many seconds.
   *
   * @throws UserInputException when they are no time, or so long that more requests arrive than can
   *     be drawn
   */
  public List<TraceRequest> drawFor(double seconds, Seed seed) {
    if (!(seconds > 0) || Double.isInfinite(seconds)) {
      throw new UserInputException(
          "arrivals of " + seconds + " seconds make no sense, a number above 0 was expected");
    }
    requireDrawable(expected(seconds), seconds);
    int count =
        trace.isPresent()
            ? requests
            : (int) Math.min(MOST_DRAWN, Math.ceil(1.2 * rate * seconds) + FEW_DRAWN);
    List<TraceRequest> drawn = of(count).draw(seed);
    while (trace.isEmpty() && count < MOST_DRAWN && drawn.getLast().arrivalSeconds() <= seconds) {
      count = Math.min(MOST_DRAWN, 2 * count);
      drawn = of(count).draw(seed);
    }
    if (trace.isEmpty() && drawn.getLast().arrivalSeconds() <= seconds) {
      requireDrawable(count + 1.0, seconds);
    }
    return drawn.stream().filter(each -> each.arrivalSeconds() <= seconds).toList();
  }

  private void requireDrawable(double expected, double seconds) {
    if (expected > MOST_DRAWN) {
      throw new UserInputException(
          "at %s requests a second more than %,d arrive in %s s, which is the most that is drawn"
              .formatted(Format.number(rate), MOST_DRAWN, Format.number(seconds)));
    }
  }

  private Workload of(int count) {
    return new Workload(name, trace, count, rate, cv, highShare, lowShare, mostPrompt, mostOutput);
  }

  private List<TraceRequest> stretch(Trace whole, Seed seed) {
    int count = Math.min(requests, whole.requests().size());
    int spare = whole.requests().size() - count;
    int from = spare == 0 ? 0 : seed.stream("stretch").nextInt(spare + 1);
    List<TraceRequest> part = whole.requests().subList(from, from + count);
    double start = part.getFirst().arrivalSeconds();
    double seconds = part.getLast().arrivalSeconds() - start;
    double slower = rate > 0 && seconds > 0 ? (count - 1) / (rate * seconds) : 1;
    List<TraceRequest> moved = new ArrayList<>(count);
    for (TraceRequest each : part) {
      moved.add(each.at((each.arrivalSeconds() - start) * slower));
    }
    return moved;
  }
}

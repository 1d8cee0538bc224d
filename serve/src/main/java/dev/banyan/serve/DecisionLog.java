package dev.banyan.serve;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.Pairing;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.PriorityClass;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway decided and on what: a JSON line for each dispatch and each round of pairing, with
 * the loads as the policy saw them. Policies are pure, so the same lines give the same decisions.
 * Which request of an instance moves is the instance's own choice and not in here.
 */
public final class DecisionLog implements AutoCloseable {
  /**
   * A line. A dispatch has the request and where it went; a round has its pairs, and {@code
   * request} and {@code to} are -1.
   */
  public record Decision(
      String policy,
      long request,
      int tokens,
      PriorityClass priority,
      List<InstanceLoad> fleet,
      int to,
      List<Pairing> pairs) {
    public Decision {
      fleet = List.copyOf(fleet);
      pairs = List.copyOf(pairs);
    }
  }

  /**
   * What came of taking decisions again.
   *
   * @param firstDiffering line number of the first that came out otherwise; 0 when none did
   */
  public record Replay(long dispatches, long rounds, long identical, long firstDiffering) {}

  private final BufferedWriter out;
  private @Nullable IOException broken;

  private DecisionLog(BufferedWriter out) {
    this.out = out;
  }

  /** Writes a log to a file, over what it held. */
  public static DecisionLog create(Path file) {
    try {
      return new DecisionLog(Files.newBufferedWriter(file));
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** Adds a line. After one that could not be written none is, which {@link #close} tells. */
  public synchronized void add(Decision decision) {
    if (broken != null) {
      return; // who decides goes on: a full disk ends no answers
    }
    try {
      out.write(Json.mapper().writeValueAsString(decision));
      out.newLine();
      out.flush();
    } catch (IOException e) {
      broken = e;
    }
  }

  /**
   * Takes every decision of a log again.
   *
   * @throws UserInputException when a line is no decision
   */
  public static Replay replay(Path file) {
    long dispatches = 0;
    long rounds = 0;
    long identical = 0;
    long first = 0;
    long number = 0;
    try (BufferedReader in = Files.newBufferedReader(file)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        Decision was = Json.readLine(line, file, number, Decision.class);
        Policy policy = PolicyNames.policy(was.policy(), 3, true, new Seed(1));
        if (was.request() >= 0) {
          dispatches++;
        } else {
          rounds++;
        }
        if (again(policy, was)) {
          identical++;
        } else if (first == 0) {
          first = number;
        }
      }
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be read: " + e.getMessage(), e);
    }
    return new Replay(dispatches, rounds, identical, first);
  }

  /**
   * Where each request went, in the order in which they came.
   *
   * @throws UserInputException when a line is no decision
   */
  static List<Integer> dispatches(Path file) throws IOException {
    List<Integer> all = new ArrayList<>();
    long number = 0;
    for (String line : Files.readAllLines(file)) {
      Decision each = Json.readLine(line, file, ++number, Decision.class);
      if (each.request() >= 0) {
        all.add(each.to());
      }
    }
    return all;
  }

  private static boolean again(Policy policy, Decision was) {
    var fleet = new Fleet(was.fleet());
    if (was.request() >= 0) {
      if (was.fleet().isEmpty()) {
        return false;
      }
      var arrival =
          new Arrival(was.request(), was.tokens(), was.priority(), Arrival.CachedPrefix.NONE);
      return policy.dispatch(arrival, fleet) == was.to();
    }
    return new ArrayList<>(policy.pair(fleet)).equals(was.pairs());
  }

  /**
   * Ends the log.
   *
   * @throws IOException when not every decision could be written
   */
  @Override
  public synchronized void close() throws IOException {
    if (broken != null) {
      throw broken;
    }
    out.close();
  }
}

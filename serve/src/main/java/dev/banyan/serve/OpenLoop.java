package dev.banyan.serve;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.load.Client;
import dev.banyan.serve.load.Prompts;
import dev.banyan.serve.load.Sender;
import java.net.http.HttpClient;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * An open-loop load test of any OpenAI server. Each request is sent at its scheduled arrival,
 * however many earlier ones are still open, and its latency counts from that arrival: a server that
 * falls behind is not asked less, and what waits outside of it is not left out (no coordinated
 * omission). Answers are always streamed.
 *
 * <pre>{@code
 * try (var http = HttpClient.newHttpClient()) {
 *   OpenLoop loop = OpenLoop.of(LoadTarget.of("http://127.0.0.1:8000"), http);
 *   Workload workload = Workload.generated("64-32", 200, 5, 1);
 *   LoadOutcome outcome = loop.run(loop.requests(workload, new Seed(1)), Progress.none());
 *   outcome.first().p99(); // seconds
 * }
 * }</pre>
 */
public final class OpenLoop {
  /** Requests of one test: their prompts and answers are kept until its end. */
  public static final int MOST_REQUESTS = 1_000_000;

  private final Client client;
  private volatile @Nullable Sender sender;
  private volatile @Nullable Prompts prompts;

  private OpenLoop(Client client) {
    this.client = client;
  }

  /**
   * Finds the server and its model, and asks it for two tokens.
   *
   * @param http stays the caller's
   * @throws UserInputException when nothing answers, it is no OpenAI server, it does not know the
   *     model or the key, or it refuses a request like those to come
   */
  public static OpenLoop of(LoadTarget target, HttpClient http) {
    Client client = Client.find(target, http);
    client.requireAnswer();
    return new OpenLoop(client);
  }

  /**
   * Refuses a test of more requests than one can have, before anything is drawn or sent.
   *
   * @param seconds of arrivals; empty for as many requests as the workload has
   * @throws UserInputException when it has more than {@link #MOST_REQUESTS}
   */
  public static void requireSendable(Workload workload, OptionalDouble seconds) {
    double count = workload.requests();
    if (seconds.isPresent()) {
      count = workload.expected(seconds.getAsDouble());
    }
    if (count > MOST_REQUESTS) {
      throw new UserInputException(
          "%,.0f requests are too many for one test, at most %,d are sent; ask for fewer%s"
              .formatted(
                  count,
                  MOST_REQUESTS,
                  seconds.isPresent() ? ", a shorter time or a lower rate" : ""));
    }
  }

  /** The model that is asked. */
  public String model() {
    return client.model();
  }

  /** Whether the server counts tokens; without that a word is taken for one. */
  public boolean countsTokens() {
    Prompts known = prompts;
    return known == null || known.measured(); // nobody asked: prompts are the caller's own
  }

  /** How many tokens a word is there, asked for once. */
  private Prompts prompts() {
    Prompts known = prompts;
    if (known == null) {
      known = Prompts.measured(client);
      prompts = known;
    }
    return known;
  }

  /**
   * Requests with the arrivals and lengths of a workload. Prompts are random words, as many as have
   * about the asked tokens; requests that share a prefix in a trace share words.
   */
  public List<LoadRequest> requests(Workload workload, Seed seed) {
    requireSendable(workload, OptionalDouble.empty());
    return prompts().of(workload.draw(seed), seed);
  }

  /** The same, of the arrivals within so many seconds. */
  public List<LoadRequest> requests(Workload workload, double seconds, Seed seed) {
    requireSendable(workload, OptionalDouble.of(seconds));
    return prompts().of(workload.drawFor(seconds, seed), seed);
  }

  /**
   * Sends every request at its time and waits until the last is answered, failed or {@link #stop}
   * was called.
   *
   * @param requests in order of arrival
   * @param progress steps in requests that ended
   */
  public LoadOutcome run(List<LoadRequest> requests, Progress progress) {
    var own = new Sender(client);
    sender = own;
    return own.run(requests, progress);
  }

  /** Ends {@link #run} from another thread: nothing more is sent, nothing open is waited for. */
  public void stop() {
    Sender running = sender;
    if (running != null) {
      running.stop();
    }
  }
}

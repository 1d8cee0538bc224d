package dev.banyan.serve.gateway;

import dev.banyan.core.Seed;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.process.EngineProcesses;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.FaultyLink;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The cluster of a server without its HTTP: real engine processes and real sockets, asked in tokens
 * and hurt at will. Engines are reached through {@link FaultyLink}s when faults are wanted.
 */
public final class LiveFleet implements AutoCloseable {
  private final EngineProcesses engines;
  private final FaultyLink.@Nullable Tampering tampering;
  private final LiveCluster cluster;
  private final Map<Integer, FaultyLink> links = new ConcurrentHashMap<>();

  /** A request that was asked for, and its tokens as they come. */
  public static final class Answer {
    private final Stream stream;

    private Answer(Stream stream) {
      this.stream = stream;
    }

    public long id() {
      return stream.id;
    }

    /** The next token; null when none came in time. */
    public @Nullable Token next(long millis) throws InterruptedException {
      return stream.next(millis);
    }

    /** Probabilities of the prompt's tokens, when asked for. */
    public List<Token> prompt() {
      return stream.prompt;
    }
  }

  /** What happened since the start. */
  public record Counts(long requests, long moves, long givenUp, long requeued, long replayed) {}

  private LiveFleet(EngineSettings each, FaultyLink.@Nullable Tampering tampering)
      throws IOException {
    this.engines = EngineProcesses.of(each);
    this.tampering = tampering;
    this.cluster = new LiveCluster(PolicyNames.policy(each.duty().policy(), 3, true, new Seed(1)));
  }

  /**
   * Starts engines.
   *
   * @param tampering what links do to what goes through them; null for none
   * @throws dev.banyan.core.UserInputException when one does not start, with what it said
   */
  public static LiveFleet start(
      EngineSettings each, int instances, FaultyLink.@Nullable Tampering tampering)
      throws IOException {
    var fleet = new LiveFleet(each, tampering);
    try {
      for (int id = 0; id < instances; id++) {
        fleet.engines.start(id);
      }
      for (int id = 0; id < instances; id++) {
        fleet.join(id);
      }
      return fleet;
    } catch (IOException | RuntimeException e) {
      fleet.close();
      throw e;
    }
  }

  private void join(int id) throws IOException {
    String address = engines.await(id);
    if (tampering != null && !links.containsKey(id)) {
      String own = "unix:" + engines.folder().resolve("link-" + id + ".sock");
      links.put(id, FaultyLink.open(own, address, id, tampering));
    }
    FaultyLink link = links.get(id);
    var unused = cluster.join(id, link == null ? address : link.address());
  }

  /** Asks for an answer. */
  public Answer ask(TokenRequest asked) {
    return new Answer(cluster.submit(asked));
  }

  /** The client goes away. */
  public void cancel(Answer answer) {
    cluster.cancel(answer.stream);
  }

  /** Asks that a request moves to another instance; false when it has ended. */
  public boolean move(Answer answer) {
    return cluster.move(answer.id());
  }

  public boolean drain(int id, boolean now) {
    return cluster.drain(id, now);
  }

  /** Requests an instance owns. */
  public long owned(int id) {
    return cluster.owned(id);
  }

  /** The instance that owns a request; -1 when it has ended. */
  public int owner(Answer answer) {
    return cluster.ownerOf(answer.id());
  }

  /** SIGKILL. */
  public void kill(int id) {
    engines.kill(id);
  }

  /** SIGSTOP, or SIGCONT. */
  public void stall(int id, boolean stalled) throws IOException, InterruptedException {
    OptionalLong process = engines.process(id);
    if (process.isPresent()) {
      String signal = stalled ? "-STOP" : "-CONT";
      int unused =
          new ProcessBuilder("kill", signal, Long.toString(process.getAsLong())).start().waitFor();
    }
  }

  /** Starts an instance that was killed anew. */
  public void restart(int id) throws IOException {
    engines.start(id);
    join(id);
  }

  public Counts counts() {
    var counts = cluster.counts();
    return new Counts(
        counts.requests(),
        counts.moves(),
        counts.givenBack(),
        counts.requeued(),
        counts.replayed());
  }

  /** For each move, how long its request was in no batch of its source. */
  public double[] stoppedSeconds() {
    return cluster.stoppedSeconds();
  }

  /** How long a decode step takes, by each engine's own word. */
  public double stepSeconds() {
    return cluster.shown().stream()
        .mapToDouble(shown -> shown.figures().stepSeconds())
        .average()
        .orElse(Double.NaN);
  }

  /** Blocks in use over all instances, as last reported. */
  public long usedBlocks() {
    return cluster.shown().stream()
        .mapToLong(s -> s.load().memory().totalBlocks() - s.load().memory().freeBlocks())
        .sum();
  }

  /** Requests that run or wait on engines, as last reported. */
  public long requests() {
    return cluster.shown().stream()
        .mapToLong(s -> s.figures().running() + s.figures().waiting())
        .sum();
  }

  /** Instances that are up. */
  public int alive() {
    return cluster.shown().size();
  }

  @Override
  public void close() {
    cluster.close();
    links.values().forEach(FaultyLink::close);
    engines.close();
  }
}

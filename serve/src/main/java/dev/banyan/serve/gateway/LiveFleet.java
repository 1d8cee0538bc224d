package dev.banyan.serve.gateway;

import dev.banyan.core.Seed;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.process.EngineLauncher;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.FaultyLink;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The cluster of a server without its HTTP: real engine processes and real sockets, asked in tokens
 * and hurt at will. Engines are reached through {@link FaultyLink}s when faults are wanted.
 */
public final class LiveFleet implements AutoCloseable {
  private static final int START_SECONDS = 120;

  private final EngineSettings each;
  private final Path folder;
  private final FaultyLink.@Nullable Tampering tampering;
  private final LiveCluster cluster;
  private final Map<Integer, Process> engines = new ConcurrentHashMap<>();
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

  private LiveFleet(EngineSettings each, Path folder, FaultyLink.@Nullable Tampering tampering) {
    this.each = each;
    this.folder = folder;
    this.tampering = tampering;
    this.cluster = new LiveCluster(PolicyNames.policy(each.policy(), 3, true, new Seed(1)));
  }

  /**
   * Starts engines.
   *
   * @param tampering what links do to what goes through them; null for none
   * @throws IOException when one does not start, with what it said
   */
  public static LiveFleet start(
      EngineSettings each, int instances, FaultyLink.@Nullable Tampering tampering)
      throws IOException {
    var fleet = new LiveFleet(each, Files.createTempDirectory("banyan-fleet"), tampering);
    try {
      for (int id = 0; id < instances; id++) {
        fleet.launch(id);
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

  private Path socket(int id) {
    return folder.resolve("engine-" + id + ".sock");
  }

  private void launch(int id) throws IOException {
    Files.deleteIfExists(socket(id));
    engines.put(id, EngineLauncher.start(each.as(id, "unix:" + socket(id)), folder));
  }

  private void join(int id) throws IOException {
    Process engine = engines.get(id);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    String address = "unix:" + socket(id);
    while (engine != null) {
      try {
        if (engine.waitFor(Files.exists(socket(id)) ? 1 : 20, TimeUnit.MILLISECONDS)) {
          throw new IOException(
              "instance %d ended: %s"
                  .formatted(id, EngineLauncher.complaint(each.as(id, address), folder)));
        }
        if (Files.exists(socket(id))) {
          if (tampering != null && !links.containsKey(id)) {
            Path own = folder.resolve("link-" + id + ".sock");
            links.put(id, FaultyLink.open("unix:" + own, address, id, tampering));
          }
          FaultyLink link = links.get(id);
          var unused = cluster.join(id, link == null ? address : link.address());
          return;
        }
      } catch (IOException e) {
        // the socket is there a moment before somebody listens at it
        if (!engine.isAlive() || System.nanoTime() > deadline) {
          throw e;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
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
  public void kill(int id) throws InterruptedException {
    Process engine = engines.get(id);
    if (engine != null) {
      int unused = engine.destroyForcibly().waitFor();
    }
  }

  /** SIGSTOP, or SIGCONT. */
  public void stall(int id, boolean stalled) throws IOException, InterruptedException {
    Process engine = engines.get(id);
    if (engine != null) {
      int unused =
          new ProcessBuilder("kill", stalled ? "-STOP" : "-CONT", Long.toString(engine.pid()))
              .start()
              .waitFor();
    }
  }

  /** Starts an instance that was killed anew. */
  public void restart(int id) throws IOException {
    launch(id);
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
    for (Process engine : engines.values()) {
      try {
        if (!engine.waitFor(1, TimeUnit.SECONDS)) {
          int unused = engine.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        Process unused = engine.destroyForcibly();
      }
    }
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // a temporary folder stays behind, nothing else
    }
  }
}

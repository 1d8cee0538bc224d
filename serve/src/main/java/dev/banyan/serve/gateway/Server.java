package dev.banyan.serve.gateway;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.DecisionLog;
import dev.banyan.serve.GatewaySettings;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.http.Doorkeeper;
import dev.banyan.serve.http.HttpServer;
import dev.banyan.serve.http.Listening;
import dev.banyan.serve.http.Spans;
import dev.banyan.serve.process.EngineProcesses;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.Say;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Engine processes, the cluster they form, and the HTTP server before them. */
public final class Server implements AutoCloseable {
  private final LiveCluster cluster;
  private final Instances instances;
  private final List<AutoCloseable> files;
  private @Nullable HttpServer http;
  private volatile boolean stopping;

  private Server(LiveCluster cluster, Instances instances, List<AutoCloseable> files) {
    this.cluster = cluster;
    this.instances = instances;
    this.files = files;
  }

  /**
   * Starts engines, then listens on loopback.
   *
   * @param name what clients call the model
   * @throws UserInputException when an engine refuses the model or the port is taken
   */
  public static Server start(EngineSettings each, int instances, InetSocketAddress at, String name)
      throws IOException {
    GatewaySettings settings =
        GatewaySettings.of(Path.of(each.model().folder()), instances, at.getPort());
    return start(each, settings, name, remark -> {});
  }

  /**
   * Starts engines, then listens.
   *
   * @param remarks told of engines that died and of those in their place, in a line each
   * @throws UserInputException when an engine refuses the model, the port is taken, a file is not
   *     as it should be, or others than this machine could connect without a key
   */
  public static Server start(
      EngineSettings each, GatewaySettings settings, String name, Consumer<String> remarks)
      throws IOException {
    Listening listening = Listening.of(settings.address(), settings.access().keys());
    listening.keys().ifPresent(keys -> keys.tell(remarks));
    listening.requireFree();
    List<AutoCloseable> files = new ArrayList<>();
    DecisionLog log = settings.recordings().decisions().map(DecisionLog::create).orElse(null);
    if (log != null) {
      files.add(log);
    }
    Spans spans = settings.recordings().spans().map(Spans::new).orElse(null);
    if (spans != null) {
      files.add(spans);
    }
    var cluster =
        new LiveCluster(PolicyNames.policy(each.duty().policy(), 3, true, new Seed(1)), log);
    var instances = new Instances(cluster, EngineProcesses.of(each), remarks);
    var server = new Server(cluster, instances, files);
    try {
      Say.Ready ready = instances.start(settings.served().instances());
      Path model = Path.of(each.model().folder());
      Set<Integer> stops =
          new LinkedHashSet<>(ModelConfig.read(model.resolve(ModelConfig.FILE)).tokens().eos());
      stops.addAll(Sampling.stopIds(model));
      Tokenizer tokenizer = Tokenizer.open(model);
      var served =
          new ServedModel(
              name,
              tokenizer,
              ServedModel.longestToken(tokenizer),
              ChatTemplate.find(model),
              Sampling.read(model),
              stops,
              ready);
      var api = new OpenAi(cluster, served);
      var doorkeeper = new Doorkeeper(listening.keys(), spans, settings.access().mostOpen());
      server.http = listening.open(new FrontDoor(api, server, cluster, doorkeeper)::answer);
      return server;
    } catch (IOException | RuntimeException e) {
      server.abandon(e);
      throw e;
    }
  }

  /**
   * Changes how many instances take requests. New ones are started before this returns; those that
   * go are drained and end when they have given everything away, after it returned.
   *
   * @throws UserInputException when an engine cannot start
   */
  public void scale(int wanted) throws IOException {
    instances.scale(wanted);
  }

  /** An instance takes no new requests and gives its own away, or takes them again. */
  public boolean drain(int id, boolean now) {
    return cluster.drain(id, now);
  }

  /** Requests an instance owns. */
  public long owned(int id) {
    return cluster.owned(id);
  }

  /** Whether new requests are refused since the server is about to end. */
  boolean isStopping() {
    return stopping;
  }

  /** Answers to posted requests that are not wholly written. */
  public int answering() {
    return http == null ? 0 : http.answeringPosts();
  }

  /**
   * Refuses new requests and waits until the answers of those that run are written. What has not
   * ended in time is told that the server stops.
   */
  public void finish(Duration patience) {
    stopping = true;
    if (http != null) {
      http.finish(patience, cluster::endAll);
    }
  }

  /** What did not come up ends, and nothing of it stays behind. */
  private void abandon(Exception why) {
    instances.close();
    try {
      for (AutoCloseable file : files) {
        file.close();
      }
    } catch (Exception e) {
      why.addSuppressed(e);
    }
  }

  /** Where it listens. */
  public int port() {
    return Objects.requireNonNull(http).port();
  }

  /** Process numbers of the engines, in their order. */
  public List<Long> processes() {
    return instances.processes();
  }

  /** Moves every running request once to another instance; gives how many were asked to. */
  public int moveAll() {
    int asked = 0;
    for (long request : cluster.requests()) {
      asked += cluster.move(request) ? 1 : 0;
    }
    return asked;
  }

  /** Requests that moved while they ran, since the start. */
  public long moves() {
    return cluster.counts().moves();
  }

  /** Requests that were given away while they waited, since the start. */
  public long requeues() {
    return cluster.counts().requeued();
  }

  /** Requests that were computed again elsewhere, since the start. */
  public long replays() {
    return cluster.counts().replayed();
  }

  /** How long each that moved was in no batch. */
  public double[] stoppedSeconds() {
    return cluster.stoppedSeconds();
  }

  /** Ends engines and server. */
  @Override
  public void close() throws IOException {
    stopping = true;
    if (http != null) {
      http.close();
    }
    instances.close();
    for (AutoCloseable file : files) {
      try {
        file.close();
      } catch (Exception e) {
        throw new IOException("what was recorded could not be completed", e);
      }
    }
  }
}

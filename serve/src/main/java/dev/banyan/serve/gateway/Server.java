package dev.banyan.serve.gateway;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.process.EngineLauncher;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.Say;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Engine processes, the cluster they form, and the HTTP server before them. */
public final class Server implements AutoCloseable {
  private static final int MOST_BODY_BYTES = 8 << 20;
  private static final int MOST_CONNECTIONS = 4096;
  private static final int START_SECONDS = 300;

  private final LiveCluster cluster;
  private final HttpServer http;
  private final List<Process> engines;

  private Server(LiveCluster cluster, HttpServer http, List<Process> engines) {
    this.cluster = cluster;
    this.http = http;
    this.engines = engines;
  }

  /**
   * Starts engines, then listens.
   *
   * @param name what clients call the model
   * @throws UserInputException when an engine refuses the model or the port is taken
   */
  public static Server start(EngineSettings each, int instances, InetSocketAddress at, String name)
      throws IOException {
    Path folder = Files.createTempDirectory("banyan-serve");
    var cluster = new LiveCluster(PolicyNames.policy(each.policy(), 3, true, new Seed(1)));
    List<Process> engines = new CopyOnWriteArrayList<>();
    try {
      for (int id = 0; id < instances; id++) {
        engines.add(EngineLauncher.start(each.as(id, address(folder, id)), folder));
      }
      Say.Ready ready = null;
      for (int id = 0; id < instances; id++) {
        EngineSettings own = each.as(id, address(folder, id));
        ready = join(cluster, own, engines.get(id), folder);
      }
      if (ready == null) {
        throw new UserInputException("a server needs at least one instance");
      }
      Path model = Path.of(each.model());
      Set<Integer> stops =
          new LinkedHashSet<>(ModelConfig.read(model.resolve(ModelConfig.FILE)).tokens().eos());
      stops.addAll(Sampling.stopIds(model));
      var api =
          new OpenAi(
              cluster,
              Tokenizer.open(model),
              ChatTemplate.find(model),
              Sampling.read(model),
              stops,
              ready,
              name);
      HttpServer http;
      try {
        http = new HttpServer(at, MOST_CONNECTIONS, MOST_BODY_BYTES, api::answer);
      } catch (BindException e) {
        throw new UserInputException(at + " cannot be listened at: " + e.getMessage(), e);
      }
      return new Server(cluster, http, engines);
    } catch (IOException | RuntimeException e) {
      engines.forEach(Process::destroyForcibly);
      throw e;
    }
  }

  private static String address(Path folder, int id) {
    return "unix:" + folder.resolve("engine-" + id + ".sock");
  }

  private static Say.Ready join(
      LiveCluster cluster, EngineSettings own, Process engine, Path folder) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    Path socket = Path.of(own.listen().substring("unix:".length()));
    try {
      while (!Files.exists(socket)) {
        if (engine.waitFor(20, TimeUnit.MILLISECONDS)) {
          throw new UserInputException(
              "instance %d ended: %s"
                  .formatted(own.instance(), EngineLauncher.complaint(own, folder)));
        }
        if (System.nanoTime() > deadline) {
          throw new UserInputException("instance " + own.instance() + " does not start");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    while (true) {
      try {
        return cluster.join(own.instance(), own.listen());
      } catch (ConnectException e) {
        // the socket is there a moment before somebody listens at it
        if (System.nanoTime() > deadline || !engine.isAlive()) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /** Where it listens. */
  public int port() {
    return http.port();
  }

  /** Process numbers of the engines, in their order. */
  public List<Long> processes() {
    return engines.stream().map(Process::pid).toList();
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

  /** How long each of them was in no batch. */
  public double[] stoppedSeconds() {
    return cluster.stoppedSeconds();
  }

  /** Ends engines and server. */
  @Override
  public void close() throws IOException {
    http.close();
    cluster.close();
    for (Process each : engines) {
      try {
        if (!each.waitFor(2, TimeUnit.SECONDS)) {
          each.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        each.destroyForcibly();
      }
    }
  }
}

package dev.banyan.serve;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.Server;
import dev.banyan.serve.load.AnswerTimes;
import dev.banyan.serve.load.DirectEngine;
import dev.banyan.serve.load.KeptConnection;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * What a gateway costs: the time it adds to an answer, its memory, how it spreads what comes at
 * once, and how many streams it holds. Its engines sleep to a profile.
 */
public final class GatewayCost {
  /** Steps of 2 to 3 ms: 300 requests of {@value #TOKENS} tokens a second are about six at once. */
  public static final EngineProfile QUICK = profile("quick", 0.001, 0.002);

  /** Steps of 150 ms: a thousand streams get a token each, and nothing ends while others come. */
  public static final EngineProfile SLOW = profile("slow", 0.001, 0.150);

  private static final int TOKENS = 8;
  private static final int PROMPT = 48;
  private static final double NANOS = 1e9;
  private static final int STALE_MILLIS = 500;

  /** Each way is asked for so long before it is the other's turn. */
  private static final double TURN_SECONDS = 1;

  private GatewayCost() {}

  private static EngineProfile profile(String name, double prefill, double decode) {
    return new EngineProfile(
        name,
        new EngineProfile.Memory(4096, 16, 0.01, 256),
        new EngineProfile.Prefill(prefill, 0, 4096),
        new EngineProfile.Decode(decode, 0, 0, 1, 1 << 20),
        new EngineProfile.Copy(true, 0.002, 0, 0.002, 2, 6, 0.001),
        1,
        EngineProfile.Batching.CHUNKED);
  }

  /**
   * One round, both ways in turns of a second. Seconds from the scheduled arrival.
   *
   * @param directFirst to the first token, from the engine itself
   * @param gatewayFirst through the gateway
   * @param directWhole to the end
   */
  public record Round(
      int requests,
      int failed,
      Percentiles directFirst,
      Percentiles gatewayFirst,
      Percentiles directWhole,
      Percentiles gatewayWhole) {
    /** What the gateway adds to the median of the first token. */
    public double addedP50() {
      return gatewayFirst.p50() - directFirst.p50();
    }

    /** What it adds to the 99th percentile. */
    public double addedP99() {
      return gatewayFirst.p99() - directFirst.p99();
    }
  }

  /** One way to ask. */
  @FunctionalInterface
  private interface Way {
    AnswerTimes ask(int number) throws IOException, InterruptedException;
  }

  private static final class Heards {
    final ConcurrentLinkedQueue<double[]> all = new ConcurrentLinkedQueue<>();

    Percentiles percentiles(int column) {
      return Percentiles.of(all.stream().mapToDouble(each -> each[column]).toArray());
    }
  }

  /**
   * Asks a gateway of one paced instance and a like engine without one, at {@code rate} requests a
   * second, {@code rounds} times {@code seconds} after a first round that does not count. The
   * client is the same but for what it speaks: HTTP with text to the gateway, over connections it
   * keeps; the gateway's own wire with tokens to the engine.
   *
   * @param port of the gateway
   * @param profile the file it was started with
   * @throws IOException when the engine does not start
   */
  public static List<Round> rounds(
      int port, Path profile, double rate, int rounds, double seconds, Seed seed, Progress progress)
      throws IOException {
    List<Round> all = new ArrayList<>();
    var kept = new ConcurrentLinkedDeque<KeptConnection>();
    try (DirectEngine direct = DirectEngine.start(engine(profile))) {
      Way straight = number -> direct.ask(tokens(seed.stream("direct", number)));
      Way through =
          number -> {
            byte[] request = KeptConnection.request(body(seed.stream("gateway", number), TOKENS));
            KeptConnection connection = kept.pollFirst();
            KeptConnection used = connection == null ? KeptConnection.open(port) : connection;
            AnswerTimes heard = used.ask(request);
            kept.addFirst(used);
            return heard;
          };
      for (int round = -1; round < rounds; round++) {
        Round measured = round(straight, through, rate, seconds);
        if (round >= 0) {
          all.add(measured);
        }
        progress.step(round + 2, "");
      }
    } finally {
      for (KeptConnection each : kept) {
        each.close();
      }
    }
    return all;
  }

  private static EngineSettings engine(Path profile) {
    return EngineSettings.paced(Path.of(""), profile.toString(), "banyan");
  }

  private static Round round(Way direct, Way gateway, double rate, double seconds) {
    var straight = new Heards();
    var through = new Heards();
    var failed = new AtomicInteger();
    int count = (int) (rate * seconds);
    long begun = System.nanoTime();
    // platform threads, so that reading a socket costs no more than hearing the wire
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      for (int i = 0; i < count; i++) {
        int number = i;
        long due = begun + (long) (i / rate * NANOS);
        boolean first = (int) (i / (rate * TURN_SECONDS)) % 2 == 0;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        var unused =
            threads.submit(
                () -> {
                  try {
                    AnswerTimes heard = (first ? direct : gateway).ask(number);
                    if (heard.tokens() != TOKENS) {
                      failed.incrementAndGet();
                    }
                    (first ? straight : through)
                        .all.add(
                            new double[] {
                              (heard.first() - due) / NANOS, (heard.end() - due) / NANOS
                            });
                  } catch (IOException e) {
                    failed.incrementAndGet();
                  }
                  return null;
                });
      }
    }
    return new Round(
        count,
        failed.get(),
        straight.percentiles(0),
        through.percentiles(0),
        straight.percentiles(1),
        through.percentiles(1));
  }

  private static TokenRequest tokens(RandomGenerator random) {
    return TokenRequest.greedy(random.ints(PROMPT, 3, 64).toArray(), TOKENS);
  }

  private static String body(RandomGenerator random, int tokens) {
    var prompt = new StringBuilder();
    for (int i = 0; i < PROMPT / 3; i++) {
      prompt.append(Integer.toString(random.nextInt(36 * 36), 36)).append(' ');
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("prompt", prompt.toString());
    body.put("max_tokens", tokens);
    body.put("temperature", 0);
    body.put("ignore_eos", true);
    body.put("stream", true);
    return Json.mapper().writeValueAsString(body);
  }

  /**
   * How many of {@code arrivals} requests that come at once go to each instance, when an instance
   * reports every {@value #STALE_MILLIS} ms.
   *
   * @param model its tokenizer is used
   * @return for each time the counts of the instances, in their order
   * @throws IOException when an engine does not start
   */
  public static List<int[]> splits(
      Path model, int instances, int arrivals, int times, Seed seed, Progress progress)
      throws IOException {
    Path folder = Files.createTempDirectory("banyan-split");
    Path profile = folder.resolve("profile.json");
    Path decisions = folder.resolve("decisions.jsonl");
    try {
      Json.write(profile, SLOW);
      EngineSettings engine =
          EngineSettings.paced(model, profile.toString(), "banyan").reportingEvery(STALE_MILLIS);
      var settings = GatewaySettings.of(model, instances, 0).recordingDecisions(decisions);
      try (Server server = Server.start(engine, settings, "paced", remark -> {})) {
        for (int time = 0; time < times; time++) {
          allAtOnce(server.port(), arrivals, seed.of("time", time));
          progress.step(time + 1);
        }
      }
      return destinations(DecisionLog.dispatches(decisions), instances, arrivals);
    } finally {
      Files.deleteIfExists(decisions);
      Files.deleteIfExists(profile);
      Files.deleteIfExists(folder);
    }
  }

  /** Connects them all, then lets them ask, and waits until every instance has said it is idle. */
  private static void allAtOnce(int port, int arrivals, Seed seed) throws IOException {
    List<Callable<AnswerTimes>> asking = new ArrayList<>();
    List<KeptConnection> connections = new ArrayList<>();
    var go = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<java.util.concurrent.Future<AnswerTimes>> answers = new ArrayList<>();
      for (int i = 0; i < arrivals; i++) {
        KeptConnection connection = KeptConnection.open(port);
        connections.add(connection);
        byte[] request = KeptConnection.request(body(seed.stream("prompt", i), TOKENS));
        asking.add(
            () -> {
              go.await();
              return connection.ask(request);
            });
        answers.add(threads.submit(asking.getLast()));
      }
      go.countDown();
      for (var each : answers) {
        AnswerTimes unused = each.get();
      }
      Thread.sleep(2L * STALE_MILLIS);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IOException("a request was not answered", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      for (KeptConnection each : connections) {
        each.close();
      }
    }
  }

  /** Counts by instance of each {@code size} dispatches. */
  static List<int[]> destinations(List<Integer> dispatches, int instances, int size) {
    List<int[]> all = new ArrayList<>();
    for (int from = 0; from + size <= dispatches.size(); from += size) {
      int[] counts = new int[instances];
      dispatches.subList(from, from + size).forEach(to -> counts[to]++);
      all.add(counts);
    }
    return all;
  }

  /**
   * Opens {@code streams} streams of {@code tokens} tokens within two seconds, at a gateway whose
   * engines are {@link #SLOW}.
   */
  public static LoadOutcome streams(int port, int streams, int tokens, Progress progress) {
    try (var http = HttpClient.newHttpClient()) {
      OpenLoop loop = OpenLoop.of(LoadTarget.of("http://127.0.0.1:" + port), http);
      List<LoadRequest> requests = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        requests.add(new LoadRequest(2.0 * i / streams, "stream " + i, tokens));
      }
      return loop.run(requests, progress);
    }
  }

  /**
   * Memory of a process as Linux counts it, MB: resident now, and the most there was.
   *
   * @throws IOException where there is no {@code /proc}
   */
  public static Resident resident(long process) throws IOException {
    Map<String, Double> found = new HashMap<>();
    for (String line : Files.readAllLines(Path.of("/proc/" + process + "/status"))) {
      String[] words = line.split("\\s+");
      if (line.startsWith("VmRSS:") || line.startsWith("VmHWM:")) {
        found.put(words[0], Long.parseLong(words[1]) / 1024.0);
      }
    }
    return new Resident(
        found.getOrDefault("VmRSS:", Double.NaN), found.getOrDefault("VmHWM:", Double.NaN));
  }

  /** Resident memory, MB. */
  public record Resident(double now, double most) {}
}

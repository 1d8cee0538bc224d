package dev.banyan.serve;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.Server;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.simulate.Cluster;
import dev.banyan.serve.simulate.Outcome;
import dev.banyan.serve.simulate.Setup;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A live cluster of engines that sleep to a profile, beside the simulator of the same engines: the
 * same requests under the same policy class. Requests come in an open loop over HTTP, and what is
 * simulated has the lengths that the gateway counted.
 */
public final class PacedCluster {
  /**
   * LLaMA-7B on an A10 again, prefilled in chunks of 512 tokens as our own engine does. A move
   * costs what it costs between processes of one machine, where a paced engine's blocks are small.
   */
  public static final EngineProfile PROFILE =
      new EngineProfile(
          "llama-7b-a10-chunked",
          EngineProfile.LLAMA_7B_A10.memory(),
          new EngineProfile.Prefill(0.004, 0.000212, 512),
          new EngineProfile.Decode(0.024, 2.2e-6, 0.00008, 1, 1_600),
          new EngineProfile.Copy(true, 0.002, 0, 0.002, 2, 6, 0.001),
          20,
          EngineProfile.Batching.CHUNKED);

  private static final double SAMPLE_SECONDS = 0.25;

  private PacedCluster() {}

  /**
   * Seconds from arrival to the first token, of answers in full, in order of arrival.
   *
   * @param live as the client saw it
   */
  @SuppressWarnings("ArrayRecordComponent") // figures of one run; never compared
  public record FirstTokens(double[] live, double[] simulated) {
    /** Mean of the live ones over that of the simulated. */
    public double meanRatio() {
      return mean(live) / mean(simulated);
    }

    /** 99th percentile, nearest rank. */
    public double liveP99() {
      return Outcome.quantile(live, 0.99);
    }

    /** 99th percentile, nearest rank. */
    public double simulatedP99() {
      return Outcome.quantile(simulated, 0.99);
    }

    /** One 99th percentile over the other. */
    public double p99Ratio() {
      return liveP99() / simulatedP99();
    }
  }

  /**
   * One draw of the workload.
   *
   * @param mostOpen requests that were open at once
   * @param late the most that the client itself sent a request too late, seconds
   * @param moves of running requests, live
   * @param requeues of waiting ones, live
   * @param simulatedMoves and {@code simulatedRequeues} the same of the simulated cluster
   * @param replay of every decision that the live gateway took
   */
  public record Run(
      int requests,
      long failed,
      int mostOpen,
      double late,
      FirstTokens first,
      long moves,
      long requeues,
      long simulatedMoves,
      long simulatedRequeues,
      DecisionLog.Replay replay) {
    /** Decisions of the log that did not come out the same. */
    public long differing() {
      return replay.dispatches() + replay.rounds() - replay.identical();
    }
  }

  /**
   * Serves and simulates {@code seeds} draws of a workload.
   *
   * @param model its tokenizer counts
   * @param progress steps in requests answered, over all seeds
   * @throws IOException when an engine does not start
   */
  public static List<Run> compare(
      Path model,
      EngineProfile profile,
      String policy,
      int instances,
      Workload workload,
      int seeds,
      Seed seed,
      Progress progress)
      throws IOException {
    List<Run> runs = new ArrayList<>();
    Path folder = Files.createTempDirectory("banyan-paced");
    try {
      Path file = folder.resolve("profile.json");
      Json.write(file, profile);
      EngineSettings engine = EngineSettings.paced(model, file.toString(), policy);
      for (int i = 0; i < seeds; i++) {
        long before = (long) i * workload.requests();
        Progress own =
            new Progress() {
              @Override
              public void step(long done, String note) {
                progress.step(before + done, note);
              }

              @Override
              public void close() {}
            };
        Path decisions = folder.resolve("decisions-" + i + ".jsonl");
        runs.add(run(engine, profile, instances, workload, decisions, seed.of("seed", i), own));
        Files.delete(decisions);
      }
      Files.delete(file);
    } finally {
      Files.deleteIfExists(folder.resolve("profile.json"));
      Files.deleteIfExists(folder);
    }
    return runs;
  }

  /** All draws together. */
  public static FirstTokens pooled(List<Run> runs) {
    return new FirstTokens(
        runs.stream().flatMapToDouble(each -> Arrays.stream(each.first().live())).toArray(),
        runs.stream().flatMapToDouble(each -> Arrays.stream(each.first().simulated())).toArray());
  }

  /** The mean; NaN of nothing. */
  public static double mean(double[] of) {
    return Arrays.stream(of).average().orElse(Double.NaN);
  }

  private static Run run(
      EngineSettings engine,
      EngineProfile profile,
      int instances,
      Workload workload,
      Path decisions,
      Seed seed,
      Progress progress)
      throws IOException {
    LoadOutcome live;
    long moves;
    long requeues;
    var settings =
        GatewaySettings.of(Path.of(engine.model().folder()), instances, 0)
            .recordingDecisions(decisions);
    try (Server server = Server.start(engine, settings, "paced", remark -> {});
        var http = HttpClient.newHttpClient()) {
      OpenLoop loop = OpenLoop.of(LoadTarget.of("http://127.0.0.1:" + server.port()), http);
      live = loop.run(loop.requests(workload, seed), progress);
      moves = server.moves();
      requeues = server.requeues();
    }
    Policy policy = PolicyNames.policy(engine.duty().policy(), 3, true, new Seed(1));
    Outcome simulated = simulate(traceOf(live), policy, profile, instances);
    return new Run(
        workload.requests(),
        live.failed(),
        live.mostOpen(),
        live.late().most(),
        new FirstTokens(
            live.values(LoadAnswer::firstSeconds),
            simulated.requests().stream().mapToDouble(Outcome.Served::firstTokenSeconds).toArray()),
        moves,
        requeues,
        simulated.counts().moves(),
        simulated.counts().requeues(),
        DecisionLog.replay(decisions));
  }

  /** What was asked, with the lengths that the server counted. */
  static List<TraceRequest> traceOf(LoadOutcome live) {
    return live.answers().stream()
        .filter(LoadAnswer::answered)
        .map(
            each ->
                TraceRequest.of(each.arrivalSeconds(), each.promptTokens(), each.outputTokens()))
        .toList();
  }

  static Outcome simulate(
      List<TraceRequest> trace, Policy policy, EngineProfile profile, int instances) {
    return Cluster.run(
        trace,
        policy,
        new Setup(
            Collections.nCopies(instances, profile),
            0,
            null,
            List.of(),
            SAMPLE_SECONDS,
            false,
            false));
  }
}

package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Watch;
import dev.banyan.cluster.WatchOptions;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster watch PATH…}. */
@Command(
    name = "watch",
    description = {
      "Watch a running job: follow its event files, take event lines in over HTTP (POST /events)"
          + " and",
      "a Unix socket, print each verdict as a JSON line when it is raised or cleared, serve",
      "Prometheus at /metrics. Ends with ctrl-C, or after --seconds; exit code 1 when a fault"
          + " stands."
    },
    footer = "  banyan cluster watch run/events --http 9400 --socket /run/banyan.sock")
public final class ClusterWatchCommand implements Callable<ExitCode> {
  private static final long POLL_MILLIS = 250;

  @Parameters(paramLabel = "PATH", arity = "0..*", description = "Event files, folders of them.")
  private List<Path> paths = List.of();

  @Option(
      names = "--http",
      paramLabel = "[HOST:]PORT",
      description = "Listen here: /events, /metrics, /findings; 0 takes any free port.")
  private @Nullable String http;

  @Option(names = "--socket", paramLabel = "FILE", description = "Listen at this Unix socket.")
  private @Nullable Path socket;

  @Option(
      names = "--window",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description = "Length of the windows delays are taken over (default: ${DEFAULT-VALUE}).")
  private double window = 4;

  @Option(
      names = "--one-machine",
      description = "All ranks run on this machine and share its monotonic clock.")
  private boolean oneMachine;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "0",
      description = "End after so long; 0 never does (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (!(window > 0 && window <= 3600)) {
      throw new UserInputException("--window " + window + ": expected seconds, 0 to 3600");
    }
    if (paths.isEmpty() && http == null && socket == null) {
      throw new UserInputException("nothing to watch: give a PATH, --http or --socket");
    }
    WatchOptions options =
        WatchOptions.standard()
            .withPaths(paths)
            .withSocket(socket)
            .withWindowSeconds(window)
            .withSharedClock(oneMachine);
    if (http != null) {
      options = listening(options, http);
    }
    long end = seconds > 0 ? System.nanoTime() + (long) (seconds * 1e9) : Long.MAX_VALUE;
    try (Watch watch = Watch.open(options)) {
      if (watch.httpPort() >= 0) {
        common.err().println("listening at port " + watch.httpPort());
        common.err().flush();
      }
      while (System.nanoTime() < end) {
        for (Watch.Change change : watch.poll()) {
          common.out().println(Json.mapper().writeValueAsString(change));
          common.out().flush();
        }
        Thread.sleep(POLL_MILLIS);
      }
      common.emit(
          common
              .result()
              .put("verdicts", watch.findings().verdicts())
              .put("ranksSeen", watch.findings().ranksSeen())
              .put("ranksExpected", watch.findings().ranksExpected()));
      return watch.findings().faulty() ? ExitCode.NO : ExitCode.DONE;
    }
  }

  private static WatchOptions listening(WatchOptions options, String at) {
    int colon = at.lastIndexOf(':');
    try {
      int port = Integer.parseInt(at.substring(colon + 1));
      return options.withHttp(colon < 0 ? "localhost" : at.substring(0, colon), port);
    } catch (IllegalArgumentException e) {
      throw new UserInputException("--http " + at + ": expected [HOST:]PORT, 0 to 65535", e);
    }
  }
}

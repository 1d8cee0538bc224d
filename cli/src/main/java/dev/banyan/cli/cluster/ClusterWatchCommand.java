package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.ClusterPage;
import dev.banyan.cluster.ClusterSnapshot;
import dev.banyan.cluster.ClusterSnapshot.Routes;
import dev.banyan.cluster.ClusterView;
import dev.banyan.cluster.EventFollower;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.Watch;
import dev.banyan.cluster.WatchOptions;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
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
      "Prometheus at /metrics; with --page also a page in the browser: ranks, delay matrix,",
      "verdicts, load of links. Ends with ctrl-C, or after --seconds; exit code 1 when a fault"
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

  @Mixin private WindowFlag window = new WindowFlag();

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

  @Option(names = "--page", description = "Serve the page on this machine; follows PATHs only.")
  private boolean page;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the page (default: one that is free).")
  private int port = 0;

  @Option(
      names = "--routes",
      paramLabel = "TOPOLOGY,JOBS",
      split = ",",
      description = "Shows the planned load of the fabric's links on the page.")
  private List<Path> routeFiles = List.of();

  @Option(
      names = "--out",
      paramLabel = "FILE.html",
      description = "Write the page of the last moment when it ends.")
  private @Nullable Path out;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (port < 0 || port > 65_535) {
      throw new UserInputException("--port " + port + ": expected 0 to 65535");
    }
    if (paths.isEmpty() && http == null && socket == null) {
      throw new UserInputException("nothing to watch: give a PATH, --http or --socket");
    }
    WatchOptions options =
        WatchOptions.standard()
            .withPaths(paths)
            .withSocket(socket)
            .withWindowSeconds(window.seconds())
            .withSharedClock(oneMachine);
    if (http != null) {
      options = listening(options, http);
    }
    long end = seconds > 0 ? System.nanoTime() + (long) (seconds * 1e9) : Long.MAX_VALUE;
    String title = paths.isEmpty() ? "watching" : "watching " + paths.getFirst();
    var view = new ClusterView(title, routes());
    try (Watch watch = Watch.open(options);
        var follower = new EventFollower(paths)) {
      var shown = new AtomicReference<>(view.snapshot(watch.findings(), now()));
      try (ClusterPage served = page ? ClusterPage.serve(port, shown::get) : null) {
        say(watch, served);
        while (System.nanoTime() < end) {
          for (Watch.Change change : watch.poll()) {
            common.out().println(Json.mapper().writeValueAsString(change));
            common.out().flush();
          }
          if (page || out != null) {
            follower.poll(view::accept);
            shown.set(view.snapshot(watch.findings(), now()));
          }
          Thread.sleep(POLL_MILLIS);
        }
      }
      if (out != null) {
        ClusterPage.write(shown.get(), out);
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

  private void say(Watch watch, @Nullable ClusterPage served) {
    if (watch.httpPort() >= 0) {
      common.err().println("listening at port " + watch.httpPort());
    }
    if (served != null) {
      common.err().println("page at " + served.url());
    }
    common.err().flush();
  }

  private @Nullable Routes routes() {
    if (routeFiles.isEmpty()) {
      return null;
    }
    if (routeFiles.size() != 2) {
      throw new UserInputException("--routes takes two files: TOPOLOGY.yaml,JOBS.yaml");
    }
    return ClusterSnapshot.routes(
        RoutePlanner.plan(
            RoutePlanner.readTopology(routeFiles.get(0)),
            RoutePlanner.readJobs(routeFiles.get(1))));
  }

  private static long now() {
    return System.currentTimeMillis();
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

package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.ClusterPage;
import dev.banyan.cluster.ClusterSnapshot;
import dev.banyan.cluster.ClusterSnapshot.Routes;
import dev.banyan.cluster.ClusterView;
import dev.banyan.cluster.EventFollower;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.LiveDiagnosis;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster watch EVENTS…}. */
@Command(
    name = "watch",
    description = {
      "Follow a running job's event lines and say who is sick as soon as it can be known; with",
      "--page also as a page in the browser: ranks, delay matrix, verdicts, load of links."
    },
    footer = "  banyan cluster watch events/ --page --routes topology.yaml,jobs.yaml")
public final class ClusterWatchCommand implements Callable<ExitCode> {
  private static final int POLL_MILLIS = 250;

  @Parameters(
      paramLabel = "EVENTS",
      arity = "1..*",
      description = "Files of event lines, and folders of *.jsonl.")
  private List<Path> places = List.of();

  @Option(names = "--page", description = "Serve the page on this machine.")
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
      description = "Shows the planned load of the fabric's links.")
  private List<Path> routeFiles = List.of();

  @Option(
      names = "--window",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description = "Length of the windows delays are taken over (default: ${DEFAULT-VALUE}).")
  private double window = 4;

  @Option(
      names = "--other-hosts",
      description = "The lines come from other machines, whose clocks are their own.")
  private boolean otherHosts;

  @Option(
      names = "--for",
      paramLabel = "SECONDS",
      description = "End after so long (default: when stopped).")
  private @Nullable Double seconds;

  @Option(
      names = "--out",
      paramLabel = "FILE.html",
      description = "Write the page of the last moment when it ends.")
  private @Nullable Path out;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (!(window > 0 && window <= 3600) || port < 0 || port > 65_535) {
      throw new UserInputException("--window is 0 to 3600 seconds, --port 0 to 65535");
    }
    var view = new ClusterView("watching " + places.getFirst(), routes());
    var live = new LiveDiagnosis(window, !otherHosts);
    var shown = new AtomicReference<>(view.snapshot(live.at(System.nanoTime()), now()));
    boolean faulty = false;
    try (var follower = new EventFollower(places);
        ClusterPage served = page ? ClusterPage.serve(port, shown::get) : null) {
      if (served != null) {
        common.out().println(served.url());
        common.out().flush();
      }
      long end = seconds == null ? Long.MAX_VALUE : System.nanoTime() + (long) (seconds * 1e9);
      List<Verdict> said = new ArrayList<>();
      do {
        follower.poll(line -> take(line, view, live));
        Findings findings = live.at(System.nanoTime());
        shown.set(view.snapshot(findings, now()));
        say(findings, said);
        faulty |= findings.faulty();
        Thread.sleep(POLL_MILLIS);
      } while (System.nanoTime() < end);
    }
    if (out != null) {
      ClusterPage.write(shown.get(), out);
    }
    common.emit(common.result().put("verdicts", shown.get().verdicts()));
    return faulty ? ExitCode.NO : ExitCode.DONE;
  }

  private static void take(EventLine line, ClusterView view, LiveDiagnosis live) {
    view.accept(line);
    live.accept(line);
  }

  /** A line when a verdict comes, and one when it goes. */
  private void say(Findings findings, List<Verdict> said) {
    for (Verdict verdict : findings.verdicts()) {
      if (said.stream().noneMatch(verdict::sameFault)) {
        common.out().println(verdict.headline());
        verdict.evidence().stream().limit(2).forEach(e -> common.out().println("  " + e));
        said.add(verdict);
      }
    }
    said.removeIf(
        old -> {
          boolean over = findings.verdicts().stream().noneMatch(old::sameFault);
          if (over) {
            common.out().println("over: " + old.headline());
          }
          return over;
        });
    common.out().flush();
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
}

package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.LoadRequest;
import dev.banyan.serve.LoadTarget;
import dev.banyan.serve.OpenLoop;
import dev.banyan.serve.Trace;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.Workload;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan serve load URL}: an open-loop load test of any OpenAI server. */
@Command(
    name = "load",
    description = {
      "Sends requests to an OpenAI server at their times, however slow it is, and measures.",
      "Latencies count from the scheduled arrival. Ctrl-C ends it with what was measured so far.",
      "Exit 1 when a request failed."
    },
    footer = {
      "  banyan serve load http://127.0.0.1:8000 --rate 4 --requests 200",
      "  banyan serve load http://127.0.0.1:8000 --trace azure.csv --rate 2 --seconds 60 --report load.html"
    })
public final class ServeLoadCommand implements Callable<ExitCode> {
  private static final int USUAL_REQUESTS = 100;
  private static final int LAST_WORDS_SECONDS = 10;

  @Mixin private Common common = new Common();

  @Mixin private ArrivalFlags arrivals = new ArrivalFlags();

  @Mixin private ClientFlags as = new ClientFlags();

  @Parameters(paramLabel = "URL", description = "The server, with or without /v1.")
  private String url = "";

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Requests (default: 100, or as many as arrive in --seconds).")
  private @Nullable Integer requests;

  @Option(names = "--seconds", paramLabel = "S", description = "Arrivals of so many seconds.")
  private @Nullable Double seconds;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Length of prompts, about (default: ${DEFAULT-VALUE}).")
  private int promptTokens = 64;

  @Option(
      names = "--output-tokens",
      paramLabel = "N",
      defaultValue = "32",
      description = "Length of answers (default: ${DEFAULT-VALUE}).")
  private int outputTokens = 32;

  @Option(
      names = "--workload",
      paramLabel = "NAME",
      description = "Instead of these two: lengths of S-S to L-L, or burstgpt-like.")
  private @Nullable String workload;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Arrivals and lengths of a trace: Azure, BurstGPT, Vidur, splitwise, Mooncake or"
              + " LLMServingSim.")
  private @Nullable Path trace;

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description =
          "JSON lines of prompt and, if you like, outputTokens and arrivalSeconds, instead of"
              + " random words.")
  private @Nullable Path prompts;

  @Option(names = "--model", paramLabel = "NAME", description = "Default: the first it lists.")
  private String model = "";

  @Option(names = "--chat", description = "Ask /chat/completions instead of /completions.")
  private boolean chat;

  @Option(
      names = "--may-end",
      description = "Let answers end where the model ends them; do not send ignore_eos.")
  private boolean mayEnd;

  @Option(
      names = "--fields",
      paramLabel = "JSON",
      description = "More fields of each request, for example '{\"temperature\": 0.7}'.")
  private String fields = "{}";

  @Option(
      names = "--timeout",
      paramLabel = "S",
      defaultValue = "600",
      description = "A request fails when it has not ended after this (default: ${DEFAULT-VALUE}).")
  private long timeout = 600;

  @Override
  public ExitCode call() throws IOException {
    Workload asked = workload();
    List<LoadRequest> own = prompts == null ? null : own(prompts);
    Double within = within(asked);
    OpenLoop.requireSendable(
        asked, within == null ? OptionalDouble.empty() : OptionalDouble.of(within));
    if (timeout < 1) {
      throw new UserInputException("--timeout is " + timeout + ", must be at least 1");
    }
    common.requireWritable();
    var target =
        new LoadTarget(
            url,
            as.key(),
            model,
            chat,
            mayEnd,
            LoadFields.read(fields),
            Duration.ofSeconds(timeout));
    try (HttpClient http = as.client(url).http()) {
      OpenLoop test = OpenLoop.of(target, http);
      List<LoadRequest> drawn =
          own != null
              ? own
              : within == null
                  ? test.requests(asked, common.seed())
                  : test.requests(asked, within, common.seed());
      if (seconds != null && (own != null || within == null)) {
        double most = seconds;
        drawn = drawn.stream().filter(each -> each.arrivalSeconds() <= most).toList();
      }
      if (drawn.isEmpty()) {
        throw new UserInputException(
            "no request arrives in %s s; ask for more seconds or a higher rate".formatted(seconds));
      }
      return run(test, prompts == null ? asked.name() : prompts.toString(), drawn);
    }
  }

  private ExitCode run(OpenLoop test, String workloadName, List<LoadRequest> drawn)
      throws IOException {
    var told = new CountDownLatch(1);
    // Ctrl-C ends the test, and the process when what was measured has been printed
    var hook = new Thread(() -> stop(test, told));
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      LoadOutcome outcome;
      try (Progress progress = common.progress("load", drawn.size(), "requests")) {
        outcome = test.run(drawn, progress);
      }
      var report = new LoadReport(test, workloadName, drawn, outcome, url, common.seed().value());
      report.print(common.out());
      common.out().flush();
      common.emitLast(report.into(common.result()), report::page);
      return outcome.failed() > 0 ? ExitCode.NO : ExitCode.DONE;
    } finally {
      told.countDown();
      forget(hook);
    }
  }

  private void stop(OpenLoop test, CountDownLatch told) {
    test.stop();
    try {
      boolean unused = told.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void forget(Thread hook) {
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the process is ending
    }
  }

  /** Requests of a file, at its times or at drawn ones. */
  private List<LoadRequest> own(Path file) {
    if (trace != null || workload != null) {
      throw new UserInputException("--prompts has lengths of its own: no --trace, no --workload");
    }
    List<LoadRequest> all = LoadRequest.read(file, outputTokens);
    List<LoadRequest> some = all.subList(0, Math.min(all.size(), most(all.size())));
    boolean timed = !Double.isNaN(all.getFirst().arrivalSeconds());
    if (timed == arrivals.rate() > 0) {
      throw new UserInputException(
          file
              + (timed
                  ? " says when its requests arrive: no --rate"
                  : " does not say when its requests arrive: --rate is needed"));
    }
    if (timed) {
      return some;
    }
    List<TraceRequest> drawn =
        Workload.generated("1-1", some.size(), arrivals.rate(), arrivals.cv()).draw(common.seed());
    List<LoadRequest> at = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      at.add(some.get(i).at(drawn.get(i).arrivalSeconds()));
    }
    return at;
  }

  private int most(int all) {
    return requests == null ? all : requests;
  }

  /** Seconds that decide how many arrive; null where that is said. */
  private @Nullable Double within(Workload asked) {
    if (seconds != null && (!(seconds > 0) || Double.isInfinite(seconds))) {
      throw new UserInputException("--seconds is " + seconds + ", a number above 0 was expected");
    }
    return requests != null && asked.trace().isEmpty() ? null : seconds;
  }

  private Workload workload() {
    if (trace != null && workload != null) {
      throw new UserInputException("name either a --trace or a --workload");
    }
    double rate = arrivals.rate();
    if (trace == null && prompts == null && rate == 0) {
      throw new UserInputException("say how many requests a second, for example --rate 4");
    }
    if (requests != null && requests < 1) {
      throw new UserInputException("--requests is " + requests + ", must be at least 1");
    }
    if (promptTokens < 1 || outputTokens < 1) {
      throw new UserInputException("--prompt-tokens and --output-tokens must be at least 1");
    }
    if (trace != null) {
      Trace read = Trace.read(trace);
      int all = read.requests().size();
      int count = requests != null ? requests : seconds != null ? all : USUAL_REQUESTS;
      return arrivals.capped(Workload.of(read, Math.min(all, count), rate));
    }
    String name = workload == null ? promptTokens + "-" + outputTokens : workload;
    int count = requests == null ? USUAL_REQUESTS : requests;
    return arrivals.capped(Workload.generated(name, count, rate, arrivals.cv()));
  }
}

package dev.banyan.cli.life;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.Gateway;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.LoadRequest;
import dev.banyan.serve.LoadTarget;
import dev.banyan.serve.OpenLoop;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.Workload;
import dev.banyan.train.Corpus;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * The model on two instances under an open-loop load, twice: once nothing happens; once instance 0
 * is drained and takes requests again, and then instance 1 is killed. No client may notice: nothing
 * fails, and every answer is the undisturbed one.
 */
record Served(LifeConfig config, Common common, LifeFiles files) {
  private static final double RATE = 40;

  /** Uneven, so that several requests are open when something happens. */
  private static final double VARIATION = 2;

  /** On a busy machine a load can end before everything happened. */
  private static final int TRIES = 3;

  private static final int POLL_MILLIS = 1;

  /** Nothing when serving was left out. */
  Optional<Lived.Served> of(StepBook book) throws Exception {
    int requests = config.serveRequests();
    if (requests == 0) {
      return Optional.empty();
    }
    Path model = files.model("tune");
    Path answers = files.of("serve").resolve("answers.jsonl");
    return Optional.of(
        book.step(
            "serve",
            command(model),
            requests + " " + outputTokens(),
            answers,
            Lived.Served.class,
            () -> run(model, answers, requests)));
  }

  /** The requests of both loads, as {@code banyan serve load} takes them. */
  private Path prompts() {
    return files.of("serve").resolve("requests.jsonl");
  }

  /** The same by hand: what is in the last bracket happens while the second load runs. */
  private String command(Path model) {
    String load =
        "banyan serve load http://127.0.0.1:8000 --prompts %s --fields '%s'"
            .formatted(prompts(), Json.mapper().writeValueAsString(fields(model)));
    String disturbing =
        "banyan serve drain 0; banyan serve drain 0 --resume; kill -9 $(banyan serve status | sed -n 's/^instance 1 *process \\([0-9]*\\).*/\\1/p')";
    return "banyan serve %s --instances 2 & %s; (%s & %s)".formatted(model, load, load, disturbing);
  }

  private int outputTokens() {
    return Math.max(1, config.count("length") * 5 / 8);
  }

  private Lived.Served run(Path model, Path answers, int count) throws Exception {
    List<LoadRequest> requests = requests(count);
    write(prompts(), requests);
    try (Gateway gateway = Gateway.open(model, 2, 0);
        HttpClient http = HttpClient.newHttpClient()) {
      LoadTarget target = LoadTarget.of("http://127.0.0.1:" + gateway.port()).with(fields(model));
      OpenLoop loop = OpenLoop.of(target, http);
      // what a JVM learns in its first seconds would pass for the load's
      LoadOutcome unused = loop.run(atOnce(requests), Progress.none());
      LoadOutcome calm = load(loop, requests, new Watched(common, count));
      for (int tries = 1; ; tries++) {
        long moves = gateway.moves();
        long requeues = gateway.requeues();
        long replays = gateway.replays();
        var watched = new Watched(common, count);
        var disturbing = new Disturbing(gateway, watched);
        Thread thread = Thread.ofVirtual().start(disturbing);
        LoadOutcome disturbed = load(loop, requests, watched);
        thread.join();
        // if it is over too early every time, the report says so: nobody failed
        if (disturbing.happened.size() == Lived.Served.ALL || tries == TRIES) {
          write(answers, requests, calm, disturbed);
          return compared(
              calm,
              disturbed,
              disturbing.happened,
              gateway.moves() - moves,
              gateway.requeues() - requeues,
              gateway.replays() - replays);
        }
        common.err().println("serve: the load was over too early; once more");
        common.err().flush();
      }
    }
  }

  private static LoadOutcome load(OpenLoop loop, List<LoadRequest> requests, Watched watched) {
    try (watched) {
      return loop.run(requests, watched);
    }
  }

  /** Beginnings of held-out documents, at the arrivals of a drawn workload. */
  private List<LoadRequest> requests(int count) {
    Seed seed = new Seed(config.seed()).of("serve");
    int bytes = Math.max(4, config.count("length") / 8); // a token has a byte at least
    List<TraceRequest> drawn =
        Workload.generated(bytes + "-" + outputTokens(), count, RATE, VARIATION).draw(seed);
    List<String> texts = new ArrayList<>();
    try (Corpus held = Corpus.open(List.of(files.heldOut()), Corpus.Options.STRICT)) {
      Iterator<String> all = held.texts();
      while (all.hasNext() && texts.size() < count) {
        texts.add(beginning(all.next(), bytes));
      }
    }
    List<LoadRequest> requests = new ArrayList<>();
    for (int i = 0; i < drawn.size(); i++) {
      TraceRequest each = drawn.get(i);
      String prompt = texts.get(i % texts.size());
      requests.add(new LoadRequest(each.arrivalSeconds(), prompt, each.outputTokens()));
    }
    return requests;
  }

  /**
   * Drawn text, as every token of it depends on all before to the last bit, and text all along: the
   * bias keeps the model from the marks of a chat.
   */
  private Map<String, Object> fields(Path model) {
    Map<String, Object> bias = new TreeMap<>();
    for (int id : Tokenizer.open(model).specialIds()) {
      bias.put(Integer.toString(id), -100);
    }
    return Map.of("temperature", 1, "seed", config.seed(), "logit_bias", bias);
  }

  /** As many characters as have at most so many bytes of UTF-8. */
  private static String beginning(String text, int bytes) {
    int end = 0;
    int used = 0;
    while (end < text.length()) {
      int letter = text.codePointAt(end);
      used += letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
      if (used > bytes) {
        break;
      }
      end += Character.charCount(letter);
    }
    return text.substring(0, end);
  }

  /** A quarter of the requests, all at the start. */
  private static List<LoadRequest> atOnce(List<LoadRequest> requests) {
    return requests.subList(0, Math.max(1, requests.size() / 4)).stream()
        .map(each -> new LoadRequest(0, each.prompt(), each.outputTokens()))
        .toList();
  }

  private Lived.Served compared(
      LoadOutcome calm,
      LoadOutcome disturbed,
      List<String> happened,
      long moved,
      long requeued,
      long replayed) {
    int compared = 0;
    int differing = 0;
    for (int i = 0; i < calm.answers().size(); i++) {
      LoadAnswer expected = calm.answers().get(i);
      LoadAnswer given = disturbed.answers().get(i);
      if (expected.answered() && given.answered()) {
        compared++;
        differing += expected.text().equals(given.text()) ? 0 : 1;
      }
    }
    return new Lived.Served(
        calm.answers().size(),
        RATE,
        outputTokens(),
        Lived.Load.of(calm),
        Lived.Load.of(disturbed),
        List.copyOf(happened),
        moved,
        requeued,
        replayed,
        compared,
        differing);
  }

  private static void write(Path file, List<LoadRequest> requests) throws IOException {
    var lines = new StringBuilder();
    for (LoadRequest each : requests) {
      lines.append(Json.mapper().writeValueAsString(each)).append('\n');
    }
    AtomicFile.writeString(file, lines.toString());
  }

  private static void write(
      Path file, List<LoadRequest> requests, LoadOutcome calm, LoadOutcome disturbed)
      throws IOException {
    var lines = new StringBuilder();
    for (int i = 0; i < requests.size(); i++) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("prompt", requests.get(i).prompt());
      line.put("undisturbed", said(calm.answers().get(i)));
      line.put("disturbed", said(disturbed.answers().get(i)));
      lines.append(Json.mapper().writeValueAsString(line)).append('\n');
    }
    AtomicFile.writeString(file, lines.toString());
  }

  private static String said(LoadAnswer answer) {
    return answer.answered() ? answer.text() : answer.failure() + ": " + answer.reason();
  }

  /** Progress that can be asked how far it is. */
  private static final class Watched implements Progress {
    private final Progress shown;
    private final int count;
    private final long begun = System.nanoTime();
    private volatile long ended;
    private volatile boolean over;

    Watched(Common common, int count) {
      this.shown = common.progress("serve", count, "requests");
      this.count = count;
    }

    @Override
    public void step(long done, String note) {
      ended = Math.max(ended, done);
      shown.step(done, note);
    }

    boolean past(double share) {
      return ended >= share * count;
    }

    double seconds() {
      return (System.nanoTime() - begun) / 1e9;
    }

    @Override
    public void close() {
      over = true;
      shown.close();
    }
  }

  /** Drains instance 0, lets it take requests again, and kills instance 1, each under load. */
  private static final class Disturbing implements Runnable {
    private final Gateway gateway;
    private final Watched load;
    final List<String> happened = new ArrayList<>();
    private long before;

    Disturbing(Gateway gateway, Watched load) {
      this.gateway = gateway;
      this.load = load;
    }

    @Override
    public void run() {
      List<Long> processes = gateway.processes();
      if (processes.size() < 2 || !when(() -> busy(0, 0.2))) {
        return;
      }
      long had = gateway.requests(0);
      boolean drained = gateway.drain(0);
      try {
        say("instance 0 was drained, with %d requests".formatted(had));
        if (!when(() -> gateway.requests(0) == 0)) {
          return;
        }
        say("it had none any more");
        if (!when(() -> load.past(0.45))) {
          return;
        }
      } finally {
        drained &= gateway.resume(0);
      }
      if (!drained) {
        return;
      }
      say("it took requests again");
      if (!when(() -> busy(1, 0.6))) {
        return;
      }
      had = gateway.requests(1);
      boolean killed =
          ProcessHandle.of(processes.get(1)).map(ProcessHandle::destroyForcibly).orElse(false);
      if (killed) {
        say("instance 1 was killed (SIGKILL), with %d requests".formatted(had));
      }
    }

    /** When a second request has just come; or, from later in the load on, when there is one. */
    private boolean busy(int instance, double share) {
      long has = gateway.requests(instance);
      boolean young = has > 1 && has > before;
      before = has;
      return (load.past(share) && young) || (load.past(share + 0.2) && has > 0);
    }

    private void say(String what) {
      happened.add("at %.1f s %s".formatted(load.seconds(), what));
    }

    private boolean when(BooleanSupplier condition) {
      try {
        while (!condition.getAsBoolean()) {
          if (load.over) {
            return false;
          }
          Thread.sleep(POLL_MILLIS);
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }
}

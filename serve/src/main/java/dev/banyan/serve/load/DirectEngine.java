package dev.banyan.serve.load;

import dev.banyan.serve.process.EngineLauncher;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** An engine process that a client asks without a gateway, over the wire that gateways use. */
public final class DirectEngine implements AutoCloseable {
  private static final int START_SECONDS = 60;
  private static final int POLL_MILLIS = 10;

  private final Path folder;
  private final Process process;
  private final Wire wire;
  private final Map<Long, Answer> open = new ConcurrentHashMap<>();
  private final AtomicLong requests = new AtomicLong();

  private static final class Answer {
    private final CompletableFuture<AnswerTimes> heard = new CompletableFuture<>();
    private long first;
    private int tokens;

    void token(Token token) {
      long now = System.nanoTime();
      first = tokens == 0 ? now : first;
      tokens += token.finish() == Token.Finish.STOP ? 0 : 1;
      switch (token.finish()) {
        case NONE -> {}
        case ERROR -> heard.completeExceptionally(new IOException("the engine gave it up"));
        case STOP, LENGTH -> heard.complete(new AnswerTimes(first, now, tokens));
      }
    }
  }

  private DirectEngine(Path folder, Process process, Wire wire) {
    this.folder = folder;
    this.process = process;
    this.wire = wire;
  }

  /**
   * Starts a process and waits until it says that it is ready.
   *
   * @throws IOException when it does not start, with what it said
   */
  public static DirectEngine start(EngineSettings settings) throws IOException {
    Path folder = Files.createTempDirectory("banyan-engine");
    Path socket = folder.resolve("engine.sock");
    EngineSettings own = settings.as(0, "unix:" + socket);
    Process process = EngineLauncher.start(own, folder);
    try {
      Wire wire = connect(own, process, socket, folder);
      var engine = new DirectEngine(folder, process, wire);
      var ready = new CompletableFuture<Say>();
      wire.start(
          say -> {
            switch (say) {
              case Say.Ready it -> ready.complete(it);
              case Say.Tokens tokens -> tokens.tokens().forEach(engine::heard);
              default -> {}
            }
          },
          (migration, stage, index) -> null,
          engine::gone);
      wire.say(new Say.Hello(true, 0));
      Say unused = ready.get(START_SECONDS, TimeUnit.SECONDS);
      return engine;
    } catch (IOException | ExecutionException | TimeoutException e) {
      String said = EngineLauncher.complaint(own, folder);
      end(process, folder);
      throw new IOException("the engine does not start: " + said, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(process, folder);
      throw new IOException("interrupted", e);
    }
  }

  private static Wire connect(EngineSettings own, Process process, Path socket, Path folder)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new IOException(EngineLauncher.complaint(own, folder));
      }
      try {
        if (Files.exists(socket)) {
          return Wire.connect(own.listen(), "direct");
        }
      } catch (IOException e) {
        // the socket is there a moment before somebody listens at it
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("no socket after %d s".formatted(START_SECONDS));
      }
    }
  }

  private void heard(Token token) {
    Answer answer = open.get(token.request());
    if (answer != null) {
      answer.token(token);
    }
  }

  private void gone() {
    open.values().forEach(each -> each.heard.completeExceptionally(new IOException("gone")));
  }

  /**
   * Asks and waits for the end of the answer.
   *
   * @throws IOException when there is none
   */
  public AnswerTimes ask(TokenRequest asked) throws IOException, InterruptedException {
    long id = requests.incrementAndGet();
    var answer = new Answer();
    open.put(id, answer);
    try {
      wire.say(new Say.Submit(id, 1, asked, new int[0], 0, 0));
      return answer.heard.get();
    } catch (ExecutionException e) {
      throw new IOException("the engine did not answer", e);
    } finally {
      open.remove(id);
    }
  }

  private static void end(Process process, Path folder) throws IOException {
    Process unused = process.destroyForcibly();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Override
  public void close() throws IOException {
    wire.close();
    end(process, folder);
  }
}

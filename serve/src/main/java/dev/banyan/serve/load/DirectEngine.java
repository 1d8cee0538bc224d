package dev.banyan.serve.load;

import dev.banyan.serve.process.EngineProcesses;
import dev.banyan.serve.process.EngineSettings;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
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

  private final EngineProcesses processes;
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

  private DirectEngine(EngineProcesses processes, Wire wire) {
    this.processes = processes;
    this.wire = wire;
  }

  /**
   * Starts a process and waits until it says that it is ready.
   *
   * @throws dev.banyan.core.UserInputException when it does not start, with what it said
   */
  public static DirectEngine start(EngineSettings settings) throws IOException {
    EngineProcesses processes = EngineProcesses.of(settings);
    try {
      processes.start(0);
      Wire wire = Wire.connect(processes.await(0), "direct");
      var engine = new DirectEngine(processes, wire);
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
    } catch (ExecutionException | TimeoutException e) {
      processes.close();
      throw new IOException("the engine does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      processes.close();
      throw new IOException("interrupted", e);
    } catch (IOException | RuntimeException e) {
      processes.close();
      throw e;
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

  @Override
  public void close() throws IOException {
    wire.close();
    processes.close();
  }
}

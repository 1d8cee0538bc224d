package dev.banyan.serve.process;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Opening;
import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.PolicyNames;
import dev.banyan.serve.engine.Engine;
import dev.banyan.serve.engine.Forward;
import dev.banyan.serve.engine.ModelForward;
import dev.banyan.serve.engine.PacedForward;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.Wire;
import dev.banyan.tensor.Libtorch;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An engine as a process: {@code main} takes one JSON file of {@link EngineSettings}, listens, and
 * speaks with its gateway and with other engines. One thread runs the engine; what arrives waits in
 * a queue for the end of a step. When its gateway goes, its requests go too.
 */
public final class EngineProcess {
  private static final long REPORT_NANOS = 20_000_000;
  private static final long IDLE_MILLIS = 20;

  private final EngineSettings settings;
  private final Engine engine;
  private final Say.Ready ready;
  private final Migrations migrations;
  private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
  private final List<Token> told = new ArrayList<>();
  private @Nullable Wire gateway;
  private volatile boolean stopped;
  private long reported;
  private @Nullable EngineFigures last;

  private EngineProcess(EngineSettings settings) {
    this.settings = settings;
    Policy policy = PolicyNames.policy(settings.policy(), 3, true, new Seed(1));
    boolean paced = !settings.paced().isEmpty();
    var size =
        new Engine.Size(
            settings.instance(),
            settings.blocks(),
            settings.blockTokens(),
            Math.max(1, settings.blocks() / 100),
            settings.stepTokens(),
            settings.mostRequests());
    Forward forward;
    int positions;
    int vocabulary;
    if (paced) {
      forward = new PacedForward(EngineProfile.named(settings.paced()), 4096);
      positions = Integer.MAX_VALUE;
      vocabulary = 64;
    } else {
      Libtorch.start(Libtorch.Use.INFERENCE, settings.threads());
      Opening opening = settings.exact() ? Opening.exact() : Opening.fast();
      ModelForward model =
          ModelForward.open(Path.of(settings.model()), opening, settings.adapters(), size);
      forward = model;
      positions = model.maxPositions();
      vocabulary = model.vocabSize();
    }
    this.engine =
        new Engine(
            forward,
            size,
            policy.classOrder(),
            () -> System.nanoTime() / 1e9,
            new Engine.Listener() {
              @Override
              public void token(Token token) {
                told.add(token);
              }

              @Override
              public void prompt(long request, List<Token> tokens) {
                tell(new Say.Prompt(request, tokens));
              }
            });
    int room = (settings.blocks() - size.watermark()) * settings.blockTokens();
    this.ready =
        new Say.Ready(
            settings.instance(),
            ProcessHandle.current().pid(),
            paced ? settings.paced() : settings.model(),
            paced ? "paced" : settings.exact() ? "exact" : "fast",
            List.copyOf(settings.adapters().keySet()),
            settings.blocks(),
            settings.blockTokens(),
            engine.blockBytes(),
            Math.min(room, positions),
            vocabulary);
    this.migrations =
        new Migrations(settings.instance(), engine, policy, this::tell, this::connect);
  }

  /** Runs an engine until it is told to stop. */
  public static void main(String[] args) throws IOException {
    var settings = Json.read(Path.of(args[0]), EngineSettings.class);
    int code = 0;
    try {
      new EngineProcess(settings).run();
    } catch (UserInputException e) {
      // the parent reads standard error and shows it
      System.err.println(e.getMessage());
      code = 2;
    }
    // without libtorch's own exit handlers, one of which may hang
    Runtime.getRuntime().halt(code);
  }

  private void run() throws IOException {
    try (ServerSocketChannel server = Wire.listen(settings.listen())) {
      Thread.ofPlatform().daemon().name("accept").start(() -> accept(server));
      loop();
    } finally {
      engine.close();
    }
  }

  private void accept(ServerSocketChannel server) {
    while (!stopped) {
      try {
        SocketChannel channel = server.accept();
        var wire = Wire.over(channel, "wire");
        wire.start(
            say -> post(() -> heard(wire, say)), migrations::room, () -> post(() -> gone(wire)));
      } catch (IOException e) {
        return;
      }
    }
  }

  private Wire connect(String address) throws IOException {
    Wire wire = Wire.connect(address, "peer");
    wire.start(say -> post(() -> heard(wire, say)), migrations::room, () -> post(() -> gone(wire)));
    wire.say(new Say.Hello(false, settings.instance()));
    return wire;
  }

  private void post(Runnable what) {
    inbox.add(what);
  }

  private void tell(Say say) {
    if (gateway != null) {
      // tokens that came before go before
      flush();
      gateway.say(say);
    }
  }

  private void flush() {
    if (!told.isEmpty()) {
      if (gateway != null) {
        gateway.say(new Say.Tokens(List.copyOf(told)));
      }
      told.clear();
    }
  }

  private void loop() {
    try {
      while (!stopped) {
        boolean works = engine.hasWork();
        Runnable next = works ? inbox.poll() : inbox.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        while (next != null) {
          next.run();
          next = inbox.poll();
        }
        if (stopped) {
          return;
        }
        boolean stepped = engine.step();
        flush();
        migrations.afterStep();
        report();
        if (works && !stepped && inbox.isEmpty()) {
          // all that is here waits for memory that a move will free
          Thread.sleep(1);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void report() {
    long now = System.nanoTime();
    if (gateway == null || now - reported < REPORT_NANOS) {
      return;
    }
    EngineFigures figures = engine.figures();
    boolean news = !figures.equals(last) || now - reported > 200_000_000L;
    if (news) {
      reported = now;
      last = figures;
      gateway.say(new Say.Load(engine.load(migrations.busy()), figures));
    }
  }

  private void heard(Wire from, Say say) {
    switch (say) {
      case Say.Hello hello -> {
        if (hello.gateway()) {
          if (gateway != null) {
            orphan();
          }
          gateway = from;
          from.say(ready);
          reported = 0;
          last = null;
        } else {
          migrations.peer(hello.instance(), from);
        }
      }
      case Say.Submit submit -> submit(submit);
      case Say.Cancel cancel -> {
        migrations.cancelled(cancel.request());
        boolean unused = engine.cancel(cancel.request());
        last = null;
        reported = 0;
      }
      case Say.Give give -> migrations.give(give);
      case Say.Drain drain -> {
        engine.drain(drain.draining());
        last = null;
      }
      case Say.Stop stop -> stopped = true;
      case Say.Protocol protocol -> migrations.heard(protocol.message(), from);
      case Say.BlockCame block -> migrations.came(block);
      case Say.Ready r -> {}
      case Say.Given g -> {}
      case Say.Moved m -> {}
      case Say.Load l -> {}
      case Say.Tokens t -> {}
      case Say.Prompt p -> {}
    }
  }

  private void submit(Say.Submit submit) {
    try {
      engine.submit(
          submit.request(), submit.epoch(), submit.asked(), submit.generated(), submit.moves());
    } catch (RuntimeException e) {
      boolean unused = engine.cancel(submit.request());
      told.add(
          new Token(
              submit.request(),
              submit.epoch(),
              submit.generated().length,
              0,
              Token.Finish.ERROR,
              Float.NaN,
              new int[0],
              new float[0]));
      flush();
    }
  }

  private void gone(Wire wire) {
    if (wire == gateway) {
      gateway = null;
      orphan();
      stopped |= !settings.alone();
    } else {
      migrations.gone(wire);
    }
  }

  /** Nobody waits for what is here any more. */
  private void orphan() {
    for (long request : engine.requests()) {
      migrations.cancelled(request);
      boolean unused = engine.cancel(request);
    }
    told.clear();
  }
}

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
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.Wire;
import dev.banyan.tensor.Libtorch;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An engine as a process: {@code main} takes one JSON file of {@link EngineSettings}, listens, and
 * speaks with its gateway and with other engines. One thread runs the engine; what arrives is done
 * by the thread that read it, under the engine's lock, which is free while a step is computed: so
 * moves go on beside steps and cost none. When its gateway goes, its requests go too.
 */
public final class EngineProcess {
  private static final long IDLE_MILLIS = 20;
  private static final long ALIVE_MILLIS = 300;

  private final EngineSettings settings;
  private final Engine engine;
  private final Say.Ready ready;
  private final Migrations migrations;
  private final Object lock = new Object();
  private final List<Token> told = new ArrayList<>();
  private volatile @Nullable Wire gateway;
  private volatile boolean stopped;
  private long reported;
  private @Nullable EngineFigures last;
  private int lastFree;

  private EngineProcess(EngineSettings settings) {
    this.settings = settings;
    EngineSettings.Model served = settings.model();
    EngineSettings.Memory memory = settings.memory();
    Policy policy = PolicyNames.policy(settings.duty().policy(), 3, true, new Seed(1));
    EngineProfile pace = served.isPaced() ? EngineProfile.named(served.paced()) : null;
    int watermark = pace == null ? Math.max(1, memory.blocks() / 100) : pace.watermarkBlocks();
    var size =
        new Engine.Size(
            settings.instance(),
            memory.blocks(),
            memory.blockTokens(),
            watermark,
            settings.batch().tokens(),
            settings.batch().requests());
    Forward forward;
    int positions;
    int vocabulary;
    if (pace != null) {
      forward = new PacedForward(pace, 4096);
      positions = Integer.MAX_VALUE;
      vocabulary = vocabulary(served.folder());
    } else {
      Libtorch.start(Libtorch.Use.INFERENCE, served.threads());
      Opening opening = served.exact() ? Opening.exact() : Opening.fast();
      ModelForward model =
          ModelForward.open(Path.of(served.folder()), opening, served.adapters(), size);
      forward = model;
      positions = model.maxPositions();
      vocabulary = model.vocabSize();
    }
    this.engine =
        new Engine(
            forward,
            size,
            new Engine.Rules(policy.classOrder(), policy.admission(), pace),
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
    int room = (memory.blocks() - watermark) * memory.blockTokens();
    this.ready =
        new Say.Ready(
            settings.instance(),
            ProcessHandle.current().pid(),
            served.isPaced() ? served.paced() : served.folder(),
            served.isPaced() ? "paced" : served.exact() ? "exact" : "fast",
            List.copyOf(served.adapters().keySet()),
            memory.blocks(),
            memory.blockTokens(),
            engine.blockBytes(),
            Math.min(room, positions),
            vocabulary);
    this.migrations =
        new Migrations(settings.instance(), engine, policy, this::tell, this::connect);
  }

  /**
   * Token ids a paced engine takes: those of the model whose words are used, where there is one.
   */
  private static int vocabulary(String folder) {
    Path config = Path.of(folder, ModelConfig.FILE);
    boolean known = !folder.isEmpty() && Files.exists(config);
    return known ? ModelConfig.read(config).vocabSize() : PacedForward.VOCABULARY;
  }

  /** A gateway that dies before its engine connects, or before it even runs, leaves none behind. */
  private static void endWith(long gateway) {
    ProcessHandle.of(gateway)
        .ifPresentOrElse(
            alive -> {
              var unused = alive.onExit().thenRun(() -> Runtime.getRuntime().halt(0));
            },
            () -> Runtime.getRuntime().halt(0));
  }

  /**
   * Runs an engine until it is told to stop.
   *
   * @param args the file of its {@link EngineSettings}, and the process that started it
   */
  public static void main(String[] args) throws IOException {
    var settings = Json.read(Path.of(args[0]), EngineSettings.class);
    int code = 0;
    endWith(Long.parseLong(args[1]));
    try {
      new EngineProcess(settings).run();
    } catch (UserInputException e) {
      // the parent reads standard error and shows it
      System.err.println(e.getMessage());
      code = 2;
    } catch (IOException | RuntimeException e) {
      System.err.println(e);
      code = 1;
    }
    // without libtorch's own exit handlers, one of which may hang
    Runtime.getRuntime().halt(code);
  }

  private void run() throws IOException {
    try (ServerSocketChannel server = Wire.listen(settings.listen())) {
      Thread.ofPlatform().daemon().name("accept").start(() -> accept(server));
      Thread.ofPlatform().daemon().name("alive").start(this::sayAlive);
      loop();
    } finally {
      engine.close();
    }
  }

  /** However long a step or a message takes, a process that runs says so: it waits for no lock. */
  private void sayAlive() {
    try {
      while (!stopped) {
        Thread.sleep(ALIVE_MILLIS);
        Wire to = gateway;
        if (to != null) {
          to.say(new Say.Alive());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept(ServerSocketChannel server) {
    while (!stopped && server.isOpen()) {
      try {
        SocketChannel channel = server.accept();
        var wire = Wire.over(channel, "wire");
        wire.start(
            say -> post(() -> heard(wire, say)), migrations::room, () -> post(() -> gone(wire)));
      } catch (IOException e) {
        // closed, or one connection that failed before it began
        LockSupport.parkNanos(1_000_000);
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
    synchronized (lock) {
      what.run();
      flush();
      lock.notifyAll();
    }
  }

  private void tell(Say say) {
    Wire to = gateway;
    if (to != null) {
      // tokens that came before go before
      flush();
      to.say(say);
    }
  }

  private void flush() {
    if (!told.isEmpty()) {
      Wire to = gateway;
      if (to != null) {
        to.say(new Say.Tokens(List.copyOf(told)));
      }
      told.clear();
    }
  }

  private void loop() {
    try {
      while (true) {
        Engine.Step step;
        synchronized (lock) {
          if (stopped) {
            return;
          }
          step = engine.begin();
          migrations.look();
          if (step.pieces().isEmpty()) {
            flush();
            report();
            // nothing to do, or all that is here waits for a move
            lock.wait(IDLE_MILLIS);
            continue;
          }
          // what waits now is what could not be admitted, which is what policies ask
          report();
        }
        List<float[]> scores = engine.compute(step);
        synchronized (lock) {
          engine.end(step, scores);
          flush();
          migrations.look();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Memory that somebody may wait for is free, or soon will be: the next report waits for no other.
   */
  private void freed(boolean now) {
    last = null;
    reported = 0;
    if (now) {
      report();
    }
  }

  private void report() {
    long now = System.nanoTime();
    Wire to = gateway;
    if (to == null || now - reported < settings.duty().reportMillis() * 1_000_000L) {
      return;
    }
    EngineFigures figures = engine.figures();
    int free = engine.freeBlocks();
    boolean news = !figures.equals(last) || free != lastFree || now - reported > 200_000_000L;
    if (news) {
      reported = now;
      last = figures;
      lastFree = free;
      to.say(new Say.Load(engine.load(migrations.busy()), figures));
    }
  }

  private void heard(Wire from, Say say) {
    switch (say) {
      case Say.Hello hello -> {
        if (hello.gateway()) {
          if (gateway != null) {
            orphan();
          }
          from.say(ready);
          gateway = from;
          engine.greeted();
          reported = 0;
          last = null;
        } else {
          migrations.peer(hello.instance(), from);
        }
      }
      case Say.Submit submit -> submit(submit);
      case Say.Cancel cancel -> {
        boolean computes = engine.computes(cancel.request());
        migrations.cancelled(cancel.request());
        boolean unused = engine.cancel(cancel.request());
        // blocks that a step writes are free when it has ended, and that is told then
        freed(!computes);
      }
      case Say.Give give -> migrations.give(give);
      case Say.Drain drain -> {
        engine.drain(drain.draining());
        last = null;
      }
      case Say.Stop stop -> stopped = true;
      case Say.Protocol protocol -> {
        migrations.heard(protocol.message(), from);
        if (protocol.message() instanceof Message.Abort) {
          freed(true);
        }
      }
      case Say.Coming coming -> migrations.comes(coming);
      case Say.BlockCame block -> migrations.came(block);
      case Say.Ready r -> {}
      case Say.Alive a -> {}
      case Say.Given g -> {}
      case Say.Moved m -> {}
      case Say.Load l -> {}
      case Say.Tokens t -> {}
      case Say.Prompt p -> {}
    }
  }

  private void submit(Say.Submit submit) {
    try {
      migrations.submit(submit);
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
      stopped = true;
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

package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.Gateway;
import dev.banyan.serve.GatewaySettings;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code banyan serve MODEL}: an OpenAI server over several instances; {@code banyan serve
 * --backend URL}: one before servers that already run.
 */
@Command(
    name = "run",
    description = {
      "Serves a model folder to OpenAI clients; requests move between instances.",
      "With --backend it stands before servers that already run (vLLM, SGLang, llama.cpp, any"
          + " OpenAI server); an answer whose server dies goes on at another."
    },
    footer = {
      "  banyan serve life/tune/model --instances 2 --port 8000",
      "  banyan serve run --backend http://gpu-1:8000 --backend http://gpu-2:8000 --port 8080"
    })
public final class ServeRunCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "A Hugging Face model folder; none with --backend.")
  private @Nullable Path model;

  @Option(
      names = "--backend",
      paramLabel = "URL",
      description = "A server that already runs (may be repeated).")
  private List<URI> backends = List.of();

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "With --backend: what clients call the model of all of them.")
  private @Nullable String name;

  @Option(
      names = "--backend-key",
      paramLabel = "FILE",
      description = "With --backend: a file with the key the backends want.")
  private @Nullable Path backendKey;

  @Option(
      names = "--await",
      description = "With --backend: those that do not answer yet are asked until they do.")
  private boolean awaits;

  @Option(
      names = "--instances",
      paramLabel = "N",
      description = "Engine processes (default: half of the cores).")
  private @Nullable Integer instances;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "8000",
      description = "0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port = 8000;

  @Option(
      names = "--adapter",
      paramLabel = "NAME=DIR",
      description = "A PEFT folder served as MODEL:NAME (may be repeated).")
  private Map<String, String> adapters = Map.of();

  @Option(
      names = "--fast",
      description = "Quicker arithmetic; an answer may then depend on its company.")
  private boolean fast;

  @Option(
      names = "--paced",
      paramLabel = "PROFILE",
      description = {
        "For load tests: engines compute nothing and take as long as this profile says (a name or a"
            + " file, see 'banyan serve simulate'); of MODEL only the words are used."
      })
  private String paced = "";

  @Option(
      names = "--host",
      paramLabel = "H",
      defaultValue = "127.0.0.1",
      description = "Where it listens; others than loopback need --keys (default: loopback).")
  private String host = "127.0.0.1";

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description = "Lines that 'banyan serve key' prints; clients then need their key.")
  private @Nullable Path keys;

  @Option(
      names = "--cert",
      paramLabel = "PEM",
      description = "Certificate chain; needs --cert-key. It then speaks TLS only.")
  private @Nullable Path certificates;

  @Option(names = "--cert-key", paramLabel = "PEM", description = "PKCS #8 key of --cert.")
  private @Nullable Path certificateKey;

  @Option(
      names = "--decisions",
      paramLabel = "FILE",
      description = "Write every decision with what it was taken on, for 'banyan serve replay'.")
  private @Nullable Path decisions;

  @Option(
      names = "--spans",
      paramLabel = "FILE",
      description = "Write OpenTelemetry spans of each request (OTLP/JSON, a line each).")
  private @Nullable Path spans;

  @Option(
      names = "--most-open",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Answers in the making; more are refused (default: ${DEFAULT-VALUE}).")
  private int mostOpen = 2048;

  @Option(
      names = "--patience",
      paramLabel = "S",
      defaultValue = "30",
      description = "Seconds that SIGTERM leaves to running answers (default: ${DEFAULT-VALUE}).")
  private long patience = 30;

  @Override
  public ExitCode call() throws IOException {
    if (model == null && backends.isEmpty()) {
      throw new UserInputException("what is served is missing: a MODEL folder, or --backend URL");
    }
    return model == null ? before() : over(model);
  }

  /** Engines of its own. */
  private ExitCode over(Path folder) throws IOException {
    if (!backends.isEmpty() || name != null || backendKey != null || awaits) {
      throw new UserInputException(
          "--backend, --model, --backend-key and --await are for servers that already run; the folder "
              + folder
              + " goes without");
    }
    int count =
        instances == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : instances;
    Gateway gateway =
        Gateway.open(
            new GatewaySettings(
                new GatewaySettings.Served(folder, adapters, count, paced, !fast),
                address(),
                access(),
                new GatewaySettings.Recordings(
                    Optional.ofNullable(decisions), Optional.ofNullable(spans))),
            line -> {
              common.err().println(line);
              common.err().flush();
            });
    return stay(
        gateway.port(),
        "%s on %d instance%s".formatted(folder, count, count == 1 ? "" : "s"),
        gateway,
        gateway::answering,
        gateway::finish);
  }

  /** Servers of others. */
  private ExitCode before() throws IOException {
    boolean ours = instances != null || !adapters.isEmpty() || fast || !paced.isEmpty();
    if (ours || decisions != null) {
      throw new UserInputException(
          "--instances, --adapter, --fast, --paced and --decisions are for a MODEL folder, not for"
              + " --backend");
    }
    RemoteGateway gateway =
        RemoteGateway.open(
            new RemoteSettings(
                new RemoteSettings.Backends(
                    backends, Optional.ofNullable(name), Optional.ofNullable(backendKey), awaits),
                address(),
                access(),
                Optional.ofNullable(spans)),
            line -> {
              common.out().println(line);
              common.out().flush();
            });
    gateway.backends().forEach(common.out()::println);
    return stay(
        gateway.port(),
        "%d backend%s".formatted(backends.size(), backends.size() == 1 ? "" : "s"),
        gateway,
        gateway::answering,
        gateway::finish);
  }

  /** Says where it is, and serves until a signal to end lets what runs end first. */
  private ExitCode stay(
      int at,
      String what,
      AutoCloseable gateway,
      IntSupplier answering,
      Consumer<Duration> finish) {
    var ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(gateway, answering, finish)));
    common
        .out()
        .printf(
            "%s://%s:%d/v1 serves %s%n", certificates == null ? "http" : "https", host, at, what);
    common.out().flush();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.DONE;
  }

  private GatewaySettings.Address address() {
    return new GatewaySettings.Address(host, port, tls());
  }

  private GatewaySettings.Access access() {
    return new GatewaySettings.Access(Optional.ofNullable(keys), mostOpen);
  }

  private Optional<GatewaySettings.Tls> tls() {
    if (certificates == null && certificateKey == null) {
      return Optional.empty();
    }
    if (certificates == null || certificateKey == null) {
      throw new UserInputException("--cert and --cert-key are given together");
    }
    return Optional.of(new GatewaySettings.Tls(certificates, certificateKey));
  }

  private void close(AutoCloseable gateway, IntSupplier answering, Consumer<Duration> finish) {
    int open = answering.getAsInt();
    if (open > 0) {
      Thread closing = Thread.currentThread();
      Object unused = Signals.register("INT", closing::interrupt);
      common
          .err()
          .printf(
              "%d answer%s still being written; waiting up to %d s, Ctrl-C again ends now%n",
              open, open == 1 ? " is" : "s are", patience);
      common.err().flush();
    }
    try {
      finish.accept(Duration.ofSeconds(patience));
      boolean unusedState = Thread.interrupted(); // what ends now ends in order
      gateway.close();
    } catch (Exception e) { // the process ends either way
      Throwable why = e.getCause() == null ? e : e.getCause();
      common.err().printf("%s: %s%n", e.getMessage(), why.getMessage());
      common.err().flush();
    }
  }
}

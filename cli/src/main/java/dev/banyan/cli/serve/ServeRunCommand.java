package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.Gateway;
import dev.banyan.serve.GatewaySettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan serve MODEL}: an OpenAI server over several instances. */
@Command(
    name = "run",
    description = "Serves a model folder to OpenAI clients; requests move between instances.",
    footer = "  banyan serve life/tune/model --instances 2 --port 8000")
public final class ServeRunCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "MODEL", description = "A Hugging Face model folder.")
  private Path model = Path.of(".");

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
    int count =
        instances == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : instances;
    Gateway gateway =
        Gateway.open(
            new GatewaySettings(
                model,
                adapters,
                count,
                host,
                port,
                !fast,
                Optional.ofNullable(keys),
                tls(),
                Optional.ofNullable(decisions),
                Optional.ofNullable(spans),
                mostOpen));
    var ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(gateway, patience)));
    common
        .out()
        .printf(
            "%s://%s:%d/v1 serves %s on %d instances%n",
            certificates == null ? "http" : "https", host, gateway.port(), model, count);
    common.out().flush();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.DONE;
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

  /** A signal to end lets what runs end first. */
  private static void close(Gateway gateway, long patience) {
    try {
      gateway.finish(Duration.ofSeconds(patience));
      gateway.close();
    } catch (IOException e) {
      // the process ends either way
    }
  }
}

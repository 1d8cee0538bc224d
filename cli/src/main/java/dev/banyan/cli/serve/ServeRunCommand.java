package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.serve.Gateway;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
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
    description =
        "Serves a model folder to OpenAI clients, on loopback; requests move between instances.",
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

  @Override
  public ExitCode call() throws IOException {
    int count =
        instances == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : instances;
    Gateway gateway = Gateway.open(model, adapters, count, port, !fast);
    var ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(gateway)));
    common
        .out()
        .printf("http://127.0.0.1:%d/v1 serves %s on %d instances%n", gateway.port(), model, count);
    common.out().flush();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.DONE;
  }

  private static void close(Gateway gateway) {
    try {
      gateway.close();
    } catch (IOException e) {
      // the process ends either way
    }
  }
}

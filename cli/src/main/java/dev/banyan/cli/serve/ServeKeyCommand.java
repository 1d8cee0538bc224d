package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.serve.ApiKeys;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan serve key}: a key for a client. */
@Command(
    name = "key",
    description = "Makes an API key and the line that admits it.",
    footer = {
      "  banyan serve key alice --requests 60 >> keys.txt",
      "  banyan serve key me --operator >> keys.txt"
    })
public final class ServeKeyCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "NAME", description = "Whose it is, one word.")
  private String name = "";

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "0",
      description = "A minute; 0 for any number (default: ${DEFAULT-VALUE}).")
  private long requests;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of prompts and answers a minute; 0 for any number.")
  private long tokens;

  @Option(names = "--operator", description = "It may also drain, resume and scale.")
  private boolean operator;

  @Override
  public ExitCode call() {
    ApiKeys.Fresh fresh = ApiKeys.make(name, requests, tokens, operator);
    common.out().println(fresh.line());
    common.err().println("the key, which is kept nowhere: " + fresh.key());
    common.err().flush();
    return ExitCode.DONE;
  }
}

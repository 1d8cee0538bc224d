package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.SteeringHook;
import dev.banyan.core.ExitCode;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster steer FINDINGS.json}. */
@Command(
    name = "steer",
    description = {
      "Takes the hosts that a diagnosis would isolate out of Slurm or Kubernetes.",
      "Prints the commands; runs them only with --execute."
    },
    footer = {
      "  banyan cluster diagnose dumps/ --json findings.json",
      "  banyan cluster steer findings.json --hook slurm"
    })
public final class ClusterSteerCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "FINDINGS.json", description = "What diagnose wrote with --json.")
  private Path findings = Path.of("findings.json");

  @Option(
      names = "--hook",
      paramLabel = "NAME",
      defaultValue = "slurm",
      description = "slurm or kubernetes (default: ${DEFAULT-VALUE}).")
  private String hook = "slurm";

  @Option(names = "--execute", description = "Run the commands.")
  private boolean execute;

  @Option(
      names = "--at-most",
      paramLabel = "N",
      defaultValue = "2",
      description = "Hosts that may be taken out at once (default: ${DEFAULT-VALUE}).")
  private int atMost = 2;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    SteeringHook chosen =
        switch (hook) {
          case "slurm" -> SteeringHook.SLURM;
          case "kubernetes" -> SteeringHook.KUBERNETES;
          default ->
              throw new UserInputException(
                  "--hook: '" + hook + "' is not known; there are slurm and kubernetes");
        };
    Map<String, String> hosts = FindingsFile.toIsolate(findings);
    if (hosts.size() > atMost) {
      throw new UserInputException(
          "%d hosts would be taken out (%s), --at-most is %d; raise it if that is right"
              .formatted(hosts.size(), String.join(", ", hosts.keySet()), atMost));
    }
    List<List<String>> commands = new ArrayList<>();
    hosts.forEach((host, reason) -> commands.add(chosen.isolate(host, reason)));
    for (List<String> command : commands) {
      common.out().println(String.join(" ", command));
      common.out().flush();
      if (execute) {
        run(command);
      }
    }
    if (commands.isEmpty()) {
      common.out().println("nothing to isolate");
    } else if (!execute) {
      common.err().println("dry run: nothing was done; --execute runs the commands");
    }
    common.emit(common.result().put("commands", commands).put("executed", execute));
    return ExitCode.DONE;
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      throw new MissingThingException(command.getFirst() + " cannot be run here", e);
    }
    int code = process.waitFor();
    if (code != 0) {
      throw new UserInputException(String.join(" ", command) + " ended with " + code);
    }
  }
}

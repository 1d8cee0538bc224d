package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.plan.MemoryPlanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code banyan plan exporter [DIR]}. */
@Command(
    name = "exporter",
    description = "Write the Python files that trace a PyTorch step into a step dump.",
    footer = "  banyan plan exporter tools")
public final class PlanExporterCommand implements Callable<ExitCode> {
  @Parameters(
      paramLabel = "DIR",
      arity = "0..1",
      defaultValue = ".",
      description = "Where they go (default: here).")
  private Path folder = Path.of(".");

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    List<Path> files = MemoryPlanner.writeExporter(folder);
    files.forEach(file -> common.out().println(file));
    common
        .out()
        .printf(
            "python %s --step my.py:make --out step.json.gz   (make() returns (step, args))%n",
            files.getFirst());
    common.emit(common.result().put("files", files.stream().map(Path::toString).toList()));
    return ExitCode.DONE;
  }
}

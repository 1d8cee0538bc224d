package dev.banyan.cli.grow;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Result;
import dev.banyan.grow.Growth;
import dev.banyan.grow.Recipe;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan grow plan SOURCE}. */
@Command(
    name = "plan",
    description = {
      "Decides how a model becomes a larger one and prints what that does to its parameters, its",
      "bytes and its function. Writes no weights; --out keeps the recipe for grow run."
    },
    footer = {
      "  banyan grow plan Llama-7B --hidden 5120 --heads 40 --ffn 20480 --layers 40 --out r.json",
      "  banyan grow plan Qwen3-0.6B --moe copy --experts 8"
    })
public final class GrowPlanCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "SOURCE", description = "A model folder.")
  private Path source = Path.of(".");

  @Option(names = "--out", paramLabel = "RECIPE.json", description = "Where the recipe goes.")
  private @Nullable Path out;

  @Mixin private GrowthFlags flags = new GrowthFlags();
  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Recipe recipe =
        Growth.plan(source, flags.options(Growth.config(source), common.seed().value()));
    if (out != null) {
      Growth.write(recipe, out);
    }
    long before = ParameterLayout.parameters(recipe.sourceConfig());
    long after = ParameterLayout.parameters(recipe.targetConfig());
    long active = ParameterLayout.activeParameters(recipe.targetConfig());
    common.out().print(TextTable.of(GrowthText.steps(recipe)));
    common
        .out()
        .printf(
            "%s to %s parameters (%s active), %s in %d tensors, %s%n",
            Format.count(before),
            Format.count(after),
            Format.count(active),
            Format.bytes(recipe.bytes()),
            recipe.tensors().size(),
            recipe.exactness().word());
    Result result =
        common
            .result()
            .put("sourceParameters", before)
            .put("targetParameters", after)
            .put("activeParameters", active)
            .put("bytes", recipe.bytes())
            .put("exactness", recipe.exactness().word())
            .put("rounds", recipe.rounds())
            .put("steps", recipe.steps());
    common.emit(result);
    return ExitCode.DONE;
  }
}

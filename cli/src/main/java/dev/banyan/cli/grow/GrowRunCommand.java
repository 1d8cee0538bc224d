package dev.banyan.cli.grow;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Grown;
import dev.banyan.grow.Growth;
import dev.banyan.grow.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan grow run SOURCE OUT}. */
@Command(
    name = "run",
    description = {
      "Makes a larger model out of a model folder, in blocks of rows, whatever its size. Killed, it",
      "goes on where it was when the same command is run again, to the same bytes."
    },
    footer = {
      "  banyan grow run life/tune/model big --hidden 320 --heads 10 --kv-heads 5 --ffn 896",
      "  banyan grow run life/tune/model moe --moe copy --experts 8",
      "  banyan grow run Llama-7B Llama-16B --recipe r.json"
    })
public final class GrowRunCommand implements Callable<ExitCode> {
  @Parameters(index = "0", paramLabel = "SOURCE", description = "A model folder.")
  private Path source = Path.of(".");

  @Parameters(index = "1", paramLabel = "OUT", description = "The folder to make.")
  private Path out = Path.of("grown");

  @Option(
      names = "--recipe",
      paramLabel = "RECIPE.json",
      description = "A recipe of grow plan, instead of flags.")
  private @Nullable Path recipeFile;

  @Mixin private GrowthFlags flags = new GrowthFlags();
  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Recipe recipe = recipe();
    common.out().print(TextTable.of(GrowthText.steps(recipe)));
    common.out().flush();
    Grown grown;
    try (Progress progress = common.progress("grow", recipe.bytes(), "bytes")) {
      grown = Growth.run(source, out, recipe, progress);
    }
    print(grown);
    common.emit(result(grown));
    return ExitCode.DONE;
  }

  private Recipe recipe() {
    if (recipeFile == null) {
      return Growth.plan(source, flags.options(Growth.config(source), common.seed().value()));
    }
    if (flags.asks()) {
      throw new UserInputException(
          "--recipe says all sizes and methods; leave the other flags out, or plan again");
    }
    return Growth.readRecipe(recipeFile);
  }

  private void print(Grown grown) {
    double rate = grown.seconds() > 0 ? grown.bytesWritten() / grown.seconds() : 0;
    common
        .out()
        .printf(
            "%s: %s parameters (%s active) from %s, %s; %s written in %.2f s (%s/s), %s%s"
                + " resident at most%nsha256 %s%n",
            out,
            Format.count(grown.targetParameters()),
            Format.count(grown.activeParameters()),
            Format.count(grown.sourceParameters()),
            grown.exactness().word() + (grown.rounds() ? " but for rounding" : ""),
            Format.bytes(grown.bytesWritten()),
            grown.seconds(),
            Format.bytes(Math.round(rate)),
            grown.bytesResumed() > 0
                ? Format.bytes(grown.bytesResumed()) + " were there already, "
                : "",
            Format.bytes(grown.peakResidentBytes()),
            grown.sha256());
  }

  private Result result(Grown grown) {
    return common
        .result()
        .put("sourceParameters", grown.sourceParameters())
        .put("targetParameters", grown.targetParameters())
        .put("activeParameters", grown.activeParameters())
        .put("bytesRead", grown.bytesRead())
        .put("bytesWritten", grown.bytesWritten())
        .put("bytesResumed", grown.bytesResumed())
        .put("seconds", grown.seconds())
        .put("peakResidentBytes", grown.peakResidentBytes())
        .put("sha256", grown.sha256())
        .put("exactness", grown.exactness().word())
        .put("rounds", grown.rounds());
  }
}

package dev.banyan.cli.grow;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.Chart;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Growth;
import dev.banyan.grow.Sample;
import dev.banyan.grow.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan grow verify SOURCE TARGET}. */
@Command(
    name = "verify",
    description = {
      "Compares what two models compute, by a forward pass in doubles that reads a layer at a time.",
      "A target that grow run made is also compared with its recipe, step by step and tensor by",
      "tensor. Exit code 1 when a promise of the recipe is not kept."
    },
    footer = "  banyan grow verify life/tune/model big")
public final class GrowVerifyCommand implements Callable<ExitCode> {
  @Parameters(index = "0", paramLabel = "SOURCE", description = "The small model.")
  private Path source = Path.of(".");

  @Parameters(index = "1", paramLabel = "TARGET", description = "The large one.")
  private Path target = Path.of(".");

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "4",
      description = "Random prompts to compute (default: ${DEFAULT-VALUE}).")
  private int prompts = 4;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "8",
      description = "Tokens of each (default: ${DEFAULT-VALUE}).")
  private int length = 8;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Verdict verdict;
    try (Progress progress = common.progress("verify", 0, "passes")) {
      verdict = Growth.verify(source, target, new Sample(prompts, length, common.seed()), progress);
    }
    print(verdict);
    common.emit(result(verdict), () -> report(verdict));
    return verdict.good() ? ExitCode.DONE : ExitCode.NO;
  }

  private void print(Verdict verdict) {
    if (verdict.tensors() > 0) {
      common.out().print(TextTable.of(GrowthText.steps(verdict)));
      common
          .out()
          .println(
              verdict.differing().isEmpty()
                  ? verdict.tensors() + " tensors are what the recipe says"
                  : "tensor '" + verdict.differing() + "' is not what the recipe says");
    }
    common
        .out()
        .printf(
            "as stored: max relative logit error %s over %d tokens, %s%n",
            GrowthText.error(verdict.measured().maxRelativeError()),
            verdict.tokens(),
            verdict.rounds() && verdict.promised() != Exactness.INEXACT
                ? "which is what rounding leaves"
                : verdict.measured().exactness().word());
  }

  private Result result(Verdict verdict) {
    return common
        .result()
        .put("maxRelativeError", verdict.measured().maxRelativeError())
        .put("exact", verdict.measured().exact())
        .put("bitwise", verdict.measured().bitwise())
        .put("promised", verdict.promised().word())
        .put("rounds", verdict.rounds())
        .put("tensors", verdict.tensors())
        .put("differing", verdict.differing())
        .put("good", verdict.good())
        .put("perStep", verdict.perStep())
        .put("perLayer", verdict.perLayer());
  }

  private Report report(Verdict verdict) {
    Report report =
        Report.titled("Does " + target.getFileName() + " compute what its source does?")
            .figure(
                "max relative logit error",
                GrowthText.error(verdict.measured().maxRelativeError()),
                verdict.measured().exactness().word())
            .figure("tensors as the recipe says", "" + verdict.tensors(), verdict.differing());
    if (!verdict.perStep().isEmpty()) {
      report.section("Steps").table(GrowthText.steps(verdict));
      double[] x = new double[verdict.perLayer().size()];
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = verdict.perLayer().get(i).layer();
        y[i] = verdict.perLayer().get(i).maxRelativeError();
      }
      report
          .section("Layers")
          .chart(
              Chart.lines("Residual stream after each layer, against the source's grown")
                  .x("layer of the target")
                  .y("max relative error")
                  .logY()
                  .series("error", x, y)
                  .caption("A gap is an error of exactly zero."));
    }
    return report.command("banyan grow verify " + source + " " + target);
  }
}

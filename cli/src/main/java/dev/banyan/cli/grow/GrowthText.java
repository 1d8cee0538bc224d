package dev.banyan.cli.grow;

import dev.banyan.core.Format;
import dev.banyan.core.Table;
import dev.banyan.grow.GrowthStep;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.Verdict;
import dev.banyan.weights.config.ParameterLayout;
import java.util.Locale;

/** Recipes and verdicts as people read them. */
final class GrowthText {
  private GrowthText() {}

  /** What a recipe does, step by step. */
  static Table steps(Recipe recipe) {
    Table table =
        Table.of("step", "method", "from", "to", "parameters", "bytes", "function", "why");
    long parameters = ParameterLayout.parameters(recipe.targetConfig());
    double bytesEach = parameters == 0 ? 0 : (double) recipe.bytes() / parameters;
    for (GrowthStep step : recipe.steps()) {
      table.row(
          step.name(),
          step.method(),
          step.from(),
          step.to(),
          step.parameters(),
          Format.bytes(Math.round(step.parameters() * bytesEach)),
          step.exactness().word() + (step.rounds() ? ", rounded" : ""),
          step.why());
    }
    if (recipe.rounds()) {
      table.caption("rounded: exact in real arithmetic; the stored type rounds what was scaled");
    }
    return table;
  }

  /** What a verdict found of each step. */
  static Table steps(Verdict verdict) {
    Table table = Table.of("step", "method", "promised", "found", "max relative error");
    for (Verdict.Step step : verdict.perStep()) {
      table.row(
          step.step(),
          step.method(),
          step.promised().word(),
          step.found().word(),
          error(step.maxRelativeError()));
    }
    return table;
  }

  static String error(double error) {
    return error == 0 ? "0" : String.format(Locale.ROOT, "%.2g", error);
  }
}

package dev.banyan.cli.life;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.SettingFlags;
import dev.banyan.cli.frame.TakesSettings;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Result;
import dev.banyan.core.Seed;
import dev.banyan.core.Setting;
import dev.banyan.core.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code banyan life}. */
@UsesLibtorch
@Command(
    name = "life",
    description = {
      "One model's life on this machine: text, tokenizer, pretraining, supervised stage, skills, talk,",
      "growth, serving, and a report. Started again, goes on where it was."
    },
    footer = {
      "  banyan life                          on the built-in world, about seven minutes",
      "  banyan life --text docs/ --minutes 30",
      "  banyan life life/life.yaml --out again"
    })
public final class LifeCommand implements Callable<ExitCode>, TakesSettings {
  @Mixin private Common common = new Common();

  @Parameters(
      arity = "0..1",
      paramLabel = "LIFE.yaml",
      description = "A recipe, as life writes it; every key is also a flag, and flags win.")
  private @Nullable Path recipe;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public List<Setting> settings() {
    return LifeConfig.SETTINGS;
  }

  @Override
  public ExitCode call() throws Exception {
    Settings settings =
        recipe == null
            ? Settings.of(LifeConfig.SETTINGS)
            : Settings.read(recipe, LifeConfig.SETTINGS);
    if (spec != null) {
      settings = SettingFlags.overlay(spec, LifeConfig.SETTINGS, settings);
    }
    if (common.hasSeed()) {
      settings = settings.with("seed", Long.toString(common.seed().value()));
    }
    LifeConfig config = LifeConfig.of(settings);
    long begun = System.nanoTime();
    Lived lived = new Life(config, common).live();
    double seconds = (System.nanoTime() - begun) / 1e9;
    Path page = config.out().resolve("report.html");
    LifeReport.of(lived).write(page);
    LifeReport.print(lived, common.out());
    common.out().printf("%s%n", page);
    Result result =
        common
            .result(new Seed(lived.config().seed()))
            .put("seconds", seconds)
            .put("recipe", lived.config().settings().said())
            .put("pretraining", lived.pretraining())
            .put("text", lived.text())
            .put("tuning", lived.tuning())
            .put("skills", lived.skills())
            .put("memory", lived.memory())
            .put("grown", lived.grown());
    lived.served().ifPresent(served -> result.put("served", served));
    result.put("steps", lived.steps());
    common.emit(result, () -> LifeReport.of(lived));
    return lived.served().map(Lived.Served::sound).orElse(true) ? ExitCode.DONE : ExitCode.NO;
  }
}

package dev.banyan.cli.frame;

import dev.banyan.core.Setting;
import dev.banyan.core.Settings;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Makes a flag of every setting of a long job, and overlays its file with those that were given.
 */
public final class SettingFlags {
  private SettingFlags() {}

  /** Adds a flag for each setting that the command has none for yet. */
  public static CommandSpec add(CommandSpec spec, List<Setting> settings) {
    for (Setting setting : settings) {
      String name = "--" + setting.name();
      if (spec.findOption(name) != null) {
        continue;
      }
      boolean many = setting.kind() == Setting.Kind.PATHS;
      String fallback = setting.fallback();
      spec.addOption(
          OptionSpec.builder(name)
              .type(many ? String[].class : String.class)
              .paramLabel(many ? "PATH" : setting.kind() == Setting.Kind.FLAG ? "true|false" : "X")
              .description(
                  // a description is a format string
                  setting.help().replace("%", "%%")
                      + (fallback == null ? "" : " (default: " + fallback + ")"))
              .build());
    }
    return spec;
  }

  /** The settings with what was given on the command line. */
  public static Settings overlay(CommandSpec spec, List<Setting> known, Settings settings) {
    Settings overlaid = settings;
    for (Setting setting : known) {
      OptionSpec option = spec.findOption("--" + setting.name());
      Object value = option == null ? null : option.getValue();
      if (value instanceof String one) {
        overlaid = overlaid.with(setting.name(), one);
      } else if (value instanceof String[] many) {
        overlaid = overlaid.with(setting.name(), List.of(many));
      }
    }
    return overlaid;
  }
}

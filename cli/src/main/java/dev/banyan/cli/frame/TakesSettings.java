package dev.banyan.cli.frame;

import dev.banyan.core.Setting;
import java.util.List;

/** A command that reads a YAML file of settings, each of which is also a flag. */
public interface TakesSettings {
  List<Setting> settings();
}

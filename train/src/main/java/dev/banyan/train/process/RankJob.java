package dev.banyan.train.process;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a rank process is told.
 *
 * @param settings of the run, as in its YAML file
 * @param events file for event lines, or empty
 * @param leash whether the process ends with its standard input
 */
public record RankJob(
    Map<String, Object> settings,
    int rank,
    int world,
    String host,
    int port,
    String prefix,
    String events,
    boolean leash) {
  public RankJob {
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
  }
}

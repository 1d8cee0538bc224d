package dev.banyan.serve.process;

import java.util.Map;

/**
 * The one JSON file an engine process is started with.
 *
 * @param model a Hugging Face folder; empty for a paced engine
 * @param paced name or file of the profile a paced engine keeps to; empty for a model
 * @param adapters folders by name
 * @param listen {@code unix:PATH} or {@code HOST:PORT}
 * @param exact one fixed order of every sum
 * @param policy that chooses which request moves
 * @param alone keeps running when its gateway goes; otherwise it ends with it
 */
public record EngineSettings(
    int instance,
    String model,
    String paced,
    Map<String, String> adapters,
    String listen,
    int blocks,
    int blockTokens,
    int stepTokens,
    int mostRequests,
    boolean exact,
    int threads,
    String policy,
    boolean alone) {
  public EngineSettings {
    adapters = Map.copyOf(adapters);
  }

  /** The same as another instance, listening elsewhere. */
  public EngineSettings as(int other, String address) {
    return new EngineSettings(
        other,
        model,
        paced,
        adapters,
        address,
        blocks,
        blockTokens,
        stepTokens,
        mostRequests,
        exact,
        threads,
        policy,
        alone);
  }

  /** The same under another policy. */
  public EngineSettings under(String other) {
    return new EngineSettings(
        instance,
        model,
        paced,
        adapters,
        listen,
        blocks,
        blockTokens,
        stepTokens,
        mostRequests,
        exact,
        threads,
        other,
        alone);
  }
}

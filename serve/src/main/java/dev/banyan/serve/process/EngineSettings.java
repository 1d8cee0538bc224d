package dev.banyan.serve.process;

import dev.banyan.serve.EngineProfile;
import java.nio.file.Path;
import java.util.Map;

/**
 * The one JSON file an engine process is started with.
 *
 * @param model a Hugging Face folder; of a paced engine only the gateway uses it, for its words
 * @param paced name or file of the profile a paced engine keeps to; empty for a model
 * @param adapters folders by name
 * @param listen {@code unix:PATH} or {@code HOST:PORT}
 * @param exact one fixed order of every sum
 * @param policy that chooses which request moves
 * @param reportMillis between two reports of its load, at least
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
    int reportMillis,
    boolean alone) {
  /** Of a server: about once a step. */
  public static final int REPORT_MILLIS = 20;

  public EngineSettings {
    adapters = Map.copyOf(adapters);
  }

  /**
   * An engine that keeps to a profile and computes nothing.
   *
   * @param profile name or file
   * @throws dev.banyan.core.UserInputException when there is no such profile
   */
  public static EngineSettings paced(Path model, String profile, String policy) {
    EngineProfile pace = EngineProfile.named(profile);
    return new EngineSettings(
        0,
        model.toString(),
        profile,
        Map.of(),
        "",
        pace.memory().blocks(),
        pace.memory().blockTokens(),
        pace.prefill().mostTokens(),
        pace.memory().mostRequests(),
        true,
        1,
        policy,
        REPORT_MILLIS,
        false);
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
        reportMillis,
        alone);
  }

  /** The same with reports so far apart. */
  public EngineSettings reportingEvery(int millis) {
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
        policy,
        millis,
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
        reportMillis,
        alone);
  }
}

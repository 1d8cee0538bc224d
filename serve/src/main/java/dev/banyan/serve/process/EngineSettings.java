package dev.banyan.serve.process;

import dev.banyan.serve.EngineProfile;
import java.nio.file.Path;
import java.util.Map;

/**
 * The one JSON file an engine process is started with.
 *
 * @param listen {@code unix:PATH} or {@code HOST:PORT}
 */
public record EngineSettings(
    int instance, String listen, Model model, Memory memory, Batch batch, Duty duty) {

  /**
   * What it computes, and how.
   *
   * @param folder a Hugging Face folder; of a paced engine only the gateway uses it, for its words
   * @param adapters folders by name
   * @param paced name or file of the profile a paced engine keeps to; empty for one that computes
   * @param exact one fixed order of every sum
   */
  public record Model(
      String folder, Map<String, String> adapters, String paced, boolean exact, int threads) {
    public Model {
      adapters = Map.copyOf(adapters);
    }

    /** In exact mode, without adapters. */
    public static Model exact(Path folder, int threads) {
      return new Model(folder.toString(), Map.of(), "", true, threads);
    }

    boolean isPaced() {
      return !paced.isEmpty();
    }
  }

  /** Blocks of keys and values. */
  public record Memory(int blocks, int blockTokens) {}

  /** What one step takes, at most. */
  public record Batch(int tokens, int requests) {}

  /**
   * What it does as one of several.
   *
   * @param policy that chooses which request moves
   * @param reportMillis between two reports of its load, at least
   */
  public record Duty(String policy, int reportMillis) {
    /** Of a server: about once a step. */
    private static final int REPORT_MILLIS = 20;

    public static Duty of(String policy) {
      return new Duty(policy, REPORT_MILLIS);
    }
  }

  private static final int BLOCK_TOKENS = 16;
  private static final Batch BATCH = new Batch(256, 64);

  /** An engine that computes a model. */
  public static EngineSettings computing(Model model, int blocks) {
    return new EngineSettings(
        0, "", model, new Memory(blocks, BLOCK_TOKENS), BATCH, Duty.of("banyan"));
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
        "",
        new Model(model.toString(), Map.of(), profile, true, 1),
        new Memory(pace.memory().blocks(), pace.memory().blockTokens()),
        new Batch(pace.prefill().mostTokens(), pace.memory().mostRequests()),
        Duty.of(policy));
  }

  /** The same as another instance, listening elsewhere. */
  public EngineSettings as(int other, String address) {
    return new EngineSettings(other, address, model, memory, batch, duty);
  }

  /** The same with reports so far apart. */
  public EngineSettings reportingEvery(int millis) {
    return with(new Duty(duty.policy, millis));
  }

  /** The same under another policy. */
  public EngineSettings under(String policy) {
    return with(new Duty(policy, duty.reportMillis));
  }

  private EngineSettings with(Duty other) {
    return new EngineSettings(instance, listen, model, memory, batch, other);
  }
}

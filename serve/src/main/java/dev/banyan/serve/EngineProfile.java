package dev.banyan.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an engine's steps cost, as measured on one model and device, and what it puts into a step.
 *
 * @param name shown in tables
 * @param memory KV memory
 * @param prefill cost of a prefill step
 * @param decode cost of a decode step
 * @param copy cost of moving a running request
 * @param startSeconds from deciding to add an instance to its first request
 * @param batching what a step holds; a file without it means {@link Batching#PREFILL_FIRST}
 */
public record EngineProfile(
    String name,
    Memory memory,
    Prefill prefill,
    Decode decode,
    Copy copy,
    double startSeconds,
    Batching batching) {

  /** What an engine puts into one step. */
  public enum Batching {
    /**
     * The whole prompts of what waits, as far as memory and the token cap reach, else one token of
     * every running request (vLLM 0.2, the engine Llumnix was measured on).
     */
    PREFILL_FIRST,

    /**
     * One token of every running request and, with what is left of the token cap, chunks of the
     * prompts that were admitted; both costs add up (Sarathi-Serve, OSDI 2024, and Banyan's own
     * engine).
     */
    CHUNKED
  }

  /**
   * @param blocks KV blocks
   * @param blockTokens tokens per block
   * @param watermarkFraction of blocks that an admission leaves free
   * @param mostRequests in one batch
   */
  public record Memory(int blocks, int blockTokens, double watermarkFraction, int mostRequests) {}

  /** {@code seconds + tokenSeconds · tokens}, at most {@code mostTokens} tokens in one step. */
  public record Prefill(double seconds, double tokenSeconds, int mostTokens) {}

  /**
   * {@code seconds + contextTokenSeconds · context tokens + requestSeconds · requests}.
   *
   * @param movingFactor what a step costs more while a request is copied
   * @param targetTokens context up to which decoding is not slowed noticeably; what is above it is
   *     the headroom of a request of the high class
   */
  public record Decode(
      double seconds,
      double contextTokenSeconds,
      double requestSeconds,
      double movingFactor,
      int targetTokens) {}

  /**
   * Copying runs beside decoding in stages; the last stage stops the request.
   *
   * @param movesKv false when the engine cannot send KV memory
   * @param lastStageBlocks a rest of at most this many blocks is the last stage
   * @param mostStages the last stage comes at the latest after this many
   * @param requeueSeconds sending a request that has no KV memory
   */
  public record Copy(
      boolean movesKv,
      double seconds,
      double tokenSeconds,
      double lastStageSeconds,
      int lastStageBlocks,
      int mostStages,
      double requeueSeconds) {}

  /**
   * LLaMA-7B in FP16 on an A10 with 24 GB: 13,616 tokens of KV memory. Constants of a linear fit to
   * the step times published with Llumnix (Sun et al., OSDI 2024, artifact).
   */
  public static final EngineProfile LLAMA_7B_A10 =
      new EngineProfile(
          "llama-7b-a10",
          new Memory(851, 16, 0.01, 256),
          new Prefill(0.004, 0.000212, 12_800),
          new Decode(0.024, 2.2e-6, 0.00008, 1.01, 1_600),
          new Copy(true, 0.010, 0.000205, 0.020, 16, 3, 0.002),
          20,
          Batching.PREFILL_FIRST);

  /** Fixed step times, for checks against other simulators. */
  public static final EngineProfile CONSTANT =
      new EngineProfile(
          "constant",
          new Memory(851, 16, 0.01, 256),
          new Prefill(0.1, 0, 1 << 30),
          new Decode(0.025, 0, 0, 1, 1_600),
          new Copy(true, 0.1, 0, 0.025, 16, 2, 0),
          0,
          Batching.PREFILL_FIRST);

  private static final Map<String, EngineProfile> BUILT_IN =
      new TreeMap<>(Map.of(LLAMA_7B_A10.name(), LLAMA_7B_A10, CONSTANT.name(), CONSTANT));

  public EngineProfile {
    batching = batching == null ? Batching.PREFILL_FIRST : batching;
    present(name, "name", name);
    present(name, "memory", memory);
    present(name, "prefill", prefill);
    present(name, "decode", decode);
    present(name, "copy", copy);
    positive(name, "memory.blocks", memory.blocks());
    positive(name, "memory.blockTokens", memory.blockTokens());
    positive(name, "memory.mostRequests", memory.mostRequests());
    positive(name, "prefill.mostTokens", prefill.mostTokens());
    positive(name, "decode.seconds", decode.seconds());
    cost(name, "memory.watermarkFraction", memory.watermarkFraction());
    cost(name, "prefill.seconds", prefill.seconds());
    cost(name, "prefill.tokenSeconds", prefill.tokenSeconds());
    cost(name, "decode.contextTokenSeconds", decode.contextTokenSeconds());
    cost(name, "decode.requestSeconds", decode.requestSeconds());
    positive(name, "decode.movingFactor", decode.movingFactor());
    positive(name, "decode.targetTokens", decode.targetTokens());
    cost(name, "copy.seconds", copy.seconds());
    cost(name, "copy.tokenSeconds", copy.tokenSeconds());
    cost(name, "copy.lastStageSeconds", copy.lastStageSeconds());
    positive(name, "copy.lastStageBlocks", copy.lastStageBlocks());
    positive(name, "copy.mostStages", copy.mostStages());
    cost(name, "copy.requeueSeconds", copy.requeueSeconds());
    cost(name, "startSeconds", startSeconds);
    if (memory.watermarkFraction() >= 1) {
      throw new UserInputException(
          "profile '" + name + "': memory.watermarkFraction must be below 1");
    }
  }

  /**
   * A built-in profile by name, or a JSON file with the fields of this record.
   *
   * @throws UserInputException when there is neither, or a field is missing, not finite or negative
   */
  public static EngineProfile named(String nameOrFile) {
    EngineProfile builtIn = BUILT_IN.get(nameOrFile);
    if (builtIn != null) {
      return builtIn;
    }
    if (!nameOrFile.endsWith(".json")) {
      throw new UserInputException(
          "there is no profile '"
              + nameOrFile
              + "'; built in are "
              + String.join(", ", BUILT_IN.keySet())
              + ", or name a .json file");
    }
    try {
      return Json.read(Path.of(nameOrFile), EngineProfile.class);
    } catch (UserInputException e) {
      // What this constructor says reaches the user without the reader's words around it.
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof UserInputException ours) {
          throw new UserInputException(nameOrFile + ": " + ours.getMessage(), e);
        }
      }
      throw e;
    }
  }

  /** Names of the built-in profiles. */
  public static List<String> names() {
    return List.copyOf(BUILT_IN.keySet());
  }

  /** A profile this many times as fast, with the same memory. */
  public EngineProfile faster(double factor) {
    return new EngineProfile(
        name + "×" + factor,
        memory,
        new Prefill(
            prefill.seconds() / factor, prefill.tokenSeconds() / factor, prefill.mostTokens()),
        new Decode(
            decode.seconds() / factor,
            decode.contextTokenSeconds() / factor,
            decode.requestSeconds() / factor,
            decode.movingFactor(),
            decode.targetTokens()),
        copy,
        startSeconds,
        batching);
  }

  /** Blocks an admission leaves free. */
  public int watermarkBlocks() {
    return (int) (memory.watermarkFraction() * memory.blocks());
  }

  /** The longest request, prompt and output together, that fits an empty instance. */
  public int mostTokens() {
    return (memory.blocks() - watermarkBlocks()) * memory.blockTokens();
  }

  /** What {@code tokens} tokens of prompts add to a step; 0 for none. */
  public double prefillSeconds(int tokens) {
    return tokens == 0 ? 0 : prefill.seconds() + prefill.tokenSeconds() * tokens;
  }

  /** One decode step. */
  public double decodeSeconds(long contextTokens, int requests) {
    return decode.seconds()
        + decode.contextTokenSeconds() * contextTokens
        + decode.requestSeconds() * requests;
  }

  /** One decode step with all memory in use by requests of {@code 512} tokens. */
  public double fullStepSeconds() {
    int tokens = memory.blocks() * memory.blockTokens();
    return decodeSeconds(tokens, Math.min(memory.mostRequests(), Math.max(1, tokens / 512)));
  }

  private static void present(@Nullable String profile, String field, @Nullable Object value) {
    if (value == null) {
      throw new UserInputException("profile '" + profile + "' has no '" + field + "'");
    }
  }

  private static void cost(String profile, String field, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new UserInputException(
          "profile '" + profile + "': " + field + " is " + value + ", a number ≥ 0 was expected");
    }
  }

  private static void positive(String profile, String field, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new UserInputException(
          "profile '" + profile + "': " + field + " is " + value + ", a number > 0 was expected");
    }
  }
}

package dev.banyan.serve;

import dev.banyan.core.Seed;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Opening;
import dev.banyan.serve.engine.Engine;
import dev.banyan.serve.engine.ModelForward;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The engine's speed on one model, and what its steps cost as the simulator wants to know it. */
public final class EngineSpeed {
  private static final int PROMPT = 16;
  private static final int WARM_UP = 3;
  private static final int BLOCK_TOKENS = 16;
  private static final int CHUNK = 256;
  private static final int MOST_REQUESTS = 64;

  private EngineSpeed() {}

  /**
   * Greedy tokens a second, prompts of 16 tokens included in the time, one figure per round; the
   * three are measured in turn.
   *
   * @param generate {@code Generator}, one answer at a time, in the same mode
   * @param alone the engine with one request
   * @param eight the engine with eight, all their tokens together
   */
  public record Speeds(List<Double> generate, List<Double> alone, List<Double> eight) {
    public Speeds {
      generate = List.copyOf(generate);
      alone = List.copyOf(alone);
      eight = List.copyOf(eight);
    }
  }

  /** Measures {@code rounds} rounds of answers of {@code tokens} tokens, in exact mode. */
  public static Speeds measure(Path folder, int tokens, int rounds, Seed seed) {
    List<Double> generate = new ArrayList<>();
    List<Double> alone = new ArrayList<>();
    List<Double> eight = new ArrayList<>();
    try (var model = LanguageModel.open(folder, Opening.exact());
        var forward = ModelForward.open(folder, Opening.exact(), Map.of(), size(1024))) {
      int vocabulary = model.config().vocabSize();
      for (int round = -1; round < rounds; round++) {
        int[] prompt = seed.stream("speed", round).ints(PROMPT, 3, vocabulary).toArray();
        long begun = System.nanoTime();
        var completion =
            new Generator(model, null)
                .generateAll(List.of(Generator.Request.greedy(prompt, tokens, Set.of())), 1);
        double byGenerator = completion.size() * tokens / seconds(begun);
        double byEngine = engine(forward, 1, tokens, vocabulary, seed.of("one", round));
        double byEight = engine(forward, 8, tokens, vocabulary, seed.of("eight", round));
        if (round >= 0) {
          generate.add(byGenerator);
          alone.add(byEngine);
          eight.add(byEight);
        }
      }
    }
    return new Speeds(generate, alone, eight);
  }

  private static Engine.Size size(int blocks) {
    return new Engine.Size(0, blocks, BLOCK_TOKENS, 1, CHUNK, MOST_REQUESTS);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static double engine(
      ModelForward forward, int requests, int tokens, int vocabulary, Seed seed) {
    var engine = engine(forward);
    long begun = System.nanoTime();
    for (int i = 0; i < requests; i++) {
      int[] prompt = seed.stream("prompt", i).ints(PROMPT, 3, vocabulary).toArray();
      engine.submit(i + 1, 1, TokenRequest.greedy(prompt, tokens));
    }
    boolean more = true;
    while (more) {
      more = engine.step();
    }
    return requests * tokens / seconds(begun);
  }

  private static Engine engine(ModelForward forward) {
    return new Engine(
        forward,
        size(1024),
        Engine.Rules.FIRST_COME,
        () -> System.nanoTime() / 1e9,
        new Engine.Listener() {
          @Override
          public void token(Token token) {}

          @Override
          public void prompt(long request, List<Token> told) {}
        });
  }

  /**
   * Measures what steps cost and fits {@link EngineProfile}'s formulas to it: prefills of 16 and
   * 256 tokens; decode steps of 1 and 8 requests with short and long contexts. Copying is timed as
   * reading a block and its checksum, twice, as source and destination do.
   *
   * @param blocks of KV memory the profile shall have
   */
  public static EngineProfile profile(Path folder, boolean exact, int blocks, Seed seed) {
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    int longest = Math.min(1024, config.maxPositions() - 64);
    Opening opening = exact ? Opening.exact() : Opening.fast();
    try (var forward = ModelForward.open(folder, opening, Map.of(), size(1024))) {
      double brief = prefill(forward, 16, config.vocabSize(), seed);
      double large = prefill(forward, Math.min(CHUNK, longest), config.vocabSize(), seed);
      double token = Math.max(0, (large - brief) / (Math.min(CHUNK, longest) - 16));
      double one = decode(forward, 1, 32, config.vocabSize(), seed);
      double eight = decode(forward, 8, 32, config.vocabSize(), seed);
      double far = decode(forward, 8, longest, config.vocabSize(), seed);
      double context = Math.max(0, (far - eight) / (8.0 * (longest - 32)));
      double request = Math.max(0, (eight - one) / 7 - 32 * context);
      double fixed = Math.max(1e-6, one - request - 32 * context);
      double copy = copySeconds(forward) / BLOCK_TOKENS;
      Path name = folder.toAbsolutePath().normalize().getFileName();
      return new EngineProfile(
          name == null ? "model" : name.toString(),
          new EngineProfile.Memory(blocks, BLOCK_TOKENS, 0.01, MOST_REQUESTS),
          new EngineProfile.Prefill(Math.max(0, brief - 16 * token), token, CHUNK),
          new EngineProfile.Decode(fixed, context, request, 1.01, blocks * BLOCK_TOKENS / 8),
          new EngineProfile.Copy(true, one, copy, one, 2, 6, 0.001),
          5,
          EngineProfile.Batching.CHUNKED);
    }
  }

  private static double prefill(ModelForward forward, int tokens, int vocabulary, Seed seed) {
    double[] took = new double[9];
    for (int i = -WARM_UP; i < took.length; i++) {
      var engine = engine(forward);
      int[] prompt = seed.stream("prefill", tokens, i).ints(tokens, 3, vocabulary).toArray();
      engine.submit(1, 1, TokenRequest.greedy(prompt, 1));
      long begun = System.nanoTime();
      boolean unused = engine.step();
      if (i >= 0) {
        took[i] = seconds(begun);
      }
    }
    return LiveSettings.quantile(took, 0.5);
  }

  private static double decode(
      ModelForward forward, int requests, int context, int vocabulary, Seed seed) {
    var engine = engine(forward);
    for (int i = 0; i < requests; i++) {
      int[] prompt = seed.stream("decode", context, i).ints(context, 3, vocabulary).toArray();
      engine.submit(i + 1, 1, TokenRequest.greedy(prompt, 60));
    }
    long ready = 0;
    while (ready < requests) {
      boolean unused = engine.step();
      ready = 0;
      for (int i = 0; i < requests; i++) {
        ready += engine.decodes(i + 1) ? 1 : 0;
      }
    }
    double[] took = new double[24];
    for (int i = 0; i < took.length; i++) {
      long begun = System.nanoTime();
      boolean unused = engine.step();
      took[i] = seconds(begun);
    }
    return LiveSettings.quantile(took, 0.5);
  }

  private static double copySeconds(ModelForward forward) {
    double[] took = new double[64];
    for (int i = 0; i < took.length; i++) {
      long begun = System.nanoTime();
      for (int side = 0; side < 2; side++) {
        var crc = new java.util.zip.CRC32C();
        crc.update(forward.block(i));
      }
      took[i] = seconds(begun);
    }
    return LiveSettings.quantile(took, 0.5);
  }
}

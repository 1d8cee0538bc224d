package dev.banyan.cli.life;

import dev.banyan.core.Setting;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Corpus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a life is told. Every key of {@code life.yaml} is a flag too. What is not said follows from
 * {@code scale} and {@code minutes}; the numbers of steps are found by timing a few, once, and are
 * then part of the recipe.
 */
record LifeConfig(Settings settings, boolean tiny) {
  /** Every key, in the order help lists them. */
  static final List<Setting> SETTINGS =
      Setting.table(
          """
          out                 PATHS    life     Folder of this life.
          text                PATHS    -        Your own text (.txt .md .html .jsonl, files or folders); 15 % of the built-in world's text is mixed in.
          instructions        PATHS    -        Your own questions and answers (.jsonl) instead of the world's skills.
          lossy               FLAG     false    Read bytes of your text that are not UTF-8 as U+FFFD.
          skip-bad-lines      FLAG     false    Leave out lines of your .jsonl that are no example.
          scale               TEXT     default  default, or tiny for a life of less than a minute.
          minutes             NUMBER   7        About how long the whole may take on this machine (default scale).
          seed                INTEGER  1        Where all randomness comes from.
          documents           INTEGER  -        Documents of the world.
          exercises           INTEGER  -        Training exercises of the world per category.
          questions           INTEGER  -        Test questions per category.
          vocabulary          INTEGER  -        Tokens of the tokenizer.
          hidden              INTEGER  -        Width of the model.
          layers              INTEGER  -        Layers of the model.
          heads               INTEGER  -        Attention heads.
          kv-heads            INTEGER  -        Key-value heads.
          ffn                 INTEGER  -        Feed-forward width.
          length              INTEGER  256      Tokens of a training row.
          rows                INTEGER  8        Rows of a step.
          pretrain-rate       NUMBER   4e-3     Highest learning rate of pretraining.
          tune-rate           NUMBER   4e-3     Highest learning rate of the supervised stage.
          pretrain-steps      INTEGER  -        Steps of pretraining; default: what the time allows.
          tune-steps          INTEGER  -        Steps of the supervised stage; default: what the time allows.
          ngram               INTEGER  5        Order of the n-grams the model is held against.
          serve-requests      INTEGER  -        Requests of each of the two loads on the served model; 0 leaves serving out.
          threads             INTEGER  0        Threads; 0 for one per core.
          """);

  private static final Map<String, String> DEFAULT =
      Map.ofEntries(
          Map.entry("questions", "100"),
          Map.entry("vocabulary", "2048"),
          Map.entry("layers", "4"),
          Map.entry("serve-requests", "240"));

  private static final Map<String, String> TINY =
      Map.ofEntries(
          Map.entry("documents", "4000"),
          Map.entry("exercises", "100"),
          Map.entry("questions", "20"),
          Map.entry("vocabulary", "1024"),
          Map.entry("hidden", "128"),
          Map.entry("layers", "2"),
          Map.entry("heads", "4"),
          Map.entry("kv-heads", "2"),
          Map.entry("ffn", "352"),
          Map.entry("serve-requests", "60"));

  /** Where the numbers of steps come from a clock, not from what was said. */
  private static final List<String> TIMED = List.of("pretrain-steps", "tune-steps");

  private enum Scale {
    DEFAULT,
    TINY
  }

  /**
   * Fills in what was not said; numbers of steps that an earlier start in the same folder found for
   * the same recipe stay.
   */
  static LifeConfig of(Settings said) {
    boolean tiny = said.choice("scale", Scale.class) == Scale.TINY;
    Settings settings = said;
    double minutes = new LifeConfig(said, tiny).minutes();
    for (var entry : (tiny ? TINY : defaults(minutes)).entrySet()) {
      if (!settings.says(entry.getKey())) {
        settings = settings.with(entry.getKey(), entry.getValue());
      }
    }
    return new LifeConfig(settings, tiny).withEarlierSteps();
  }

  /** More time means more text and exercises, and from a while on a wider model to hold them. */
  private static Map<String, String> defaults(double minutes) {
    var defaults = new HashMap<>(DEFAULT);
    double times = Math.clamp(minutes / 7, 1, 10);
    defaults.put("documents", Long.toString(Math.round(24_000 * times)));
    defaults.put("exercises", Long.toString(Math.round(1_500 * times)));
    int heads = minutes < 20 ? 4 : minutes < 60 ? 6 : 8;
    defaults.put("heads", Integer.toString(heads));
    defaults.put("kv-heads", Integer.toString(heads / 2));
    defaults.put("hidden", Integer.toString(heads * 32));
    defaults.put("ffn", Integer.toString(heads * 88));
    return defaults;
  }

  private LifeConfig withEarlierSteps() {
    if (!Files.exists(recipe())) {
      return this;
    }
    Settings earlier;
    try {
      earlier = Settings.read(recipe(), SETTINGS);
    } catch (UserInputException e) {
      return this; // somebody else's file; it will be written anew
    }
    if (!untimed(earlier).equals(untimed(settings))) {
      return this;
    }
    LifeConfig config = this;
    for (String name : TIMED) {
      if (!settings.says(name) && earlier.says(name)) {
        config = config.with(name, earlier.count(name, 1));
      }
    }
    return config;
  }

  private static Map<String, Object> untimed(Settings settings) {
    var said = new LinkedHashMap<>(settings.said());
    TIMED.forEach(said::remove);
    said.remove("threads");
    said.replaceAll((name, value) -> String.valueOf(value));
    return said;
  }

  LifeConfig with(String name, int value) {
    return new LifeConfig(settings.with(name, Integer.toString(value)), tiny);
  }

  Path out() {
    return Path.of(settings.required("out"));
  }

  Path recipe() {
    return out().resolve("life.yaml");
  }

  List<Path> text() {
    return settings.paths("text");
  }

  List<Path> instructions() {
    return settings.paths("instructions");
  }

  /** How strictly the user's own files are read. */
  Corpus.Options reading() {
    return new Corpus.Options(settings.flag("skip-bad-lines"), settings.flag("lossy"));
  }

  double minutes() {
    return settings.number("minutes", 0.5, 100_000);
  }

  int count(String name) {
    return settings.count(name, 1);
  }

  /** Requests of each load on the served model; 0 when it is not served. */
  int serveRequests() {
    return settings.count("serve-requests", 0);
  }

  String text(String name) {
    return settings.required(name);
  }

  long seed() {
    return settings.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE);
  }

  int threads() {
    int threads = settings.count("threads", 0);
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Seconds for pretraining: 3 of 7 minutes; less when tiny. */
  double pretrainSeconds() {
    return tiny ? 14 : 60 * minutes() * 3 / 7;
  }

  /** Seconds for the supervised stage. */
  double tuneSeconds() {
    return tiny ? 8 : 60 * minutes() * 2.8 / 7;
  }
}

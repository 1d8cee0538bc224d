package dev.banyan.cli.life;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Corpus;
import dev.banyan.train.Evaluation;
import dev.banyan.train.HeldOutSplit;
import dev.banyan.train.SkillQuestion;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.TrainResult;
import dev.banyan.train.Trainer;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * One model's life: a world (or the user's text), a tokenizer, pretraining, a measurement, a short
 * supervised stage, graded skills, talk, a report. Each step is a command that also works alone and
 * is written beside the output; a step whose inputs have not changed is not run again.
 */
final class Life {
  /** Of text that is mixed with the user's own. */
  private static final double WORLD_SHARE = 0.15;

  private static final double BYTES_PER_DOCUMENT = 295;
  private static final long MOST_TRAINING_BYTES = 64L << 20;
  private static final long MOST_HELD_OUT_BYTES = 300L << 10;
  private static final int LONGEST_ANSWER = 48;

  private final Common common;
  private final StepBook book;
  private final Seed seed;
  private LifeConfig config;

  Life(LifeConfig config, Common common) {
    this.config = config;
    this.common = common;
    this.book = new StepBook(config.out(), common.err());
    this.seed = new Seed(config.seed());
  }

  /** What the world step made. */
  record WorldMade(long documents, long textBytes, long exercises) {}

  /** What the tokenizer step made. */
  record TokenizerMade(int vocabulary, long merges, double bytesPerToken) {}

  /** What a training step made. */
  record Trained(
      long parameters,
      long steps,
      double loss,
      long learnedTokens,
      double tokensPerSecond,
      double seconds) {}

  /** What was said, by the model of pretraining (texts) and of the supervised stage (answers). */
  record Talk(List<Spoken> texts, List<Spoken> answers) {}

  /** One piece of talk; {@code expected} is empty where anything goes. */
  record Spoken(String prompt, String said, String expected) {}

  /** All that was found, for the report and for {@code --json}. */
  record Lived(
      LifeConfig config,
      WorldMade world,
      HeldOutSplit.Divided data,
      TokenizerMade tokenizer,
      Trained pretraining,
      Evaluation.Text text,
      Trained tuning,
      Skills skills,
      Talk talk,
      List<StepBook.Done> steps) {}

  /** Grades, as they are kept. */
  record Skills(
      List<SkillGrade> categories, double mean, double low, double high, double baseline) {
    long above() {
      return categories.stream().filter(SkillGrade::above).count();
    }
  }

  /** One category's grade. */
  record SkillGrade(
      String name,
      int questions,
      double accuracy,
      double low,
      double high,
      double baseline,
      boolean above) {}

  /** The whole life, in order. */
  Lived live() throws Exception {
    // what the user gave is read before anything is written
    long documents = worldDocuments();
    requireInstructions();
    Files.createDirectories(config.out());
    writeRecipe();
    WorldMade world = world(documents);
    HeldOutSplit.Divided data = data();
    TokenizerMade tokenizer = tokenizer();
    Trained pretraining = pretrain();
    Evaluation.Text text = evaluate();
    Trained tuning = tune();
    Skills skills = skills();
    Talk talk = talk();
    return new Lived(
        config, world, data, tokenizer, pretraining, text, tuning, skills, talk, book.done());
  }

  // ---- the steps

  private WorldMade world(long documents) throws Exception {
    Path folder = out("world");
    int exercises = config.count("exercises");
    return book.step(
        "world",
        "banyan world write %s --documents %d --skills %d --size %s --seed %d"
            .formatted(
                folder, documents, exercises, config.tiny() ? "tiny" : "small", config.seed()),
        "%d %d %d %s\n%s"
            .formatted(
                documents, exercises, config.seed(), config.tiny(), StepBook.stamp(config.text())),
        folder,
        WorldMade.class,
        () -> {
          try (Progress progress = common.progress("world", documents, "documents")) {
            var written =
                World.of(seed, WorldSize.parse(config.tiny() ? "tiny" : "small"))
                    .write(folder, documents, exercises, config.threads(), progress);
            return new WorldMade(
                documents,
                written.domains().values().stream().mapToLong(count -> count.textBytes()).sum(),
                written.trainSkills().values().stream().mapToLong(Integer::longValue).sum());
          }
        });
  }

  private void requireInstructions() {
    if (!config.instructions().isEmpty()) {
      try (Corpus corpus = Corpus.open(config.instructions(), config.reading())) {
        HeldOutSplit.requireConversations(corpus);
      }
    }
  }

  private void splitInstructions() throws IOException {
    Files.createDirectories(out("data"));
    try (Corpus corpus = Corpus.open(config.instructions(), config.reading())) {
      HeldOutSplit.writeConversations(
          corpus, exercises().getFirst(), questionFile(), 0.1, seed.of("instructions"));
    }
  }

  /** All of the documents, or as many as make 15 % of the text beside the user's own. */
  private long worldDocuments() {
    if (config.text().isEmpty()) {
      return config.count("documents");
    }
    long own;
    try (Corpus corpus = Corpus.open(config.text(), config.reading())) {
      own = Math.min(corpus.bytes(), MOST_TRAINING_BYTES);
    }
    double wanted = own * WORLD_SHARE / (1 - WORLD_SHARE) / BYTES_PER_DOCUMENT;
    return Math.max(100, Math.round(wanted));
  }

  private HeldOutSplit.Divided data() throws Exception {
    List<Path> inputs = new ArrayList<>(config.text());
    inputs.addAll(documentFiles());
    var options = new HeldOutSplit.Options(0.05, MOST_HELD_OUT_BYTES, MOST_TRAINING_BYTES);
    return book.step(
        "data",
        "banyan data split %s --out %s --seed %d%s%s"
            .formatted(
                words(inputs),
                out("data"),
                config.seed(),
                config.reading().skipBadLines() ? " --skip-bad-lines" : "",
                config.reading().lossy() ? " --lossy" : ""),
        options.toString() + config.reading() + StepBook.stamp(config.instructions()),
        heldOut(),
        HeldOutSplit.Divided.class,
        () -> {
          if (!config.instructions().isEmpty()) {
            splitInstructions();
          }
          try (Corpus corpus = Corpus.open(inputs, config.reading())) {
            return HeldOutSplit.write(
                List.of(corpus), training(), heldOut(), options, seed.of("data"));
          }
        });
  }

  private TokenizerMade tokenizer() throws Exception {
    Path folder = out("tokenizer");
    int vocabulary = config.count("vocabulary");
    List<Path> inputs = new ArrayList<>(List.of(training()));
    inputs.addAll(exercises());
    return book.step(
        "tokenizer",
        "banyan tokenizer train %s --vocab %d --individual-digits --out %s"
            .formatted(words(inputs), vocabulary, folder),
        Integer.toString(vocabulary),
        folder,
        TokenizerMade.class,
        () -> {
          var options =
              BpeTrainer.Options.of(vocabulary, ChatFormat.SPECIAL_TOKENS)
                  .withIndividualDigits(true);
          try (Corpus corpus = Corpus.open(inputs, Corpus.Options.STRICT);
              Corpus sample = Corpus.open(List.of(heldOut()), Corpus.Options.STRICT)) {
            BpeTrainer.train(corpus.texts(), options).write(folder, ChatFormat.ROLES);
            Tokenizer tokenizer = Tokenizer.open(folder);
            List<String> texts = new ArrayList<>();
            sample.texts().forEachRemaining(texts::add);
            long tokens =
                tokenizer.encodeAll(texts, false).stream().mapToLong(ids -> ids.length).sum();
            long bytes = texts.stream().mapToLong(Life::utf8Length).sum();
            return new TokenizerMade(
                tokenizer.vocabSize(),
                tokenizer.vocabSize() - BpeTrainer.ALPHABET - ChatFormat.SPECIAL_TOKENS.size(),
                (double) bytes / tokens);
          }
        });
  }

  private Trained pretrain() throws Exception {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("data", training().toString());
    for (String name : List.of("hidden", "layers", "heads", "kv-heads", "ffn", "rows")) {
      keys.put(name, config.text(name));
    }
    keys.put("length", config.text("length"));
    keys.put("learning-rate", config.text("pretrain-rate"));
    keys.put("warmup", "0.04");
    keys.put("final-learning-rate", "0.02");
    return train("pretrain", keys, config.pretrainSeconds());
  }

  private Trained tune() throws Exception {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("start", out("pretrain").resolve("model").toString());
    keys.put("data", exercises().stream().map(Path::toString).toList());
    keys.put("length", config.text("length"));
    keys.put("rows", config.text("rows"));
    keys.put("learning-rate", config.text("tune-rate"));
    keys.put("final-learning-rate", "0.02");
    return train("tune", keys, config.tuneSeconds());
  }

  /** Writes the training settings beside the output and runs them. */
  private Trained train(String name, Map<String, Object> keys, double seconds) throws Exception {
    Path folder = out(name);
    Path yaml = out(name + ".yaml");
    keys.put("out", folder.toString());
    keys.put("tokenizer", out("tokenizer").toString());
    keys.put("seed", config.seed());
    keys.put("checkpoint-every", 100);
    String steps = name + "-steps";
    if (!config.settings().says(steps)) {
      config = config.with(steps, stepsFor(keys, seconds));
      writeRecipe();
    }
    keys.put("steps", config.count(steps));
    AtomicFile.writeString(yaml, yaml(keys));
    return book.step(
        name,
        "banyan train " + yaml,
        yaml(keys),
        folder.resolve("model"),
        Trained.class,
        () -> {
          TrainConfig train = TrainConfig.of(settings(keys));
          try (Progress progress = common.progress(name, train.steps().count(), "steps")) {
            TrainResult result = Trainer.runAnew(train, progress);
            if (result.stopped().isPresent()) {
              throw new dev.banyan.core.UserInputException(
                  "%s stopped at step %d: %s. Try a lower --%s-rate."
                      .formatted(name, result.steps(), result.stopped().get(), name));
            }
            return new Trained(
                result.parameters(),
                result.steps(),
                result.loss(),
                result.learnedTokens(),
                result.tokensPerSecond(),
                result.seconds());
          }
        });
  }

  /** How many steps fit into the time, found by timing a few. */
  private int stepsFor(Map<String, Object> keys, double seconds) {
    Map<String, Object> trial = new LinkedHashMap<>(keys);
    trial.put("steps", 1000);
    double secondsPerStep = Trainer.secondsPerStep(TrainConfig.of(settings(trial)), 8);
    return (int) Math.max(20, Math.round(seconds / secondsPerStep));
  }

  private Evaluation.Text evaluate() throws Exception {
    Path folder = out("pretrain").resolve("model");
    int order = config.count("ngram");
    return book.step(
        "evaluate",
        "banyan evaluate %s %s --train %s --ngram %d --seed %d"
            .formatted(folder, heldOut(), training(), order, config.seed()),
        Integer.toString(order),
        folder,
        Evaluation.Text.class,
        () -> {
          try (LanguageModel model = LanguageModel.open(folder);
              Corpus held = Corpus.open(List.of(heldOut()), Corpus.Options.STRICT);
              Corpus learned = Corpus.open(List.of(training()), Corpus.Options.STRICT);
              Progress progress = common.progress("evaluate", held.size(), "documents")) {
            return Evaluation.text(
                model,
                Tokenizer.open(folder),
                held,
                Optional.of(learned),
                order,
                config.threads(),
                seed,
                progress);
          }
        });
  }

  private Skills skills() throws Exception {
    Path folder = out("tune").resolve("model");
    return book.step(
        "skills",
        "banyan evaluate %s --skills %s --train %s --questions %s --seed %d"
            .formatted(
                folder,
                questionFile(),
                words(exercises()),
                config.text("questions"),
                config.seed()),
        config.text("questions"),
        folder,
        Skills.class,
        () -> {
          List<SkillQuestion> questions =
              SkillQuestion.firstOfEach(
                  SkillQuestion.readAll(questionFile()), config.count("questions"));
          List<SkillQuestion> training = new ArrayList<>();
          for (Path file : exercises()) {
            training.addAll(SkillQuestion.readAll(file));
          }
          try (LanguageModel model = LanguageModel.open(folder);
              Progress progress = common.progress("skills", questions.size(), "questions")) {
            var report =
                Evaluation.skills(
                        model,
                        Tokenizer.open(folder),
                        questions,
                        training,
                        LONGEST_ANSWER,
                        seed,
                        progress)
                    .report();
            List<SkillGrade> grades =
                report.categories().stream()
                    .map(
                        category ->
                            new SkillGrade(
                                category.name(),
                                category.questions(),
                                category.accuracy().mean(),
                                category.accuracy().low(),
                                category.accuracy().high(),
                                category.baseline(),
                                category.above()))
                    .toList();
            return new Skills(
                grades,
                report.mean().mean(),
                report.mean().low(),
                report.mean().high(),
                report.baselineMean());
          }
        });
  }

  private Talk talk() throws Exception {
    Path base = out("pretrain").resolve("model");
    Path tuned = out("tune").resolve("model");
    return book.step(
        "talk",
        "banyan generate %s --chat -p '…'".formatted(tuned),
        "",
        tuned,
        Talk.class,
        () -> new Talk(continued(base), answered(tuned)));
  }

  /** Beginnings of held-out documents, continued by the model of pretraining. */
  private List<Spoken> continued(Path folder) {
    List<Spoken> spoken = new ArrayList<>();
    try (LanguageModel model = LanguageModel.open(folder);
        Corpus held = Corpus.open(List.of(heldOut()), Corpus.Options.STRICT)) {
      Tokenizer tokenizer = Tokenizer.open(folder);
      var format = new ChatFormat(tokenizer);
      var generator = new Generator(model, tokenizer);
      int longest = model.config().maxPositions();
      for (int i = 0; i < held.size() && spoken.size() < 4; i += 1 + held.size() / 8) {
        int[] all = format.ids(held.record(i));
        int[] prompt = java.util.Arrays.copyOf(all, Math.min(16, all.length / 2));
        if (prompt.length < 4) {
          continue;
        }
        var request =
            new Generator.Request(
                prompt,
                Sampling.atTemperature(0.7),
                Math.min(64, longest - prompt.length),
                Set.of(format.endId()),
                List.of(),
                seed.of("talk", i));
        Completion completion = generator.generate(request, piece -> {});
        spoken.add(new Spoken(tokenizer.decode(prompt, true), completion.text(), ""));
      }
    }
    return spoken;
  }

  /** The first test question of each category, answered by the tuned model. */
  private List<Spoken> answered(Path folder) {
    List<SkillQuestion> questions =
        SkillQuestion.firstOfEach(SkillQuestion.readAll(questionFile()), 1);
    List<Spoken> spoken = new ArrayList<>();
    try (LanguageModel model = LanguageModel.open(folder)) {
      var skills =
          Evaluation.skills(
              model,
              Tokenizer.open(folder),
              questions,
              List.of(),
              LONGEST_ANSWER,
              seed,
              Progress.none());
      skills
          .answers()
          .forEach(
              answered ->
                  spoken.add(
                      new Spoken(
                          answered.question().question(),
                          answered.answer(),
                          answered.question().answer())));
    }
    return spoken;
  }

  // ---- where things are

  private Path out(String name) {
    return config.out().resolve(name);
  }

  private Path training() {
    return out("data").resolve("train.jsonl");
  }

  private Path heldOut() {
    return out("data").resolve("held-out.jsonl");
  }

  private List<Path> documentFiles() throws IOException {
    try (var list = Files.list(out("world"))) {
      return list.filter(file -> file.getFileName().toString().startsWith("documents-"))
          .sorted()
          .toList();
    }
  }

  private List<Path> exercises() {
    return config.instructions().isEmpty()
        ? List.of(out("world").resolve("skills-train.jsonl"))
        : List.of(out("data").resolve("instructions-train.jsonl"));
  }

  private Path questionFile() {
    return config.instructions().isEmpty()
        ? out("world").resolve("skills-test.jsonl")
        : out("data").resolve("instructions-test.jsonl");
  }

  // ---- small things

  private static Settings settings(Map<String, Object> keys) {
    return Settings.of(TrainConfig.SETTINGS).with(keys, "life");
  }

  private void writeRecipe() throws IOException {
    AtomicFile.writeString(config.recipe(), yaml(config.settings().said()));
  }

  private static String yaml(Map<String, Object> tree) {
    return YAMLMapper.shared().writeValueAsString(tree);
  }

  private static String words(List<Path> paths) {
    return String.join(" ", paths.stream().map(Path::toString).toList());
  }

  private static long utf8Length(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
  }
}

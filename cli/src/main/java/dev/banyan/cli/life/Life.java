package dev.banyan.cli.life;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.grow.Growth;
import dev.banyan.grow.Transitions;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Corpus;
import dev.banyan.train.Evaluation;
import dev.banyan.train.HeldOutSplit;
import dev.banyan.train.PackedBatch;
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
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * One model's life: a world (or the user's text), a tokenizer, pretraining, a measurement, a short
 * supervised stage, graded skills, talk, growth, serving, a report. Each step is a command that
 * also works alone and is written beside the output; a step whose inputs have not changed is not
 * run again.
 */
final class Life {
  /** Of text that is mixed with the user's own. */
  private static final double WORLD_SHARE = 0.15;

  private static final double BYTES_PER_DOCUMENT = 295;
  private static final long MOST_TRAINING_BYTES = 64L << 20;
  private static final long MOST_HELD_OUT_BYTES = 300L << 10;
  static final int LONGEST_ANSWER = 48;

  private final Common common;
  private final StepBook book;
  private final Seed seed;
  private final LifeFiles files;
  private LifeConfig config;

  Life(LifeConfig config, Common common) {
    this.config = config;
    this.common = common;
    this.book = new StepBook(config.out(), common.err());
    this.seed = new Seed(config.seed());
    this.files = new LifeFiles(config.out(), !config.instructions().isEmpty());
  }

  /** The whole life, in order. */
  Lived live() throws Exception {
    // shards have threads of their own; what is small gains nothing from dividing an operation too
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    // what the user gave is read before anything is written
    long documents = worldDocuments();
    requireInstructions();
    Files.createDirectories(config.out());
    writeRecipe();
    Lived.WorldMade world = world(documents);
    HeldOutSplit.Divided data = data();
    Lived.TokenizerMade tokenizer = tokenizer();
    Lived.Trained pretraining = pretrain();
    Evaluation.Text text = evaluate();
    Lived.Trained tuning = tune();
    Lived.Skills skills = skills();
    Lived.Talk talk = talk();
    Lived.Memory memory = memory();
    Lived.Supervised supervised = new Drilled(config, common, files).of(book);
    Transitions grown = grow();
    Optional<Lived.Served> served = new Served(config, common, files).of(book);
    return new Lived(
        config,
        world,
        data,
        tokenizer,
        pretraining,
        text,
        tuning,
        skills,
        talk,
        memory,
        supervised,
        grown,
        served,
        book.done());
  }

  // ---- the steps

  private Lived.WorldMade world(long documents) throws Exception {
    Path folder = files.of("world");
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
        Lived.WorldMade.class,
        () -> {
          try (Progress progress = common.progress("world", documents, "documents")) {
            var written =
                World.of(seed, WorldSize.parse(config.tiny() ? "tiny" : "small"))
                    .write(folder, documents, exercises, config.threads(), progress);
            return new Lived.WorldMade(
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
    Files.createDirectories(files.of("data"));
    try (Corpus corpus = Corpus.open(config.instructions(), config.reading())) {
      HeldOutSplit.writeConversations(
          corpus, files.exercises(), files.questions(), 0.1, seed.of("instructions"));
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
    inputs.addAll(files.documents());
    var options = new HeldOutSplit.Options(0.05, MOST_HELD_OUT_BYTES, MOST_TRAINING_BYTES);
    return book.step(
        "data",
        "banyan data split %s --out %s --seed %d%s%s"
            .formatted(
                words(inputs),
                files.of("data"),
                config.seed(),
                config.reading().skipBadLines() ? " --skip-bad-lines" : "",
                config.reading().lossy() ? " --lossy" : ""),
        options.toString() + config.reading() + StepBook.stamp(config.instructions()),
        files.heldOut(),
        HeldOutSplit.Divided.class,
        () -> {
          if (!config.instructions().isEmpty()) {
            splitInstructions();
          }
          try (Corpus corpus = Corpus.open(inputs, config.reading())) {
            return HeldOutSplit.write(
                List.of(corpus), files.training(), files.heldOut(), options, seed.of("data"));
          }
        });
  }

  private Lived.TokenizerMade tokenizer() throws Exception {
    Path folder = files.of("tokenizer");
    int vocabulary = config.count("vocabulary");
    List<Path> inputs = new ArrayList<>(List.of(files.training()));
    inputs.add(files.exercises());
    return book.step(
        "tokenizer",
        "banyan tokenizer train %s --vocab %d --individual-digits --out %s"
            .formatted(words(inputs), vocabulary, folder),
        Integer.toString(vocabulary),
        folder,
        Lived.TokenizerMade.class,
        () -> {
          var options =
              BpeTrainer.Options.of(vocabulary, ChatFormat.SPECIAL_TOKENS)
                  .withIndividualDigits(true);
          try (Corpus corpus = Corpus.open(inputs, Corpus.Options.STRICT);
              Corpus sample = Corpus.open(List.of(files.heldOut()), Corpus.Options.STRICT)) {
            BpeTrainer.train(corpus.texts(), options).write(folder, ChatFormat.ROLES);
            Tokenizer tokenizer = Tokenizer.open(folder);
            List<String> texts = new ArrayList<>();
            sample.texts().forEachRemaining(texts::add);
            long tokens =
                tokenizer.encodeAll(texts, false).stream().mapToLong(ids -> ids.length).sum();
            long bytes = texts.stream().mapToLong(Life::utf8Length).sum();
            return new Lived.TokenizerMade(
                tokenizer.vocabSize(),
                tokenizer.vocabSize() - BpeTrainer.ALPHABET - ChatFormat.SPECIAL_TOKENS.size(),
                (double) bytes / tokens);
          }
        });
  }

  private Lived.Trained pretrain() throws Exception {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("data", files.training().toString());
    for (String name : List.of("hidden", "layers", "heads", "kv-heads", "ffn", "rows")) {
      keys.put(name, config.text(name));
    }
    keys.put("length", config.text("length"));
    keys.put("learning-rate", config.text("pretrain-rate"));
    keys.put("warmup", "0.04");
    keys.put("final-learning-rate", "0.02");
    return train("pretrain", keys, config.pretrainSeconds());
  }

  private Lived.Trained tune() throws Exception {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("start", files.model("pretrain").toString());
    keys.put("data", files.exercises().toString());
    keys.put("length", config.text("length"));
    keys.put("rows", config.text("rows"));
    keys.put("learning-rate", config.text("tune-rate"));
    keys.put("final-learning-rate", "0.02");
    return train("tune", keys, config.tuneSeconds());
  }

  /** Writes the training settings beside the output and runs them. */
  private Lived.Trained train(String name, Map<String, Object> keys, double seconds)
      throws Exception {
    Path folder = files.of(name);
    Path yaml = files.of(name + ".yaml");
    keys.put("out", folder.toString());
    keys.put("tokenizer", files.of("tokenizer").toString());
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
        Lived.Trained.class,
        () -> {
          TrainConfig train = TrainConfig.of(settings(keys));
          try (Progress progress = common.progress(name, train.steps().count(), "steps")) {
            TrainResult result = Trainer.runAnew(train, progress);
            if (result.stopped().isPresent()) {
              throw new dev.banyan.core.UserInputException(
                  "%s stopped at step %d: %s. Try a lower --%s-rate."
                      .formatted(name, result.steps(), result.stopped().get(), name));
            }
            return new Lived.Trained(
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
    Path folder = files.model("pretrain");
    int order = config.count("ngram");
    return book.step(
        "evaluate",
        "banyan evaluate %s %s --train %s --ngram %d --seed %d"
            .formatted(folder, files.heldOut(), files.training(), order, config.seed()),
        Integer.toString(order),
        folder,
        Evaluation.Text.class,
        () -> {
          try (LanguageModel model = LanguageModel.open(folder);
              Corpus held = Corpus.open(List.of(files.heldOut()), Corpus.Options.STRICT);
              Corpus learned = Corpus.open(List.of(files.training()), Corpus.Options.STRICT);
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

  private Lived.Skills skills() throws Exception {
    Path folder = files.model("tune");
    return book.step(
        "skills",
        "banyan evaluate %s --skills %s --train %s --questions %s --seed %d"
            .formatted(
                folder,
                files.questions(),
                files.exercises(),
                config.text("questions"),
                config.seed()),
        config.text("questions"),
        folder,
        Lived.Skills.class,
        () -> {
          List<SkillQuestion> questions =
              SkillQuestion.firstOfEach(
                  SkillQuestion.readAll(files.questions()), config.count("questions"));
          List<SkillQuestion> training = SkillQuestion.readAll(files.exercises());
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
            List<Lived.SkillGrade> grades =
                report.categories().stream()
                    .map(
                        category ->
                            new Lived.SkillGrade(
                                category.name(),
                                category.questions(),
                                category.accuracy().mean(),
                                category.accuracy().low(),
                                category.accuracy().high(),
                                category.baseline(),
                                category.above()))
                    .toList();
            return new Lived.Skills(
                grades,
                report.mean().mean(),
                report.mean().low(),
                report.mean().high(),
                report.baselineMean());
          }
        });
  }

  private Lived.Talk talk() throws Exception {
    Path base = files.model("pretrain");
    Path tuned = files.model("tune");
    return book.step(
        "talk",
        "banyan generate %s --chat -p '…'".formatted(tuned),
        "",
        tuned,
        Lived.Talk.class,
        () ->
            new Lived.Talk(
                Talking.continued(base, files.heldOut(), seed),
                Talking.answered(tuned, files.questions(), seed)));
  }

  private Lived.Memory memory() throws Exception {
    Path model = files.model("pretrain");
    var memory = new LifeMemory(files.of("memory"), seed.of("memory"));
    return book.step(
        "memory",
        "banyan plan run %s %s --weights %s --inputs %s"
            .formatted(memory.graphFile(), memory.planFile(), model, memory.inputsFile()),
        "",
        memory.planFile(),
        Lived.Memory.class,
        () -> {
          Map<String, Object> keys = new LinkedHashMap<>();
          keys.put("data", files.training().toString());
          keys.put("start", model.toString());
          keys.put("length", config.text("length"));
          keys.put("rows", config.text("rows"));
          keys.put("shards", 1);
          keys.put("steps", 1);
          keys.put("out", files.of("memory").toString());
          keys.put("seed", config.seed());
          PackedBatch batch = Trainer.firstBatch(TrainConfig.of(settings(keys)));
          return memory.run(config.tiny() ? "tiny" : "default", model, batch);
        });
  }

  /** Up and then out, each trained on, beside a fresh model of the larger size. */
  private Transitions grow() throws Exception {
    Path source = files.model("pretrain");
    Path folder = files.of("grow");
    boolean tiny = config.tiny();
    var plan =
        new Transitions.Plan(
            source,
            folder,
            files.training(),
            files.heldOut(),
            tiny ? 6 : 60,
            tiny ? 4 : 40,
            Math.min(tiny ? 64 : 128, config.count("length")),
            4,
            tiny ? 3e-4 : 1e-3,
            tiny ? 2 : 6,
            tiny ? 16 : 24,
            config.threads(),
            config.seed());
    var up = Transitions.up(Growth.config(source));
    return book.step(
        "grow",
        "banyan grow run %s %s --hidden %d --layers %d --heads %d --kv-heads %d --ffn %d"
            .formatted(
                source,
                folder.resolve("up"),
                up.hidden(),
                up.layers(),
                up.heads(),
                up.keyValueHeads(),
                up.ffn()),
        plan.upSteps() + " " + plan.outSteps() + " " + plan.rows() + " " + plan.length(),
        folder.resolve("out-trained"),
        Transitions.class,
        () -> {
          removeGrown(folder);
          try (Progress progress = common.progress("grow", 4, "phases")) {
            return Transitions.run(plan, progress);
          }
        });
  }

  // ---- small things

  /** A model of another source must not be taken for this one's. */
  private static void removeGrown(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (var walk = Files.walk(folder)) {
        for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

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

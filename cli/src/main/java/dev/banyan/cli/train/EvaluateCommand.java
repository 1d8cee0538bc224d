package dev.banyan.cli.train;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Interval;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.Corpus;
import dev.banyan.train.Evaluation;
import dev.banyan.train.SkillQuestion;
import dev.banyan.train.SkillReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan evaluate FOLDER DATA} and {@code banyan evaluate FOLDER --skills FILE.jsonl}. */
@UsesLibtorch
@Command(
    name = "evaluate",
    description = "Measures a model: bits per byte of text beside n-grams, and graded skills.",
    footer = {
      "  banyan evaluate life/pretrain/model life/data/held-out.jsonl --train life/data/train.jsonl",
      "  banyan evaluate life/tune/model --skills life/world/skills-test.jsonl --train life/world/skills-train.jsonl"
    })
public final class EvaluateCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();
  @Mixin private Reading reading = new Reading();

  @Parameters(index = "0", paramLabel = "FOLDER", description = "A model folder with tokenizer.")
  private Path folder = Path.of(".");

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "DATA",
      description = "Held-out text: files and folders.")
  private List<Path> data = new ArrayList<>();

  @Option(
      names = "--skills",
      paramLabel = "FILE.jsonl",
      description = "Graded questions to answer instead of text to foretell.")
  private @Nullable Path skills;

  @Option(
      names = "--train",
      paramLabel = "PATH",
      description =
          "What was trained on: n-grams learn it, and the most frequent answers come from it.")
  private List<Path> train = new ArrayList<>();

  @Option(
      names = "--ngram",
      paramLabel = "N",
      defaultValue = "5",
      description = "Order of the n-grams (default: ${DEFAULT-VALUE}).")
  private int order = 5;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "48",
      description = "Longest answer to a skill question (default: ${DEFAULT-VALUE}).")
  private int maxTokens = 48;

  @Option(
      names = "--questions",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Ask only the first N questions of each category.")
  private int mostQuestions = 1_000_000;

  @Option(
      names = "--show",
      paramLabel = "N",
      defaultValue = "0",
      description = "Print the first N answers of each category.")
  private int show;

  @Override
  public ExitCode call() throws IOException {
    if (order < 1 || order > 16) {
      throw new UserInputException("--ngram is " + order + ", expected 1 to 16");
    }
    if (maxTokens < 1) {
      throw new UserInputException("--max-tokens is " + maxTokens + ", must be at least 1");
    }
    if (mostQuestions < 1) {
      throw new UserInputException("--questions is " + mostQuestions + ", must be at least 1");
    }
    if (skills == null && data.isEmpty()) {
      throw new UserInputException("give held-out text to foretell, or --skills FILE.jsonl");
    }
    if (skills != null && !data.isEmpty()) {
      throw new UserInputException(
          "text and --skills are two measurements, as --train is for one of them: ask one at a time");
    }
    Tokenizer tokenizer = Tokenizer.open(folder);
    Result result = common.result();
    try (LanguageModel model = LanguageModel.open(folder)) {
      tokenizer.requireFits(model.config().vocabSize(), folder.toString());
      if (skills == null) {
        text(model, tokenizer, result);
      } else {
        skills(model, tokenizer, skills, result);
      }
    }
    common.emit(result);
    return ExitCode.DONE;
  }

  private void text(LanguageModel model, Tokenizer tokenizer, Result result) {
    try (Corpus heldOut = Corpus.open(data, reading.options());
        Corpus learned = train.isEmpty() ? null : Corpus.open(train, reading.options());
        Progress progress = common.progress("scoring", heldOut.size(), "documents")) {
      var text =
          Evaluation.text(
              model,
              tokenizer,
              heldOut,
              Optional.ofNullable(learned),
              order,
              Runtime.getRuntime().availableProcessors(),
              common.seed(),
              progress);
      common
          .out()
          .printf(
              "%d documents, %d bytes (%d duplicates left out)%n",
              text.documents(), text.bytes(), text.duplicates());
      line("model", text.bitsPerByte(), "bits per byte");
      result.put("documents", text.documents()).put("bytes", text.bytes());
      result.put("bitsPerByte", text.bitsPerByte());
      text.rivals()
          .ifPresent(
              rivals -> {
                line(rivals.order() + "-gram, bytes", rivals.bytes(), "bits per byte");
                line(rivals.order() + "-gram, tokens", rivals.tokens(), "bits per byte");
                line("model / bytes", rivals.ratioToBytes(), "");
                line("model / tokens", rivals.ratioToTokens(), "");
                result.put("ngram", rivals);
              });
    }
  }

  private void line(String name, Interval interval, String unit) {
    common
        .out()
        .printf(
            "  %-16s %.4f  [%.4f, %.4f] %s%n",
            name, interval.mean(), interval.low(), interval.high(), unit);
  }

  private void skills(LanguageModel model, Tokenizer tokenizer, Path file, Result result) {
    List<SkillQuestion> questions =
        SkillQuestion.firstOfEach(SkillQuestion.readAll(file), mostQuestions);
    List<SkillQuestion> training = new ArrayList<>();
    train.forEach(path -> training.addAll(SkillQuestion.readAll(path)));
    Evaluation.Skills graded;
    try (Progress progress = common.progress("answering", questions.size(), "questions")) {
      graded =
          Evaluation.skills(
              model, tokenizer, questions, training, maxTokens, common.seed(), progress);
    }
    SkillReport report = graded.report();
    common.out().printf("%-28s %9s  %-16s %8s%n", "category", "accuracy", "95 %", "baseline");
    for (SkillReport.Category category : report.categories()) {
      common
          .out()
          .printf(
              "%-28s %9.3f  [%.3f, %.3f] %8.3f %s%n",
              category.name(),
              category.accuracy().mean(),
              category.accuracy().low(),
              category.accuracy().high(),
              category.baseline(),
              category.above() ? "above" : "");
      if (show > 0) {
        graded.answers().stream()
            .filter(answered -> answered.question().category().equals(category.name()))
            .limit(show)
            .forEach(
                answered ->
                    common
                        .out()
                        .printf(
                            "    %s %s → %s (%s)%n",
                            answered.right() ? "+" : "-",
                            answered.question().question(),
                            answered.answer(),
                            answered.question().answer()));
      }
    }
    common
        .out()
        .printf(
            "mean %.3f, baseline %.3f, above it with 95 %% in %d of %d categories%n",
            report.mean().mean(),
            report.baselineMean(),
            report.categoriesAbove(),
            report.categories().size());
    result
        .put("skills", report.categories())
        .put("skillMean", report.mean())
        .put("skillBaseline", report.baselineMean())
        .put("categoriesAbove", report.categoriesAbove());
  }
}

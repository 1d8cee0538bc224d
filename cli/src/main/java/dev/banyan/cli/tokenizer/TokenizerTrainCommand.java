package dev.banyan.cli.tokenizer;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Result;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan tokenizer train}. */
@Command(
    name = "train",
    description = "Train a byte-level BPE tokenizer and write a Hugging Face tokenizer.json.",
    footer = "  banyan tokenizer train docs/ notes.jsonl --vocab 4096 --out tokenizer")
public final class TokenizerTrainCommand implements Callable<ExitCode> {
  @Parameters(
      paramLabel = "FILE|FOLDER",
      arity = "1..*",
      description = "Text, Markdown, HTML or JSONL, each also as .gz; folders of them.")
  private List<Path> inputs = List.of();

  @Option(
      names = "--vocab",
      required = true,
      paramLabel = "N",
      description = "Tokens in all, special tokens and 256 bytes included.")
  private int vocab;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where tokenizer.json and tokenizer_config.json go.")
  private Path out = Path.of("tokenizer");

  @Option(
      names = "--min-frequency",
      paramLabel = "N",
      defaultValue = "2",
      description = "Pairs seen less often are not merged (default: ${DEFAULT-VALUE}).")
  private long minFrequency = 2;

  @Option(names = "--individual-digits", description = "Make every digit a token alone.")
  private boolean individualDigits;

  @Option(
      names = "--special",
      paramLabel = "TOKEN",
      description = "One more special token, beside those of the chat format; may be repeated.")
  private List<String> special = new ArrayList<>();

  @Option(names = "--skip-bad-lines", description = "Count and leave out JSONL lines that are bad.")
  private boolean skipBadLines;

  @Option(names = "--lossy", description = "Read bytes that are not UTF-8 as U+FFFD.")
  private boolean lossy;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    var tokens = new ArrayList<>(ChatFormat.SPECIAL_TOKENS);
    special.stream().filter(token -> !tokens.contains(token)).forEach(tokens::add);
    BpeTrainer.Options options =
        BpeTrainer.Options.of(vocab, tokens)
            .withMinFrequency(minFrequency)
            .withIndividualDigits(individualDigits);
    try (Corpus corpus = Corpus.open(inputs, new Corpus.Options(skipBadLines, lossy))) {
      long started = System.nanoTime();
      TrainedBpe trained = BpeTrainer.train(corpus.texts(), options);
      double seconds = (System.nanoTime() - started) / 1e9;
      trained.write(out, ChatFormat.ROLES);
      report(corpus, trained, seconds);
    }
    return ExitCode.DONE;
  }

  private void report(Corpus corpus, TrainedBpe trained, double seconds) throws IOException {
    int learned = trained.tokenCount();
    common
        .out()
        .printf(
            "%s: %d tokens, %d merges, from %s in %d records, %s%n",
            out,
            learned,
            trained.mergeCount(),
            Format.bytes(corpus.bytes()),
            corpus.size(),
            Format.duration(Duration.ofMillis(Math.round(seconds * 1000))));
    if (learned < vocab) {
      common
          .err()
          .printf(
              "the text has no more pairs seen %d times: %d tokens instead of %d%n",
              minFrequency, learned, vocab);
    }
    if (corpus.skipped() > 0) {
      common.err().printf("%d bad lines were skipped%n", corpus.skipped());
    }
    Result result =
        common
            .result()
            .put("tokens", learned)
            .put("merges", trained.mergeCount())
            .put("records", corpus.size())
            .put("bytes", corpus.bytes())
            .put("skippedLines", corpus.skipped())
            .put("seconds", seconds);
    common.emit(result);
  }
}

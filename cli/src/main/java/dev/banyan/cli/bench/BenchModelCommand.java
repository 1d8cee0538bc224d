package dev.banyan.cli.bench;

import dev.banyan.bench.BpeSpeed;
import dev.banyan.bench.DecodeSpeed;
import dev.banyan.bench.FolderCheck;
import dev.banyan.bench.GenerationSpeed;
import dev.banyan.bench.InvarianceCheck;
import dev.banyan.bench.Pairs;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.tensor.Libtorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench model}. */
@UsesLibtorch
@Command(
    name = "model",
    description = {
      "Model folders against recorded logits, the BPE trainer against Hugging Face's, generation.",
      "Exit 1 where a folder, its written copy or a merge differs."
    },
    footer = "  banyan bench model --folders fixtures/ --python venv/bin/python")
public final class BenchModelCommand implements Callable<ExitCode> {
  private static final List<Integer> BATCHES = List.of(1, 8);

  @Mixin private final Common common = new Common();
  @Mixin private final Peers peers = new Peers();

  @Option(
      names = "--folders",
      paramLabel = "DIR",
      description = "Model folders, each with oracle.json (as for banyan model verify).")
  private @Nullable Path folders;

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      defaultValue = "1e-3",
      description = "Largest difference of a logit (default: ${DEFAULT-VALUE}).")
  private double tolerance = 1e-3;

  @Option(
      names = "--text",
      paramLabel = "PATH",
      description =
          "Text to train tokenizers on, a file or folder; may be repeated (default: three texts of"
              + " the built-in world).")
  private List<Path> texts = List.of();

  @Option(
      names = "--vocab",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Tokens of the tokenizers (default: ${DEFAULT-VALUE}).")
  private int vocabulary = 4096;

  @Option(
      names = "--documents",
      paramLabel = "N",
      description = "Documents of the largest world text (default: 16,000; 64,000 with --full).")
  private @Nullable Integer documents;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      description = "Runs of each side (default: 5; 11 with --full).")
  private @Nullable Integer pairs;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens of each generated answer (default: ${DEFAULT-VALUE}).")
  private int tokens = 128;

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Random schedules that exact mode must not show (default: ${DEFAULT-VALUE}).")
  private int trials = 1000;

  @Option(
      names = "--decode-runs",
      paramLabel = "N",
      description =
          "Runs of decoding a model of 101 M parameters; 0 leaves it out (default: 3; 5 with"
              + " --full).")
  private @Nullable Integer decodeRuns;

  @Option(
      names = "--decode-folder",
      paramLabel = "DIR",
      description = "A Llama folder in bf16 to decode instead of a fresh one.")
  private @Nullable Path decodeFolder;

  @Option(
      names = "--only",
      paramLabel = "PART",
      description = "One part: folders, tokenizers, generation, invariance or decode.")
  private @Nullable Part only;

  /** What can be measured alone. */
  enum Part {
    FOLDERS,
    TOKENIZERS,
    GENERATION,
    INVARIANCE,
    DECODE
  }

  @Option(names = "--full", description = "More text and more pairs; says first how long it takes.")
  private boolean full;

  @Override
  public ExitCode call() throws IOException {
    if (full) {
      common.err().println("bench model --full takes about 15 minutes on two cores with a peer");
      common.err().flush();
    }
    Libtorch.start(Libtorch.Use.INFERENCE, 1); // small models: a second thread costs more
    Table table = Table.of("what", "Banyan", "peer", "ratio", "note");
    List<FolderCheck> checks = wanted(Part.FOLDERS) ? folders(table) : List.of();
    List<BpeSpeed> tokenizers = wanted(Part.TOKENIZERS) ? tokenizers(table) : List.of();
    List<GenerationSpeed> generation = wanted(Part.GENERATION) ? generation(table) : List.of();
    List<InvarianceCheck> invariance = wanted(Part.INVARIANCE) ? invariance(table) : List.of();
    List<DecodeSpeed> decode = wanted(Part.DECODE) ? decode(table) : List.of();
    boolean same =
        checks.stream().allMatch(check -> check.holds(tolerance))
            && tokenizers.stream().allMatch(BpeSpeed::sameMerges)
            && invariance.stream().allMatch(check -> check.found().holds());
    common.out().print(TextTable.of(table));
    common.emit(
        common
            .result()
            .put("same", same)
            .put("tolerance", tolerance)
            .put("folders", checks)
            .put("tokenizers", tokenizers)
            .put("generation", generation)
            .put("invariance", invariance)
            .put("decode", decode),
        () -> Report.titled("banyan bench model").table(table));
    return same ? ExitCode.DONE : ExitCode.NO;
  }

  private List<FolderCheck> folders(Table table) {
    Path given = folders;
    if (given == null) {
      table.row("model folders", Peers.NOT_RUN, "", "", "give --folders DIR");
      return List.of();
    }
    try (Progress progress = common.progress("folders", 0, "folders")) {
      List<FolderCheck> checks = FolderCheck.all(given, tolerance, progress);
      for (FolderCheck check : checks) {
        var found = check.verification();
        table.row(
            check.name() + ": largest logit difference",
            Format.number(found.maxDifference()),
            "recorded",
            "",
            "greedy %s, written back %s%s"
                .formatted(
                    found.greedyEqual() ? "equal" : "DIFFERENT",
                    check.sameBytes() ? "the same bytes" : "DIFFERENT",
                    found.frequencies() == RotaryFrequencies.EXACT
                        ? ""
                        : ", rotary frequencies rounded as stored"));
      }
      return checks;
    }
  }

  private List<BpeSpeed> tokenizers(Table table) {
    int runs = pairs != null ? pairs : full ? 11 : 5;
    int most = documents != null ? documents : full ? 64_000 : 16_000;
    List<BpeSpeed.Text> inputs =
        texts.isEmpty()
            ? BpeSpeed.ofWorld(common.seed(), most)
            : texts.stream().map(BpeSpeed::of).toList();
    List<BpeSpeed> speeds = new ArrayList<>();
    for (BpeSpeed.Text input : inputs) {
      try (Progress progress = common.progress("tokenizer", runs, "pairs")) {
        speeds.add(BpeSpeed.measure(input, vocabulary, runs, peers.python(), progress));
      }
      BpeSpeed speed = speeds.getLast();
      String what = "BPE on %s, %s".formatted(speed.text(), Format.bytes(speed.bytes()));
      table.row(
          what + ", whole process",
          rate(speed.whole().ourMedian()),
          speed.whole().compared() ? rate(speed.whole().peerMedian()) : Peers.NOT_RUN,
          Peers.ratio(speed.whole()),
          Peers.scatter(speed.whole()));
      table.row(
          what + ", training alone",
          rate(speed.training().ourMedian()),
          speed.training().compared() ? rate(speed.training().peerMedian()) : Peers.NOT_RUN,
          Peers.ratio(speed.training()),
          merges(speed));
    }
    return speeds;
  }

  private static String merges(BpeSpeed speed) {
    String count = "%,d merges".formatted(speed.merges());
    if (!speed.training().compared()) {
      return count;
    }
    return count + (speed.sameMerges() ? ", the same as " : ", NOT the same as ") + speed.peer();
  }

  private static String rate(double bytesPerSecond) {
    return Peers.rate(Math.round(bytesPerSecond / 1e4) / 100.0, "MB/s");
  }

  private List<GenerationSpeed> generation(Table table) {
    try (Progress progress = common.progress("generation", BATCHES.size(), "batches")) {
      List<GenerationSpeed> speeds =
          GenerationSpeed.measure(BATCHES, tokens, full ? 11 : 5, common.seed(), progress);
      for (GenerationSpeed speed : speeds) {
        table.row(
            "generation, 6.5 M parameters, f32, batch " + speed.batch(),
            Peers.rate(speed.median(), "tokens/s"),
            "",
            "",
            "median of %d runs of %d tokens"
                .formatted(speed.tokensPerSecond().size(), speed.tokens()));
      }
      return speeds;
    }
  }

  private boolean wanted(Part part) {
    return only == null || only == part;
  }

  private List<InvarianceCheck> invariance(Table table) {
    try (Progress progress = common.progress("invariance", 4, "kinds of weights")) {
      List<InvarianceCheck> checks = InvarianceCheck.all(trials, common.seed(), progress);
      for (InvarianceCheck check : checks) {
        var found = check.found();
        String first = found.firstDifference();
        table.row(
            "exact mode, weights %s: schedules that differ".formatted(check.weights()),
            "%d of %,d".formatted(found.differing(), found.trials()),
            "",
            "",
            first != null
                ? first
                : "%,d scores, %,d keys and values, bit for bit"
                    .formatted(found.scores(), found.keyValues()));
      }
      return checks;
    }
  }

  private List<DecodeSpeed> decode(Table table) {
    int runs = decodeRuns != null ? decodeRuns : full ? 5 : 3;
    if (runs == 0) {
      return List.of();
    }
    int threads = Runtime.getRuntime().availableProcessors();
    DecodeSpeed speed;
    try (Progress progress = common.progress("decode", runs + 1, "runs")) {
      speed =
          DecodeSpeed.measure(
              decodeFolder,
              BATCHES,
              tokens,
              runs,
              threads,
              peers.python(),
              common.seed(),
              progress);
    }
    table.row(
        "reading %s of weights, %d threads"
            .formatted(Format.bytes(speed.weightBytes()), speed.threads()),
        Peers.rate(Pairs.median(speed.readGigabytesPerSecond()), "GB/s"),
        "",
        "",
        "median of the best of 20, in between");
    for (DecodeSpeed.Decode decode : speed.decodes()) {
      table.row(
          "decode, 101 M parameters, %s, batch %d".formatted(decode.name(), decode.batch()),
          Peers.rate(decode.pairs().ourMedian(), "tokens/s"),
          Peers.rate(decode.pairs(), "tokens/s"),
          Peers.ratio(decode.pairs()),
          "%.0f %% of the read bound of bf16 weights; %s"
              .formatted(100 * decode.ofBound(speed, speed.weightBytes()), note(decode, speed)));
    }
    for (DecodeSpeed.Prompt prompt : speed.prompts()) {
      table.row(
          "prompt of 512, " + prompt.name(), Peers.rate(prompt.median(), "tokens/s"), "", "", "");
    }
    var error = speed.int8Error();
    table.row(
        "int8 weights: error of scores",
        "%.2f %%".formatted(100 * error.relative()),
        "",
        "",
        "divergence %.2g nats, most probable token the same at %.1f %% of positions"
            .formatted(error.divergence(), 100 * error.sameBest()));
    return List.of(speed);
  }

  private static String note(DecodeSpeed.Decode decode, DecodeSpeed speed) {
    String peer = speed.peer();
    return peer == null || !decode.pairs().compared()
        ? "median of %d runs".formatted(decode.pairs().ours().size())
        : Peers.scatter(decode.pairs()) + ", " + peer;
  }
}

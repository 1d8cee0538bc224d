package dev.banyan.cli.model;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.LoadedAdapter;
import dev.banyan.model.Mode;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Example;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan generate}: continues a prompt, printing text as it becomes certain. */
@UsesLibtorch
@Command(
    name = "generate",
    description =
        "Continues a prompt with a model folder; reads the prompt from standard input without -p.",
    footer = {
      "  banyan generate life/tune/model --chat -p \"What is 2 + 3?\"",
      "  banyan generate life/pretrain/model -p \"Once upon a time\"",
      "  echo \"12 + 30 =\" | banyan generate life/pretrain/model --temperature 0 --stop \"\\n\""
    })
public final class GenerateCommand implements Callable<ExitCode> {
  @Mixin private final Common common = new Common();

  @Parameters(
      paramLabel = "FOLDER",
      description = "A Hugging Face model folder with tokenizer.json.")
  private Path folder = Path.of(".");

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "The text to continue.")
  private @Nullable String prompt;

  @Option(
      names = "--chat",
      description = "The prompt is a question in Banyan's chat format; the answer ends itself.")
  private boolean chat;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "How many tokens at most (default: 128, or what the model has room for).")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 takes the best token (default: generation_config.json, else 0).")
  private @Nullable Double temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Only the K best tokens.")
  private @Nullable Integer topK;

  @Option(names = "--top-p", paramLabel = "P", description = "Only the best tokens that reach P.")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Only tokens at least P times as probable as the best.")
  private @Nullable Double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      description = "Above 1 avoids tokens that were there.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      defaultValue = "0",
      description = "Taken once from tokens of the answer.")
  private double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      defaultValue = "0",
      description = "Taken each time a token came.")
  private double frequencyPenalty;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Ends the answer (may be repeated; \\n is a line end).")
  private List<String> stops = List.of();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = {
        "A PEFT folder to use beside the model: LoRA, IA3, prompt tuning, P-tuning or prefix",
        "tuning."
      })
  private @Nullable Path adapter;

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "What matrices are multiplied in (default: ${DEFAULT-VALUE}).")
  private Precision precision = Precision.F32;

  @Option(
      names = "--mode",
      paramLabel = "fast|exact",
      defaultValue = "fast",
      description = {
        "exact computes every sum in one fixed order, so that an answer does not depend on company,",
        "chunks or threads (default: ${DEFAULT-VALUE})."
      })
  private Mode mode = Mode.FAST;

  @Option(names = "--int8", description = "Rounds weights to 8 bits: quicker, a little wrong.")
  private boolean int8;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Default: all cores, one for a small model.")
  private @Nullable Integer threads;

  @Override
  public ExitCode call() throws IOException {
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    Sampling sampling = sampling(Sampling.read(folder));
    Tokenizer tokenizer = Tokenizer.open(folder);
    tokenizer.requireFits(config.vocabSize(), folder.toString());
    int[] ids = ids(tokenizer, prompt == null ? standardInput() : prompt);
    if (ids.length == 0) {
      throw new UserInputException("the prompt is empty; give -p TEXT or text on standard input");
    }
    Libtorch.start(Libtorch.Use.INFERENCE, threads(config));
    try (var adapted = Adapted.open(folder, opening(), adapter)) {
      Generator.Request request = request(config, ids, sampling, adapted.adapter());
      PrintWriter out = common.out();
      long start = System.nanoTime();
      Completion answer =
          new Generator(adapted.model(), tokenizer)
              .generate(
                  request,
                  piece -> {
                    out.print(piece);
                    out.flush();
                  });
      double seconds = (System.nanoTime() - start) / 1e9;
      out.println();
      common.emit(
          common
              .result()
              .put("text", answer.text())
              .put("finish", answer.finish().name().toLowerCase(Locale.ROOT))
              .put("promptTokens", ids.length)
              .put("tokens", answer.ids().size())
              .put("seconds", seconds)
              .put("tokensPerSecond", answer.ids().size() / seconds));
    }
    return ExitCode.DONE;
  }

  private Generator.Request request(
      ModelConfig config, int[] ids, Sampling sampling, @Nullable LoadedAdapter beside) {
    int virtual = beside == null ? 0 : beside.virtualTokens();
    int room = Math.max(1, config.maxPositions() - virtual - ids.length);
    return new Generator.Request(
        ids,
        sampling,
        maxTokens == null ? Math.min(128, room) : positive("--max-tokens", maxTokens),
        stopIds(config),
        stops.stream().map(stop -> stop.replace("\\n", "\n")).toList(),
        common.seed(),
        beside);
  }

  private Opening opening() {
    return new Opening(mode, precision, RotaryFrequencies.EXACT, int8);
  }

  private int[] ids(Tokenizer tokenizer, String text) {
    return chat
        ? new ChatFormat(tokenizer).prompt(List.of(new Example.Turn(Example.Role.USER, text)))
        : tokenizer.encode(text, true);
  }

  private Sampling sampling(Sampling usual) {
    return new Sampling(
        temperature == null ? usual.temperature() : temperature,
        topK == null ? usual.topK() : topK,
        topP == null ? usual.topP() : topP,
        minP == null ? usual.minP() : minP,
        repetitionPenalty == null ? usual.repetitionPenalty() : repetitionPenalty,
        presencePenalty,
        frequencyPenalty);
  }

  private Set<Integer> stopIds(ModelConfig config) {
    var ids = new LinkedHashSet<Integer>(config.tokens().eos());
    ids.addAll(Sampling.stopIds(folder));
    return ids;
  }

  private int threads(ModelConfig config) {
    if (threads != null) {
      return positive("--threads", threads);
    }
    return Threads.worthWhile(config);
  }

  private static int positive(String flag, int value) {
    if (value < 1) {
      throw new UserInputException(flag + " is " + value + ", must be at least 1");
    }
    return value;
  }

  private static String standardInput() throws IOException {
    byte[] bytes = System.in.readAllBytes();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    } catch (CharacterCodingException e) {
      throw new UserInputException("standard input is not UTF-8", e);
    }
  }
}

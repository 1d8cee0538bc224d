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
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
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
  private static final int USUAL_TOKENS = 128;

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

  @Mixin private final SamplingFlags sampling = new SamplingFlags();

  @Mixin private final ModelFlags flags = new ModelFlags();

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

  @Override
  public ExitCode call() throws IOException {
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    Sampling chosen = sampling.over(Sampling.read(folder));
    Tokenizer tokenizer = Tokenizer.open(folder);
    tokenizer.requireFits(config.vocabSize(), folder.toString());
    int[] ids = ids(tokenizer, prompt == null ? standardInput() : prompt);
    if (ids.length == 0) {
      throw new UserInputException("the prompt is empty; give -p TEXT or text on standard input");
    }
    flags.startLibtorch(config);
    try (var adapted = Adapted.open(folder, opening(), flags.adapter())) {
      Generator.Request request = request(config, ids, chosen, adapted.adapter());
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
      ModelConfig config, int[] ids, Sampling chosen, @Nullable LoadedAdapter beside) {
    int virtual = beside == null ? 0 : beside.virtualTokens();
    int room = Math.max(1, config.maxPositions() - virtual - ids.length);
    return new Generator.Request(
        ids,
        chosen,
        sampling.maxTokens(Math.min(USUAL_TOKENS, room)),
        stopIds(config),
        sampling.stops(),
        common.seed(),
        beside);
  }

  private Opening opening() {
    return new Opening(mode, flags.precision(), RotaryFrequencies.EXACT, int8);
  }

  private int[] ids(Tokenizer tokenizer, String text) {
    return chat
        ? new ChatFormat(tokenizer).prompt(List.of(new Example.Turn(Example.Role.USER, text)))
        : tokenizer.encode(text, true);
  }

  private Set<Integer> stopIds(ModelConfig config) {
    var ids = new LinkedHashSet<Integer>(config.tokens().eos());
    ids.addAll(Sampling.stopIds(folder));
    return ids;
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

package dev.banyan.cli.model;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.model.ChatSession;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Opening;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan chat}: a conversation in the terminal, or one question per line of a pipe. */
@UsesLibtorch
@Command(
    name = "chat",
    description =
        "Talks with a model folder by its own chat template. Reads one question per line where standard input is no terminal. /help shows what else can be typed; Ctrl-C stops an answer, Ctrl-D ends.",
    footer = {
      "  banyan chat life/tune/model",
      "  banyan chat Qwen3-0.6B --system \"Be brief.\" --set enable_thinking=false",
      "  printf 'What is 2+3?\\nAnd 4+4?\\n' | banyan chat life/tune/model"
    })
public final class ChatCommand implements Callable<ExitCode> {
  private static final int USUAL_TOKENS = 512;

  @Mixin private final Common common = new Common();

  @Parameters(
      paramLabel = "FOLDER",
      description = "A Hugging Face model folder with tokenizer and chat template.")
  private Path folder = Path.of(".");

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "What the model is told before the conversation.")
  private String system = "";

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "A variable of the template: true, false, a number or text (may be repeated).")
  private Map<String, String> variables = Map.of();

  @Mixin private final SamplingFlags sampling = new SamplingFlags();

  @Mixin private final ModelFlags flags = new ModelFlags();

  @Override
  public ExitCode call() throws IOException {
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    ChatTemplate template = ChatTemplate.read(folder);
    Tokenizer tokenizer = Tokenizer.open(folder);
    tokenizer.requireFits(config.vocabSize(), folder.toString());
    var manner =
        new ChatSession.Manner(
            sampling.over(Sampling.read(folder)),
            sampling.maxTokens(USUAL_TOKENS),
            sampling.stops(),
            values(variables),
            common.seed());
    flags.startLibtorch(config);
    try (var adapted =
            Adapted.open(folder, Opening.fast().with(flags.precision()), flags.adapter());
        var session =
            new ChatSession(
                adapted.model(),
                tokenizer,
                template,
                stopIds(config, tokenizer),
                adapted.adapter())) {
      session.system(system);
      var talk = new Talk(session, manner);
      try (ChatScreen screen = ChatScreen.open(common.out(), common.err(), folder)) {
        talk.run(screen);
      }
      common.emit(talk.figures(common.result()));
    }
    return ExitCode.DONE;
  }

  private Set<Integer> stopIds(ModelConfig config, Tokenizer tokenizer) {
    var ids = new LinkedHashSet<Integer>(config.tokens().eos());
    ids.addAll(Sampling.stopIds(folder));
    tokenizer.eosId().ifPresent(ids::add);
    return ids;
  }

  /** Variables as JSON would have them. */
  static Map<String, Object> values(Map<String, String> given) {
    var values = new LinkedHashMap<String, Object>();
    given.forEach((name, text) -> values.put(name, value(text)));
    return values;
  }

  private static Object value(String text) {
    if (List.of("true", "True", "false", "False").contains(text)) {
      return Boolean.valueOf(text);
    }
    if (text.matches("-?\\d{1,18}")) {
      return Long.valueOf(text);
    }
    return text.matches("-?\\d+\\.\\d+") ? (Object) Double.valueOf(text) : text;
  }
}

package dev.banyan.cli.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.Sampling;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say how the next token is chosen. */
final class SamplingFlags {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description =
          "How many tokens an answer has at most (default: of chat 512; of generate 128, or what fits).")
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
      description = "Ends an answer (may be repeated; \\n is a line end).")
  private List<String> stops = List.of();

  /** What the flags say, and where they are silent what is usual. */
  Sampling over(Sampling usual) {
    return new Sampling(
        temperature == null ? usual.temperature() : temperature,
        topK == null ? usual.topK() : topK,
        topP == null ? usual.topP() : topP,
        minP == null ? usual.minP() : minP,
        repetitionPenalty == null ? usual.repetitionPenalty() : repetitionPenalty,
        presencePenalty,
        frequencyPenalty);
  }

  List<String> stops() {
    return stops.stream().map(stop -> stop.replace("\\n", "\n")).toList();
  }

  int maxTokens(int usual) {
    if (maxTokens != null && maxTokens < 1) {
      throw new UserInputException("--max-tokens is " + maxTokens + ", must be at least 1");
    }
    return maxTokens == null ? usual : maxTokens;
  }
}

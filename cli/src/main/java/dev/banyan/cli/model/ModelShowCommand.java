package dev.banyan.cli.model;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.config.AttentionConfig;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code banyan model show}: reads headers only, so any size of model is shown at once. */
@Command(
    name = "show",
    description = "Family, shapes, parameters and memory of a model folder.",
    footer = "  banyan model show Qwen3-0.6B")
public final class ModelShowCommand implements Callable<ExitCode> {
  @Mixin private final Common common = new Common();

  @Parameters(paramLabel = "FOLDER", description = "A Hugging Face model folder.")
  private Path folder = Path.of(".");

  @Override
  public ExitCode call() throws IOException {
    try (WeightFolder model = WeightFolder.open(folder)) {
      List<String> others = model.check();
      ModelConfig config = model.config();
      long parameters = ParameterLayout.parameters(config);
      long active = ParameterLayout.activeParameters(config);
      long bytes = model.shards().stream().mapToLong(file -> file.header().fileBytes()).sum();
      PrintWriter out = common.out();
      line(out, "family", config.family().modelType());
      line(
          out,
          "parameters",
          active == parameters
              ? "%,d".formatted(parameters)
              : "%,d, of which a token passes %,d".formatted(parameters, active));
      line(
          out,
          "stored",
          Format.bytes(bytes) + " in " + model.shards().size() + " file(s), " + types(model));
      line(out, "layers", Integer.toString(config.layers()));
      line(
          out,
          "width",
          "%d, feed-forward %d".formatted(config.hiddenSize(), config.intermediateSize()));
      line(out, "attention", attention(config.attention()));
      ExpertsConfig experts = config.experts();
      if (experts != null) {
        line(out, "experts", experts(experts));
      }
      line(
          out,
          "vocabulary",
          Integer.toString(config.vocabSize())
              + (config.tiedEmbeddings() ? ", embeddings tied" : ""));
      line(
          out,
          "positions",
          "%d, rotary %s".formatted(config.maxPositions(), config.rope().scaling().typeName()));
      long values = keyValueValues(config);
      line(
          out,
          "KV per token",
          "%s in f32, %s in bf16".formatted(Format.bytes(4 * values), Format.bytes(2 * values)));
      out.println();
      tensors(model)
          .forEach((tensor, times) -> out.printf(Locale.ROOT, "%5d × %s%n", times, tensor));
      if (!others.isEmpty()) {
        out.println();
        out.println("not used by this family: " + String.join(", ", others));
      }
      common.emit(
          common
              .result()
              .put("family", config.family().modelType())
              .put("parameters", parameters)
              .put("activeParameters", active)
              .put("storedBytes", bytes)
              .put("files", model.shards().size())
              .put("layers", config.layers())
              .put("hiddenSize", config.hiddenSize())
              .put("vocabSize", config.vocabSize())
              .put("maxPositions", config.maxPositions())
              .put("kvBytesPerTokenF32", 4 * values)
              .put("kvBytesPerTokenBf16", 2 * values)
              .put("unusedTensors", others));
    }
    return ExitCode.DONE;
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf(Locale.ROOT, "%-13s %s%n", name, value);
  }

  private static String attention(AttentionConfig attention) {
    long windowed = attention.windows().stream().filter(window -> window > 0).count();
    int window = attention.windows().stream().max(Integer::compare).orElse(0);
    return "%d heads of %d over %d key-value heads%s%s"
        .formatted(
            attention.heads(),
            attention.headDim(),
            attention.keyValueHeads(),
            attention.inputBias() ? ", with bias" : "",
            windowed == 0 ? "" : ", window %d in %d layers".formatted(window, windowed));
  }

  private static String experts(ExpertsConfig experts) {
    return "%d of width %d, %d per token%s"
        .formatted(
            experts.count(),
            experts.intermediateSize(),
            experts.perToken(),
            experts.sharedIntermediateSize() == 0
                ? ""
                : ", one shared of width " + experts.sharedIntermediateSize());
  }

  private static String types(WeightFolder model) {
    return String.join(
        ", ",
        model.names().stream()
            .map(name -> model.spec(name).orElseThrow().type().name())
            .distinct()
            .sorted()
            .toList());
  }

  private static long keyValueValues(ModelConfig config) {
    return 2L * config.layers() * config.attention().keyValueWidth();
  }

  /** How often each shape comes, layers and experts taken together. */
  private static Map<String, Integer> tensors(WeightFolder model) {
    var counts = new LinkedHashMap<String, Integer>();
    for (String name : model.names()) {
      TensorSpec spec = model.spec(name).orElseThrow();
      String pattern = name.replaceAll("\\.\\d+\\.", ".*.");
      counts.merge(pattern + " " + spec.type() + " " + spec.shape(), 1, Integer::sum);
    }
    return counts;
  }
}

package dev.banyan.cli.model;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.model.Adapter;
import dev.banyan.model.Mode;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.model.Verification;
import dev.banyan.tensor.Libtorch;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan model verify}: does this model compute what was recorded elsewhere? */
@UsesLibtorch
@Command(
    name = "verify",
    description = {
      "Compares logits and greedy answers with a recording; exit 1 where they differ.",
      "A recording is JSON: input_ids [rows][time], logits [rows][time][vocabulary], and if you"
          + " like greedy [rows][new]."
    },
    footer = "  banyan model verify Qwen3-0.6B --against oracle.json")
public final class ModelVerifyCommand implements Callable<ExitCode> {
  /** Which rotary frequencies the recorded model had. */
  enum Rotary {
    EXACT,
    STORED,
    EITHER
  }

  @Mixin private final Common common = new Common();

  @Parameters(paramLabel = "FOLDER", description = "A Hugging Face model folder.")
  private Path folder = Path.of(".");

  @Option(
      names = "--against",
      required = true,
      paramLabel = "oracle.json",
      description = "The recording.")
  private Path against = Path.of("oracle.json");

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      defaultValue = "1e-3",
      description = "Largest absolute difference of a logit (default: ${DEFAULT-VALUE}).")
  private double tolerance = 1e-3;

  @Option(
      names = "--rotary",
      paramLabel = "exact|stored|either",
      defaultValue = "either",
      description = {
        "Rotary frequencies of the recorded model: exact in f32, as from_pretrained gives them, or",
        "rounded to the stored type, as model.to(torch.bfloat16) leaves them. 'either' tries exact",
        "first and says which one it was (default: ${DEFAULT-VALUE})."
      })
  private Rotary rotary = Rotary.EITHER;

  @Option(
      names = "--mode",
      paramLabel = "fast|exact",
      defaultValue = "fast",
      description = "How the model computes (default: ${DEFAULT-VALUE}).")
  private Mode mode = Mode.FAST;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "A PEFT folder that the recorded model had.")
  private @Nullable Path adapter;

  private Opening opening(RotaryFrequencies frequencies) {
    return new Opening(mode, Precision.F32, frequencies, false);
  }

  @Override
  public ExitCode call() throws IOException {
    var recording = Verification.Recording.read(against);
    ModelConfig config = ModelConfig.read(folder.resolve(ModelConfig.FILE));
    Libtorch.start(Libtorch.Use.INFERENCE, Threads.worthWhile(config));
    @Nullable Adapter beside = adapter == null ? null : Adapter.open(adapter);
    Verification found =
        Verification.of(
            folder,
            recording,
            opening(
                rotary == Rotary.STORED ? RotaryFrequencies.AS_STORED : RotaryFrequencies.EXACT),
            beside);
    print(found);
    StoredType type = config.type();
    boolean narrow = type == StoredType.BF16 || type == StoredType.F16;
    if (rotary == Rotary.EITHER && narrow && !found.holds(tolerance)) {
      found = Verification.of(folder, recording, opening(RotaryFrequencies.AS_STORED), beside);
      print(found);
    }
    boolean same = found.holds(tolerance);
    common.out().println(same ? "same" : "different: tolerance is " + tolerance);
    common.emit(
        common
            .result()
            .put("same", same)
            .put("maxDifference", found.maxDifference())
            .put("row", found.row())
            .put("position", found.position())
            .put("token", found.token())
            .put("logits", found.logits())
            .put("greedyEqual", found.greedyEqual())
            .put("tolerance", tolerance)
            .put("rotaryFrequencies", found.frequencies().name().toLowerCase(Locale.ROOT)));
    return same ? ExitCode.DONE : ExitCode.NO;
  }

  private void print(Verification found) {
    String greedy = found.firstGreedyDifference();
    common
        .out()
        .printf(
            Locale.ROOT,
            "rotary frequencies %s: largest difference %.3g of %,d logits, at row %d, position %d, token %d; greedy answers %s%n",
            found.frequencies() == RotaryFrequencies.EXACT ? "exact" : "rounded as stored",
            found.maxDifference(),
            found.logits(),
            found.row(),
            found.position(),
            found.token(),
            greedy == null ? "equal" : "differ at " + greedy);
  }
}

package dev.banyan.cli.grow;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Interval;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.core.Seed;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.GrowthProof;
import dev.banyan.grow.Proof;
import dev.banyan.grow.ProofPlan;
import dev.banyan.tensor.Libtorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan grow prove}. */
@UsesLibtorch
@Command(
    name = "prove",
    description = {
      "Trains a small model, grows it in every way, trains each on, and holds all of them against",
      "the large model from scratch: held-out loss over tokens and over all FLOPs, the small",
      "model's included. Arms that lose are printed too. What was trained is not trained again."
    },
    footer = "  banyan grow prove --out proof --seeds 5 --report proof.html")
public final class GrowProveCommand implements Callable<ExitCode> {
  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = "proof",
      description = "Where everything is kept (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("proof");

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "Your own text to learn, with --held-out and --tokenizer.")
  private List<Path> data = new ArrayList<>();

  @Option(names = "--held-out", paramLabel = "PATH", description = "Text to foretell.")
  private @Nullable Path heldOut;

  @Option(names = "--tokenizer", paramLabel = "FOLDER", description = "A tokenizer.")
  private @Nullable Path tokenizer;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each arm is trained (default: ${DEFAULT-VALUE}).")
  private int seeds = 5;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "300",
      description = "Steps of the large model from scratch (default: ${DEFAULT-VALUE}).")
  private int steps = 300;

  @Option(
      names = "--small-steps",
      paramLabel = "N",
      defaultValue = "300",
      description = "Steps of the small model (default: ${DEFAULT-VALUE}).")
  private int smallSteps = 300;

  @Option(
      names = "--budget",
      paramLabel = "SHARE",
      defaultValue = "0.75",
      description = "FLOPs of each other arm, as a share of scratch's (default: 0.75).")
  private double budget = 0.75;

  @Option(
      names = "--arms",
      paramLabel = "NAMES",
      split = ",",
      description = "Only these arms, and scratch.")
  private List<String> arms = new ArrayList<>();

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    ProofPlan plan = plan();
    Proof proof;
    try (Progress progress = common.progress("prove", GrowthProof.work(plan), "arms")) {
      proof = GrowthProof.run(plan, progress);
    }
    Seed seed = common.seed();
    common.out().print(TextTable.of(table(proof, seed)));
    Result result = common.result().put("seeds", proof.seeds()).put("arms", arms(proof, seed));
    common.emit(result, () -> ProofReport.of(proof, seed, common.command() + " --seeds " + seeds));
    return ExitCode.DONE;
  }

  private ProofPlan plan() throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    if (data.isEmpty()) {
      var made = GrowthProof.material(out.resolve("text"), common.seed(), threads);
      return plan(List.of(made.training()), made.heldOut(), made.tokenizer(), threads);
    }
    if (heldOut == null || tokenizer == null) {
      throw new UserInputException("--data needs --held-out and --tokenizer beside it");
    }
    return plan(data, heldOut, tokenizer, threads);
  }

  private ProofPlan plan(List<Path> training, Path held, Path words, int threads) {
    return new ProofPlan(
        out,
        training,
        held,
        words,
        seeds,
        steps,
        smallSteps,
        budget,
        threads,
        common.seed().value(),
        arms);
  }

  /** All arms, those that lose too. */
  static Table table(Proof proof, Seed seed) {
    Table table =
        Table.of(
            "arm",
            "parameters",
            "loss at step 0",
            "final loss",
            "FLOPs to scratch's loss",
            "seeds",
            "how");
    List<Proof.Against> against = proof.against(seed);
    for (int i = 0; i < proof.arms().size(); i++) {
      Proof.Arm arm = proof.arms().get(i);
      Interval share = against.get(i).share();
      boolean scratch = arm.name().startsWith("scratch");
      table.row(
          arm.name(),
          arm.parameters(),
          Format.number(arm.firstLoss()),
          arm.finalLoss(seed).toString(),
          scratch ? "1" : share == null ? "not reached" : share.toString(),
          scratch ? "" : against.get(i).reached() + " of " + proof.seeds(),
          arm.how());
    }
    return table.caption(
        "FLOPs as a share of scratch's, the small model's included; 95 % intervals");
  }

  private static Map<String, Object> arms(Proof proof, Seed seed) {
    Map<String, Object> arms = new LinkedHashMap<>();
    List<Proof.Against> against = proof.against(seed);
    for (int i = 0; i < proof.arms().size(); i++) {
      Proof.Arm arm = proof.arms().get(i);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("parameters", arm.parameters());
      figures.put("firstLoss", arm.firstLoss());
      figures.put("finalLoss", arm.finalLoss(seed));
      figures.put("reachedScratch", against.get(i).reached());
      Interval share = against.get(i).share();
      figures.put("flopsShare", share == null ? Double.NaN : share);
      figures.put(
          "expertEntropy",
          arm.runs().stream().mapToDouble(Proof.Run::expertEntropy).average().orElse(1));
      figures.put("runs", arm.runs());
      arms.put(arm.name(), figures);
    }
    return arms;
  }
}

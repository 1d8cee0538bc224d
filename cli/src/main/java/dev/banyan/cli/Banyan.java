package dev.banyan.cli;

import dev.banyan.cli.bench.BenchClusterCommand;
import dev.banyan.cli.bench.BenchGrowCommand;
import dev.banyan.cli.bench.BenchLayoutCommand;
import dev.banyan.cli.bench.BenchLifeCommand;
import dev.banyan.cli.bench.BenchLiveCommand;
import dev.banyan.cli.bench.BenchModelCommand;
import dev.banyan.cli.bench.BenchPlanCommand;
import dev.banyan.cli.bench.BenchRoutesCommand;
import dev.banyan.cli.bench.BenchServeCommand;
import dev.banyan.cli.bench.BenchTrainCommand;
import dev.banyan.cli.cluster.ClusterDiagnoseCommand;
import dev.banyan.cli.cluster.ClusterLabCommand;
import dev.banyan.cli.cluster.ClusterMonthCommand;
import dev.banyan.cli.cluster.ClusterProbeCommand;
import dev.banyan.cli.cluster.ClusterRasCommand;
import dev.banyan.cli.cluster.ClusterRouteCommand;
import dev.banyan.cli.cluster.ClusterSimulateCommand;
import dev.banyan.cli.cluster.ClusterSteerCommand;
import dev.banyan.cli.cluster.ClusterWatchCommand;
import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.cli.frame.StandardOut;
import dev.banyan.cli.grow.GrowPlanCommand;
import dev.banyan.cli.grow.GrowProveCommand;
import dev.banyan.cli.grow.GrowRunCommand;
import dev.banyan.cli.grow.GrowVerifyCommand;
import dev.banyan.cli.life.LifeCommand;
import dev.banyan.cli.model.ChatCommand;
import dev.banyan.cli.model.GenerateCommand;
import dev.banyan.cli.model.ModelShowCommand;
import dev.banyan.cli.model.ModelVerifyCommand;
import dev.banyan.cli.plan.PlanCheckCommand;
import dev.banyan.cli.plan.PlanCompareCommand;
import dev.banyan.cli.plan.PlanExporterCommand;
import dev.banyan.cli.plan.PlanLayoutCommand;
import dev.banyan.cli.plan.PlanMakeCommand;
import dev.banyan.cli.plan.PlanRunCommand;
import dev.banyan.cli.serve.ServeDrainCommand;
import dev.banyan.cli.serve.ServeFaultsCommand;
import dev.banyan.cli.serve.ServeKeyCommand;
import dev.banyan.cli.serve.ServeLoadCommand;
import dev.banyan.cli.serve.ServeProfileCommand;
import dev.banyan.cli.serve.ServeReplayCommand;
import dev.banyan.cli.serve.ServeRunCommand;
import dev.banyan.cli.serve.ServeScaleCommand;
import dev.banyan.cli.serve.ServeSimulateCommand;
import dev.banyan.cli.serve.ServeStatusCommand;
import dev.banyan.cli.tokenizer.TokenizerDecodeCommand;
import dev.banyan.cli.tokenizer.TokenizerEncodeCommand;
import dev.banyan.cli.tokenizer.TokenizerTrainCommand;
import dev.banyan.cli.train.DataSplitCommand;
import dev.banyan.cli.train.EvaluateCommand;
import dev.banyan.cli.train.TrainCommand;
import dev.banyan.cli.world.WorldShowCommand;
import dev.banyan.cli.world.WorldWriteCommand;
import dev.banyan.tensor.Libtorch;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** The command line: {@code banyan <noun> <verb> [--flags] inputs…}. */
public final class Banyan {
  /**
   * Every command, in the order help lists them. A room adds its own here and nowhere else; what
   * computes with libtorch carries {@link dev.banyan.cli.frame.UsesLibtorch}.
   */
  static final List<Noun> NOUNS =
      List.of(
          Noun.command(
              "Life",
              "life",
              "One model's life: text, training, skills, talk, a report.",
              LifeCommand.class),
          Noun.group(
              "World",
              "world",
              "A small world whose truth is known: text, facts, graded skills.",
              WorldWriteCommand.class,
              WorldShowCommand.class),
          Noun.group(
              "Models",
              "tokenizer",
              "Trains a tokenizer, turns text into token ids and back.",
              TokenizerTrainCommand.class,
              TokenizerEncodeCommand.class,
              TokenizerDecodeCommand.class),
          Noun.group(
              "Models",
              "model",
              "Shows a model folder, checks it against recorded logits.",
              ModelShowCommand.class,
              ModelVerifyCommand.class),
          Noun.command("Models", "chat", "Talks with a model.", ChatCommand.class),
          Noun.command("Models", "generate", "Continues a prompt.", GenerateCommand.class),
          Noun.group(
              "Training",
              "data",
              "Divides text into what is learned and what is held out.",
              DataSplitCommand.class),
          Noun.command(
              "Training",
              "train",
              "Trains a language model from text or answers.",
              TrainCommand.class),
          Noun.command(
              "Training",
              "evaluate",
              "Measures a model: bits per byte beside n-grams, graded skills.",
              EvaluateCommand.class),
          Noun.group(
              "Growth",
              "grow",
              "Makes a larger model out of a small one, dense or with experts.",
              GrowPlanCommand.class,
              GrowRunCommand.class,
              GrowVerifyCommand.class,
              GrowProveCommand.class),
          Noun.group(
                  "Memory",
                  "plan",
                  "The operator order and memory layout of a step that need least memory.",
                  PlanMakeCommand.class,
                  PlanCheckCommand.class,
                  PlanLayoutCommand.class,
                  PlanCompareCommand.class,
                  PlanRunCommand.class,
                  PlanExporterCommand.class)
              .withDefault("make"),
          Noun.group(
              "Cluster",
              "cluster",
              "Finds the faulty part of a training cluster, plans the paths of its traffic.",
              ClusterDiagnoseCommand.class,
              ClusterRasCommand.class,
              ClusterWatchCommand.class,
              ClusterLabCommand.class,
              ClusterSteerCommand.class,
              ClusterRouteCommand.class,
              ClusterSimulateCommand.class,
              ClusterProbeCommand.class,
              ClusterMonthCommand.class),
          Noun.group(
                  "Serving",
                  "serve",
                  "Serves a model to OpenAI clients; tries policies that move requests.",
                  ServeRunCommand.class,
                  ServeStatusCommand.class,
                  ServeDrainCommand.class,
                  ServeScaleCommand.class,
                  ServeKeyCommand.class,
                  ServeLoadCommand.class,
                  ServeReplayCommand.class,
                  ServeSimulateCommand.class,
                  ServeFaultsCommand.class,
                  ServeProfileCommand.class)
              .withDefault("run"),
          Noun.group(
              "bench",
              "bench",
              "Measurements beside others, on this machine.",
              BenchServeCommand.class,
              BenchLiveCommand.class,
              BenchModelCommand.class,
              BenchTrainCommand.class,
              BenchPlanCommand.class,
              BenchRoutesCommand.class,
              BenchGrowCommand.class,
              BenchLayoutCommand.class,
              BenchLifeCommand.class,
              BenchClusterCommand.class),
          Noun.hidden("rehearse", "Runs what the start-up cache should know.", Rehearsal.class));

  private Banyan() {}

  /** Runs one command line and ends the process with its exit code. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // digits and points are the same everywhere
    PrintStream out = StandardOut.out();
    PrintStream err = StandardOut.err();
    System.setOut(out);
    System.setErr(err);
    boolean trace = "1".equals(System.getenv("BANYAN_TRACE"));
    CommandTree.Ending ending = new CommandTree(NOUNS, out, err, trace).run(args);
    err.flush();
    if (ending.usedLibtorch()) {
      Libtorch.exitNow(ending.code());
    }
    System.exit(ending.code());
  }
}

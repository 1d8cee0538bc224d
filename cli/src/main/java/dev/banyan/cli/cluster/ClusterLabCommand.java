package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.Fault;
import dev.banyan.cluster.FaultLab;
import dev.banyan.cluster.LabPlan;
import dev.banyan.cluster.LabReport;
import dev.banyan.cluster.LabRun;
import dev.banyan.cluster.RankProgram;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Json;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.train.GlooProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan cluster lab}. */
@Command(
    name = "lab",
    description = {
      "Harms real jobs in network namespaces and scores what the diagnosis says of them.",
      "Needs root on Linux; --loopback does without both and without network faults."
    },
    footer = "  banyan cluster lab --runs 224 --lanes 3")
public final class ClusterLabCommand implements Callable<ExitCode> {
  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How many; faults and programs take turns (default: each once).")
  private @Nullable Integer runs;

  @Option(
      names = "--lanes",
      paramLabel = "N",
      defaultValue = "2",
      description = "Runs side by side (default: ${DEFAULT-VALUE}).")
  private int lanes = 2;

  @Option(
      names = "--ranks",
      paramLabel = "N",
      defaultValue = "6",
      description = "Ranks of a job (default: ${DEFAULT-VALUE}).")
  private int ranks = 6;

  @Option(
      names = "--faults",
      paramLabel = "A,B",
      split = ",",
      description = "Which; default all: ${COMPLETION-CANDIDATES}.",
      completionCandidates = FaultWords.class)
  private List<String> faults = List.of();

  @Option(
      names = "--programs",
      paramLabel = "A,B",
      split = ",",
      defaultValue = "exchange,ring,c10d",
      description = "What the ranks run: exchange, ring, c10d (default: ${DEFAULT-VALUE}).")
  private List<String> programs = List.of("exchange", "ring", "c10d");

  @Option(
      names = "--loopback",
      description = "Ranks share the machine's network: no root needed, process faults only.")
  private boolean loopback;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Where runs lie; those that missed stay there.")
  private @Nullable Path folder;

  @Mixin private Common common = new Common();

  /** For help. */
  static final class FaultWords extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    FaultWords() {
      super(Arrays.stream(Fault.values()).map(Fault::word).toList());
    }
  }

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    List<RankProgram> jobs = programs.stream().map(ClusterLabCommand::program).toList();
    List<Fault> harms =
        faults.isEmpty()
            ? List.of(Fault.values())
            : faults.stream().map(ClusterLabCommand::fault).distinct().toList();
    if ((runs != null && runs < 1) || lanes < 1 || lanes > 32 || ranks < 3 || ranks > 64) {
      throw new UserInputException(
          "--runs must be at least 1, --lanes within 1 and 32, --ranks within 3 and 64");
    }
    int count = runs == null ? harms.size() * jobs.size() : runs;
    requireSomething(harms);
    Path scratch =
        folder == null
            ? Path.of(System.getProperty("java.io.tmpdir"))
                .resolve("banyan-lab-" + ProcessHandle.current().pid())
            : folder;
    var plan = new LabPlan(count, lanes, ranks, jobs, harms, loopback, scratch, common.seed());
    LabReport report;
    try (Progress progress = common.progress("lab", count, "runs")) {
      report = FaultLab.run(plan, progress, run -> note(scratch, run));
    }
    Table table = table(report);
    common.out().print(TextTable.of(table));
    tell(report, scratch);
    common.emit(
        common
            .result()
            .put("runs", report.runs())
            .put("table", report.table())
            .put("skipped", skipped(report))
            .put("seconds", report.seconds()),
        () -> page(report, table));
    boolean clean = report.misses().isEmpty() && report.troubled().isEmpty();
    return clean ? ExitCode.DONE : ExitCode.NO;
  }

  /** One line a run, as it ends: a lab that is cut short has told what it saw. */
  private static void note(Path scratch, LabRun run) {
    try {
      Files.writeString(
          scratch.resolve("runs.jsonl"),
          Json.mapper().writeValueAsString(run) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(scratch + " cannot be written", e);
    }
  }

  /** Says what is missing when no fault at all can be made, and which are left out. */
  private void requireSomething(List<Fault> harms) {
    Map<Fault, String> missing = FaultLab.missing(loopback);
    boolean network = harms.stream().noneMatch(fault -> missing.containsKey(fault));
    if (!network && !loopback && missing.containsKey(Fault.TX_SLOW)) {
      throw new MissingThingException(
          "the lab cannot be built: "
              + missing.get(Fault.TX_SLOW)
              + "; run it as root, or with --loopback for the faults of processes");
    }
    harms.stream()
        .filter(missing::containsKey)
        .forEach(
            fault -> common.err().printf("left out: %s: %s%n", fault.word(), missing.get(fault)));
    common.err().flush();
  }

  private static RankProgram program(String word) {
    return switch (word) {
      case "ring" -> RankProgram.ring();
      case "exchange" -> RankProgram.exchange();
      case "c10d" -> GlooProgram.usual();
      default ->
          throw new UserInputException(
              "--programs: '" + word + "' is not known; there are exchange, ring and c10d");
    };
  }

  private static Fault fault(String word) {
    return Fault.named(word)
        .orElseThrow(
            () ->
                new UserInputException(
                    "--faults: '%s' is not known; there are %s"
                        .formatted(
                            word,
                            Arrays.stream(Fault.values())
                                .map(Fault::word)
                                .collect(Collectors.joining(", ")))));
  }

  private static Table table(LabReport report) {
    Table table =
        Table.of(
            "program and fault",
            "runs",
            "syndrome",
            "exact",
            "in set",
            "detect p50 s",
            "detect p95 s",
            "cause p95 s");
    report.table().forEach((name, tally) -> row(table, name, tally));
    row(table, "faults, all", report.tally(run -> !run.fault().silent()));
    row(table, "silent, all", report.tally(run -> run.fault().silent()));
    row(
        table,
        "hangs and losses",
        report.tally(run -> !run.fault().silent() && !run.fault().slow()));
    row(table, "slow", report.tally(run -> run.fault().slow()));
    return table.caption("culprit: exact, or inside a stated set of at most 3");
  }

  private static void row(Table table, String name, LabReport.Tally tally) {
    table.row(
        name,
        tally.runs(),
        tally.syndromes(),
        tally.exact(),
        tally.inSet(),
        seconds(tally.detectP50()),
        seconds(tally.detectP95()),
        seconds(tally.causeP95()));
  }

  private static @Nullable Object seconds(double value) {
    return Double.isNaN(value) ? null : Math.round(value * 10) / 10.0;
  }

  private void tell(LabReport report, Path scratch) {
    for (LabRun run : report.misses()) {
      common
          .out()
          .printf(
              "missed: run %d, %s, %s: %s%n",
              run.number(),
              run.program(),
              run.planted(),
              run.verdicts().isEmpty() ? "nothing was said" : String.join("; ", run.verdicts()));
    }
    for (LabRun run : report.troubled()) {
      common
          .out()
          .printf(
              "not made: run %d, %s, %s: %s%n",
              run.number(), run.program(), run.planted(), run.trouble());
    }
    if (!report.misses().isEmpty()) {
      common.out().printf("records of the misses: %s%n", scratch);
    }
  }

  private static Map<String, String> skipped(LabReport report) {
    return report.skipped().entrySet().stream()
        .collect(Collectors.toMap(entry -> entry.getKey().word(), Map.Entry::getValue));
  }

  private Report page(LabReport report, Table table) {
    Report page =
        Report.titled("Fault lab")
            .subtitle("What the diagnosis said of " + report.runs().size() + " harmed jobs");
    page.section("Scores").table(table);
    if (!report.misses().isEmpty()) {
      Table misses = Table.of("run", "program", "planted", "said");
      for (LabRun run : report.misses()) {
        misses.row(run.number(), run.program(), run.planted(), String.join("; ", run.verdicts()));
      }
      page.section("Misses").table(misses);
    }
    return page;
  }
}

package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Diagnosis;
import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.Findings;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster diagnose PATH…}. */
@Command(
    name = "diagnose",
    description = {
      "Name the faulty rank, port or link of a hung or slow job from what it left behind: Flight",
      "Recorder dumps, NCCL Inspector and RAS files, Kineto traces, event lines, host counters; in",
      "any mixture, some missing or broken. Exit code 1 when a fault is found."
    },
    footer = "  banyan cluster diagnose /tmp/nccl_trace_rank_* --report hang.html")
public final class ClusterDiagnoseCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "PATH", arity = "1..*", description = "Files, and folders of files.")
  private List<Path> paths = List.of();

  @Mixin private WindowFlag window = new WindowFlag();

  @Option(
      names = "--rank-pattern",
      paramLabel = "REGEX",
      description = "Finds the rank in a dump's name (default: its last number).")
  private @Nullable String rankPattern;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    DiagnosisOptions options = DiagnosisOptions.standard().withWindowSeconds(window.seconds());
    if (rankPattern != null) {
      options = options.withRankPattern(pattern(rankPattern));
    }
    Findings findings = Diagnosis.of(paths, options);
    FindingsText.print(findings, common.out());
    if (!findings.faulty() && findings.ranksSeen() == 0) {
      throw new UserInputException(
          "nothing could be read at "
              + paths.getFirst()
              + (paths.size() > 1 ? " and " + (paths.size() - 1) + " more paths" : "")
              + "; expected dumps of ranks or event lines (what each file was is listed above)");
    }
    common.emit(FindingsText.result(findings, common), () -> DiagnosisReport.of(paths, findings));
    return findings.faulty() ? ExitCode.NO : ExitCode.DONE;
  }

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new UserInputException(
          "--rank-pattern " + text + ": is no regular expression: " + e.getDescription(), e);
    }
  }
}

package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Diagnosis;
import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.PrintWriter;
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
  private static final int MOST_SHOWN = 20;

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
    print(findings);
    if (!findings.faulty() && findings.ranksSeen() == 0) {
      throw new UserInputException(
          "nothing could be read at "
              + paths.getFirst()
              + (paths.size() > 1 ? " and " + (paths.size() - 1) + " more paths" : "")
              + "; expected dumps of ranks or event lines (what each file was is listed above)");
    }
    common.emit(result(findings), () -> DiagnosisReport.of(paths, findings));
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

  private void print(Findings findings) {
    PrintWriter to = common.out();
    for (Verdict verdict : findings.verdicts()) {
      to.printf("%s  (confidence %.2f)%n", verdict.headline(), verdict.confidence());
      if (!verdict.hosts().isEmpty()) {
        to.println("  hosts: " + String.join(", ", verdict.hosts()));
      }
      verdict.evidence().forEach(sentence -> to.println("  - " + sentence));
      if (!verdict.ambiguity().isEmpty()) {
        to.println("  cannot be told apart: " + String.join(", ", verdict.ambiguity()));
      }
    }
    if (!findings.faulty() && findings.ranksSeen() > 0) {
      to.println("no fault found");
    }
    if (!findings.masked().isEmpty()) {
      to.println("masked, waiting behind a culprit: " + some(findings.masked()));
    }
    if (!findings.innocent().isEmpty()) {
      to.println("innocent: " + some(findings.innocent()));
    }
    for (Unreadable each : findings.unreadable().stream().limit(MOST_SHOWN).toList()) {
      to.printf("not read: %s at byte %d: %s%n", each.path(), each.offset(), each.reason());
    }
    if (findings.unreadable().size() > MOST_SHOWN) {
      to.printf("not read: %d more%n", findings.unreadable().size() - MOST_SHOWN);
    }
    findings.notes().forEach(note -> to.println("note: " + note));
    to.printf(
        "%d of %d ranks seen, %.2f s%n",
        findings.ranksSeen(), findings.ranksExpected(), findings.seconds());
  }

  static String some(List<Integer> ranks) {
    var text = new StringBuilder();
    int i = 0;
    int written = 0;
    while (i < ranks.size() && written < MOST_SHOWN) {
      int end = i;
      while (end + 1 < ranks.size() && ranks.get(end + 1) == ranks.get(end) + 1) {
        end++;
      }
      text.append(written++ == 0 ? "" : ", ").append(ranks.get(i));
      text.append(end == i ? "" : (end == i + 1 ? ", " : "–") + ranks.get(end));
      i = end + 1;
    }
    return i < ranks.size() ? text + ", … (" + ranks.size() + " in all)" : text.toString();
  }

  private Result result(Findings findings) {
    return common
        .result()
        .put("verdicts", findings.verdicts())
        .put("innocent", findings.innocent())
        .put("masked", findings.masked())
        .put("unreadable", findings.unreadable())
        .put("notes", findings.notes())
        .put("ranksSeen", findings.ranksSeen())
        .put("ranksExpected", findings.ranksExpected())
        .put("seconds", findings.seconds());
  }
}

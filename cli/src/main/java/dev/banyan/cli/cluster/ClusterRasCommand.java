package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cluster.Diagnosis;
import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.RasService;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster ras HOST FOLDER}: a running NCCL job asked for its state. */
@Command(
    name = "ras",
    description = {
      "Asks the RAS service of a running NCCL job (2.28.7 or later) for its state, several times;",
      "keeps each answer in FOLDER and names who is lost, silent or behind and does not move.",
      "Exit code 1 when a fault is found."
    },
    footer = "  banyan cluster ras node-17 ras --times 3 --every 5")
public final class ClusterRasCommand implements Callable<ExitCode> {
  @Parameters(
      index = "0",
      paramLabel = "HOST[:PORT]",
      description = "Any process of the job (default port: 28028).")
  private String service = "";

  @Parameters(index = "1", paramLabel = "FOLDER", description = "New or empty; answers go there.")
  private Path folder = Path.of("ras");

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often it asks; counts that stand still show in two (default: 3).")
  private int times = 3;

  @Option(
      names = "--every",
      paramLabel = "S",
      defaultValue = "5",
      description = "Seconds between two questions (default: ${DEFAULT-VALUE}).")
  private double every = 5;

  @Option(
      names = "--patience",
      paramLabel = "S",
      defaultValue = "30",
      description = "Seconds to wait for an answer (default: ${DEFAULT-VALUE}).")
  private int patience = 30;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    if (times < 1 || !(every >= 1) || every > 3600 || patience < 1 || patience > 3600) {
      throw new UserInputException(
          "--times must be at least 1, --every and --patience within 1 and 3600 seconds");
    }
    RasService ras = RasService.parse(service);
    requireEmpty();
    List<Path> answers = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      if (i > 0) {
        Thread.sleep(Duration.ofMillis((long) (1000 * every)));
      }
      byte[] status;
      try {
        status = ras.ask(Duration.ofSeconds(patience));
      } catch (IOException e) {
        if (answers.isEmpty()) {
          throw new UserInputException(String.valueOf(e.getMessage()), e);
        }
        common.err().printf("asked no more: %s%n", e.getMessage());
        break;
      }
      answers.add(keep(status, i));
      common.err().printf("%s answered: %s%n", ras, answers.getLast());
    }
    common.err().flush();
    Findings findings = Diagnosis.of(answers, DiagnosisOptions.standard());
    FindingsText.print(findings, common.out());
    common.emit(FindingsText.result(findings, common), () -> DiagnosisReport.of(answers, findings));
    return findings.faulty() ? ExitCode.NO : ExitCode.DONE;
  }

  private void requireEmpty() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw new UserInputException(folder + " is a file; expected a new or empty folder");
    }
    try (var inside = Files.list(folder)) {
      if (inside.findAny().isPresent()) {
        throw new UserInputException(
            folder + " holds something already; expected a new or empty folder");
      }
    }
  }

  private Path keep(byte[] status, int number) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("ras-%04d.json".formatted(number + 1));
    AtomicFile.write(file, out -> out.write(status));
    return file;
  }
}

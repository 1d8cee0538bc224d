package dev.banyan.cli.train;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Corpus;
import dev.banyan.train.HeldOutSplit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan data split FILES… --out DIR}. */
@Command(
    name = "split",
    description = "Divides documents into DIR/train.jsonl and DIR/held-out.jsonl, each text once.",
    footer = "  banyan data split docs/ world/documents-00000.jsonl --out data")
public final class DataSplitCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();
  @Mixin private Reading reading = new Reading();

  @Parameters(arity = "1..*", paramLabel = "DATA", description = "Files and folders of text.")
  private List<Path> inputs = new ArrayList<>();

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where they go.")
  private Path out = Path.of("data");

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Share of documents that are held out (default: ${DEFAULT-VALUE}).")
  private double share = 0.05;

  @Option(
      names = "--most-held-out",
      paramLabel = "BYTES",
      defaultValue = "307200",
      description = "No more text than this is held out (default: ${DEFAULT-VALUE}).")
  private long mostHeldOut = 300L << 10;

  @Option(
      names = "--most",
      paramLabel = "BYTES",
      defaultValue = "67108864",
      description = "No more text than this is learned (default: ${DEFAULT-VALUE}).")
  private long most = 64L << 20;

  @Override
  public ExitCode call() throws IOException {
    if (!(share > 0 && share < 1)) {
      throw new UserInputException("--held-out is " + share + ", expected between 0 and 1");
    }
    HeldOutSplit.Divided divided;
    try (Corpus corpus = Corpus.open(inputs, reading.options())) {
      divided =
          HeldOutSplit.write(
              List.of(corpus),
              out.resolve("train.jsonl"),
              out.resolve("held-out.jsonl"),
              new HeldOutSplit.Options(share, mostHeldOut, most),
              common.seed().of("data"));
    }
    common
        .out()
        .printf(
            "%s: %d documents (%s) to learn, %d (%s) held out; %d came twice, %d left out%n",
            out,
            divided.trainingDocuments(),
            Format.bytes(divided.trainingBytes()),
            divided.heldOutDocuments(),
            Format.bytes(divided.heldOutBytes()),
            divided.duplicates(),
            divided.leftOut());
    common.emit(common.result().put("divided", divided));
    return ExitCode.DONE;
  }
}

package dev.banyan.cli.bench;

import dev.banyan.bench.GrowExact;
import dev.banyan.bench.GrowQuality;
import dev.banyan.bench.GrowScale;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Trial;
import dev.banyan.grow.Width;
import dev.banyan.tensor.Libtorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench grow}. */
@UsesLibtorch
@Command(
    name = "grow",
    description = {
      "Growth measured: what each way does to the function in doubles, what bfloat16 leaves of a",
      "trained model, and how fast and in how little memory a large model is grown beside cp."
    },
    footer = {
      "  banyan bench grow --model life/pretrain/model --held-out life/data/held-out.jsonl",
      "  banyan bench grow --trials 0 --layers 24 --kills 3"
    })
public final class BenchGrowCommand implements Callable<ExitCode> {
  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "16",
      description = "Random configurations of each kind (default: ${DEFAULT-VALUE}).")
  private int trials = 16;

  @Option(names = "--model", paramLabel = "FOLDER", description = "A trained model to grow.")
  private @Nullable Path model;

  @Option(names = "--held-out", paramLabel = "PATH", description = "Text it did not learn.")
  private @Nullable Path heldOut;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "0",
      description = "Layers of the large source, 755 MB each and 2 GB; 0 for none (default: 0).")
  private int layers;

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often the large run is killed (default: ${DEFAULT-VALUE}).")
  private int kills = 3;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where the large models are made and removed (default: here).")
  private Path folder = Path.of(".");

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (model != null && heldOut == null) {
      throw new UserInputException("--model needs --held-out beside it");
    }
    Result result = common.result();
    Report report = Report.titled("Growth measured");
    boolean good = true;
    if (trials > 0) {
      good = exact(result, report);
    }
    if (model != null && heldOut != null) {
      quality(model, heldOut, result, report);
    }
    if (layers > 0) {
      good &= scale(result, report);
    }
    common.emit(result, () -> report);
    return good ? ExitCode.DONE : ExitCode.NO;
  }

  private void show(Table table, Report report, String title) {
    common.out().println(title);
    common.out().print(TextTable.of(table));
    common.out().println();
    common.out().flush();
    report.section(title).table(table);
  }

  private boolean exact(Result result, Report report) {
    List<GrowExact> rows;
    try (Progress progress = common.progress("exact", Trial.KINDS.size(), "kinds")) {
      rows = GrowExact.measure(trials, common.seed(), progress);
    }
    show(GrowExact.table(rows), report, "Random models in doubles");
    double ours = GrowExact.width24To30(Width.ISOMETRIC, common.seed()).maxRelativeError();
    double fpi = GrowExact.width24To30(Width.DUPLICATE, common.seed()).maxRelativeError();
    common.out().printf(Locale.ROOT, "width 24 to 30: isometric %.1e, FPI %.2g%n%n", ours, fpi);
    result.put("exact", rows).put("isometric24To30", ours).put("fpi24To30", fpi);
    return rows.stream().allMatch(row -> row.broken() == 0);
  }

  private void quality(Path folder, Path text, Result result, Report report) {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    List<GrowQuality> rows;
    try (Progress progress = common.progress("bfloat16", 9, "models")) {
      rows = GrowQuality.measure(folder, text, 200, common.seed(), progress);
    }
    Table table = Table.of("growth in bfloat16", "mean KL, nats", "perplexity", "greedy 64 equal");
    for (GrowQuality row : rows) {
      table.row(
          row.growth(),
          String.format(Locale.ROOT, "%.1e", row.kl()),
          String.format(Locale.ROOT, "%+.3f %%", 100 * row.perplexity()),
          row.equal() + " of " + row.prompts());
    }
    show(table, report, "A trained model in bfloat16");
    result.put("quality", rows);
  }

  private boolean scale(Result result, Report report) {
    GrowScale measured;
    try (Progress progress = common.progress("scale", 4 + kills, "parts")) {
      measured = GrowScale.measure(layers, kills, folder, common.seed(), progress);
    }
    var grown = measured.grown();
    Table table = Table.of("large model, -Xmx1g", "");
    table.row("source", Format.bytes(measured.sourceBytes()));
    table.row("written", Format.bytes(grown.bytesWritten()));
    table.row("read", Format.bytes(grown.bytesRead()));
    table.row("seconds", String.format(Locale.ROOT, "%.1f", grown.seconds()));
    table.row("cp of the same bytes", String.format(Locale.ROOT, "%.1f", measured.copySeconds()));
    table.row(
        "throughput over cp's",
        String.format(Locale.ROOT, "%.0f %%", 100 * measured.againstCopy()));
    table.row("peak resident", Format.bytes(grown.peakResidentBytes()));
    table.row("killed", measured.kills() + " times");
    table.row("same hashes", measured.kills() == 0 ? "" : measured.sameHashes() ? "yes" : "NO");
    show(table, report, "Scale");
    result.put("scale", measured).put("throughputAgainstCopy", measured.againstCopy());
    return measured.sameHashes();
  }
}

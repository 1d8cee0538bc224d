package dev.banyan.cli.world;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Result;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import dev.banyan.world.Written;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan world write DIR}: documents, skills, facts and the truth as a folder. */
@Command(
    name = "write",
    description = "Writes documents, skills, facts and the truth behind them to a folder.",
    footer = "  banyan world write data/world --documents 24000 --skills 600")
public final class WorldWriteCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "DIR", description = "A new folder, or one an earlier run wrote.")
  private Path folder = Path.of("world");

  @Option(
      names = "--documents",
      paramLabel = "N",
      defaultValue = "24000",
      description = "How many documents (default: ${DEFAULT-VALUE}, about 7 MB).")
  private long documents = 24_000;

  @Option(
      names = "--skills",
      paramLabel = "N",
      defaultValue = "600",
      description =
          "Training exercises per category (default: ${DEFAULT-VALUE}); tests: at most 100.")
  private int skills = 600;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "small",
      description = "tiny, small, medium, large, or people,places,things,families.")
  private String size = "small";

  @Override
  public ExitCode call() throws IOException {
    World world = World.of(common.seed(), WorldSize.parse(size));
    int threads = Runtime.getRuntime().availableProcessors();
    Written written;
    try (Progress progress = common.progress("world", documents, "documents")) {
      written = world.write(folder, documents, skills, threads, progress);
    }
    long textBytes = written.domains().values().stream().mapToLong(Written.Count::textBytes).sum();
    int train = written.trainSkills().values().stream().mapToInt(Integer::intValue).sum();
    int test = written.testSkills().values().stream().mapToInt(Integer::intValue).sum();
    common
        .out()
        .printf(
            "%s: %d documents, %s of text, %d exercises to learn from, %d to be tested by, %d facts%n",
            folder, documents, Format.bytes(textBytes), train, test, world.facts().size());
    Result result =
        common
            .result()
            .put("documents", documents)
            .put("textBytes", textBytes)
            .put("trainSkills", train)
            .put("testSkills", test)
            .put("facts", world.facts().size())
            .put("files", written.files());
    common.emit(result);
    return ExitCode.DONE;
  }
}

package dev.banyan.cli.world;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.world.Document;
import dev.banyan.world.Domain;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan world show}: reads a few documents aloud. */
@Command(
    name = "show",
    description = "Prints documents.",
    footer = "  banyan world show --domain stories --count 3")
public final class WorldShowCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(
      paramLabel = "INDEX",
      arity = "0..1",
      defaultValue = "0",
      description = "The first document, from 0 (default: ${DEFAULT-VALUE}).")
  private long index;

  @Option(names = "--domain", paramLabel = "NAME", description = "Documents of one domain only.")
  private @Nullable String domain;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many (default: ${DEFAULT-VALUE}).")
  private int count = 1;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "small",
      description = "tiny, small, medium, large, or people,places,things,families.")
  private String size = "small";

  @Override
  public ExitCode call() throws IOException {
    if (index < 0 || count < 0) {
      throw new UserInputException("world show: INDEX and --count must not be negative");
    }
    World world = World.of(common.seed(), WorldSize.parse(size));
    List<Document> shown = new ArrayList<>();
    for (long at = index; at < index + count; at++) {
      Document document = domain == null ? world.document(at) : world.document(named(domain), at);
      shown.add(document);
      common.out().printf("-- %s %d%n%s%n%n", document.domain().label(), at, document.text());
    }
    common.emit(common.result().put("documents", shown));
    return ExitCode.DONE;
  }

  private static Domain named(String name) {
    return Arrays.stream(Domain.values())
        .filter(domain -> domain.label().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserInputException(
                    "--domain '"
                        + name
                        + "' is not known; expected one of "
                        + String.join(
                            ", ", Arrays.stream(Domain.values()).map(Domain::label).toList())));
  }
}

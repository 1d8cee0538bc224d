package dev.banyan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.ExitCode;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

class CommandTreeTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errBytes = new ByteArrayOutputStream();

  @Command(name = "write", description = "Writes.", footer = "  banyan tree write x")
  static final class Write implements Callable<ExitCode> {
    @Mixin private final Common common = new Common();

    @Option(names = "--documents", description = "How many.")
    private int documents = 3;

    @Parameters(paramLabel = "WHAT", description = "What happens.")
    private String what = "";

    @Override
    public ExitCode call() throws Exception {
      common.out().println("working on " + what);
      switch (what) {
        case "no" -> {
          return ExitCode.NO;
        }
        case "input" -> throw new UserInputException("a.json:3: is\n  wrong");
        case "missing" -> throw new MissingThingException("no mvn: apt-get install maven");
        case "bug" -> throw new IllegalStateException("counted to 3 twice");
        case "full" ->
            throw new UncheckedIOException(
                new FileSystemException("/data/x", null, "No space left on device"));
        case "absent" -> throw new RuntimeException(new NoSuchFileException("/data/y"));
        case "memory" -> throw new OutOfMemoryError("Java heap space");
        case "odd" -> throw new IOException("the socket fell over");
        default -> common.emit(common.result().put("documents", documents));
      }
      return ExitCode.DONE;
    }
  }

  private int run(String... args) {
    List<Noun> nouns =
        List.of(
            Noun.group("World", "tree", "Trees.", Write.class),
            Noun.command("Training", "writing", "Writes alone.", Write.class),
            Noun.hidden("secret", "Not shown.", Write.class));
    var out = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
    var err = new PrintStream(errBytes, true, StandardCharsets.UTF_8);
    return new CommandTree(nouns, out, err, false).run(args).code();
  }

  private String out() {
    return outBytes.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return errBytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void helpGroupsNounsByRoomAndHidesTheBuildsOwn() {
    assertThat(run("--help")).isZero();
    assertThat(out()).containsSubsequence("World", "tree", "Trees.", "Training", "writing");
    assertThat(out()).doesNotContain("secret");
    assertThat(err()).isEmpty();
  }

  @Test
  void everyLevelHasHelpWithAnExample() {
    for (String[] args : new String[][] {{"-h"}, {"tree", "-h"}, {"tree", "write", "-h"}}) {
      outBytes.reset();
      assertThat(run(args)).isZero();
      assertThat(out()).contains("Usage: banyan").contains("Example").contains("--help");
    }
    assertThat(out()).contains("banyan tree write x").contains("--json").contains("--seed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fine|0|",
        "no|1|",
        "input|2|banyan: a.json:3: is wrong",
        "missing|69|banyan: no mvn: apt-get install maven",
        "bug|70|banyan: this is a bug in Banyan, please report it: java.lang.IllegalStateException:"
            + " counted to 3 twice (BANYAN_TRACE=1 shows where)",
        "full|2|banyan: /data/x: the disk is full (No space left on device); free some and run"
            + " again",
        "absent|2|banyan: /data/y: there is no such file or folder",
        "memory|69|banyan: not enough memory (Java heap space); give the heap more with"
            + " BANYAN_HEAP=8g, or use a smaller model or batch",
        "odd|70|banyan: this is a bug in Banyan, please report it: java.io.IOException: the socket"
            + " fell over (BANYAN_TRACE=1 shows where)"
      })
  void failuresAreOneLineAndTheirExitCode(String what, int code, String line) {
    assertThat(run("tree", "write", what)).isEqualTo(code);
    assertThat(err().lines().toList()).isEqualTo(line == null ? List.of() : List.of(line));
    assertThat(out()).isEqualTo("working on " + what + System.lineSeparator());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "tre|there is no command 'tre'; did you mean 'tree'?",
        "tree wirte x|there is no command 'wirte'; did you mean 'write'?",
        "tree write x --document=3|there is no option '--document'; did you mean '--documents'?",
        "tree write x y|one argument too many: 'y'",
        "tree write x --documents many|'many' is not an int",
        "tree write|WHAT",
        "sekret|there is no command 'sekret'"
      })
  void slipsOfTheHandAreOneLineWithTheNearestName(String typed, String said) {
    assertThat(run(typed.split(" ", -1))).isEqualTo(2);
    assertThat(err().lines().toList()).hasSize(1).first().asString().contains(said, "-h");
    assertThat(out()).isEmpty();
  }

  @Test
  void aNounWithoutAVerbShowsItsVerbsAndIsAMistake() {
    assertThat(run("tree")).isEqualTo(2);
    assertThat(err()).contains("write").contains("Writes.").doesNotContain("Training");
    assertThat(out()).isEmpty();
  }

  @Test
  void jsonAndReportAreWrittenWhenAskedFor() throws IOException {
    Path json = folder.resolve("r.json");
    Path page = folder.resolve("r.html");
    int code =
        run(
            "tree",
            "write",
            "x",
            "--json",
            json.toString(),
            "--report",
            page.toString(),
            "--seed",
            "42",
            "--documents=7");
    assertThat(code).isZero();
    assertThat(Files.readString(json))
        .contains("\"command\" : \"banyan tree write\"")
        .contains("\"seed\" : 42")
        .contains("\"documents\" : 7");
    assertThat(Files.readString(page)).contains("documents").contains("<!doctype html>");
  }

  @Test
  void everyCommandThereIsHasHelpAnExampleAndADescription() {
    var nowhere = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
    for (Noun noun : Banyan.NOUNS) {
      for (Class<?> command : noun.commands()) {
        Command said = command.getAnnotation(Command.class);
        assertThat(said).as(command.getName()).isNotNull();
        assertThat(said.description()).as(command.getName()).isNotEmpty();
        assertThat(String.join("\n", said.footer())).as(command.getName()).contains("banyan ");
        String[] args =
            noun.alone()
                ? new String[] {noun.name(), "-h"}
                : new String[] {noun.name(), said.name(), "-h"};
        assertThat(new CommandTree(Banyan.NOUNS, nowhere, nowhere, false).run(args).code())
            .as(command.getName())
            .isZero();
      }
    }
  }

  @Test
  void helpThatQuotesPercentagesIsPlain() {
    var warned = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(warned, true, StandardCharsets.UTF_8));
    try {
      var said = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
      assertThat(new CommandTree(Banyan.NOUNS, said, said, false).run("life", "-h").code())
          .isZero();
    } finally {
      System.setErr(before);
    }
    assertThat(out()).contains("15 % of the");
    assertThat(warned.toString(StandardCharsets.UTF_8)).isEmpty();
  }
}

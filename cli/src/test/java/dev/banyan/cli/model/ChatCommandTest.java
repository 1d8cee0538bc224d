package dev.banyan.cli.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banyan.cli.Banyan;
import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.TrainedBpe;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ChatCommandTest {
  private final Path temp;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  ChatCommandTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void aPipeGivesOneAnswerPerLineAndKeepsWhatWasComputed() {
    Path folder = model("{{ messages | map(attribute='content') | join('|') }}");
    Path json = temp.resolve("chat.json");
    String[] line = {
      "chat",
      folder.toString(),
      "--max-tokens",
      "7",
      "--temperature",
      "1",
      "--json",
      json.toString()
    };
    assertThat(run("a tree\n\n/help\ngrows\n/reset\na tree\n", line)).isZero();
    JsonNode figures = Json.read(json, JsonNode.class);
    assertThat(figures.get("answers").intValue()).isEqualTo(3);
    assertThat(figures.get("tokens").intValue()).isEqualTo(21);
    assertThat(figures.get("reusedTokens").intValue()).isGreaterThan(7);
    assertThat(text(err)).isEqualTo("[cut after 7 tokens]\n".repeat(3));
    String first = text(out);
    assertThat(run("a tree\n\n/help\ngrows\n/reset\na tree\n", line)).isZero();
    assertThat(text(out)).isEqualTo(first);
    assertThat(run("a tree\n/exit\ngrows\n", line)).isZero();
    assertThat(Json.read(json, JsonNode.class).get("answers").intValue()).isEqualTo(1);
  }

  @Test
  void variablesOfTheTemplateComeFromTheCommandLine() {
    Path folder =
        model(
            "{{ raise_exception(think ~ (n + 1) ~ word ~ messages[0].content) if think is false }}x");
    String[] line = {
      "chat",
      folder.toString(),
      "--set",
      "think=false",
      "--set",
      "n=41",
      "--set",
      "word=w",
      "--system",
      "S"
    };
    assertThat(run("a\n", line)).isEqualTo(2);
    assertThat(text(err)).contains("the template refuses this conversation: False42wS");
  }

  @Test
  void aFolderWithoutATemplateSaysSo() {
    assertThat(run("", "chat", model("").toString())).isEqualTo(2);
    assertThat(text(err)).contains("there is no chat template").hasLineCount(1);
  }

  /** A real terminal, made by script(1) of util-linux. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void onATerminalCtrlCStopsTheAnswerAndNotTheProgram() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "script(1) is not installed");
    Path folder = model("{{ messages[-1].content }}");
    var command =
        new ArrayList<String>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(
        List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(
        List.of(
            "--sun-misc-unsafe-memory-access=allow", "-Dorg.bytedeco.javacpp.nopointergc=true"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Banyan.class.getName()));
    command.addAll(
        List.of("chat", folder.toString(), "--max-tokens", "1000000", "--temperature", "1"));
    String quoted =
        command.stream().map(word -> "'" + word + "'").reduce("", (a, b) -> a + " " + b);
    var builder =
        new ProcessBuilder(
            "/usr/bin/script", "-qefc", "stty cols 100 rows 30; exec" + quoted, "/dev/null");
    builder.environment().put("XDG_STATE_HOME", temp.resolve("state").toString());
    builder.environment().put("TERM", "xterm");
    Process process = builder.redirectErrorStream(true).start();
    try (OutputStream keys = process.getOutputStream();
        InputStream screen = process.getInputStream()) {
      await(screen, "/help shows");
      await(screen, "> ");
      type(keys, "a tree grows\r");
      await(screen, "\n");
      readSome(screen, 200); // the answer is being written
      type(keys, "\u0003");
      await(screen, "[stopped]");
      await(screen, "> ");
      type(keys, "never asked");
      await(screen, "asked");
      type(keys, "\u0003"); // the terminal forgets what is typed together with it
      await(screen, "> ");
      type(keys, "/rest\r");
      await(screen, "did you mean /reset?");
      await(screen, "> ");
      type(keys, "\u0004");
      screen.readAllBytes();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(temp.resolve("state/banyan/chat-history")))
        .contains("a tree grows")
        .contains("/rest");
  }

  private static void type(OutputStream keys, String text) throws IOException {
    keys.write(text.getBytes(StandardCharsets.UTF_8));
    keys.flush();
  }

  private static void await(InputStream screen, String wanted) throws IOException {
    var seen = new ByteArrayOutputStream();
    while (!seen.toString(StandardCharsets.UTF_8).contains(wanted)) {
      int next = screen.read();
      if (next < 0) {
        throw new AssertionError("'" + wanted + "' never came, but: " + seen);
      }
      seen.write(next);
    }
  }

  private static void readSome(InputStream screen, int bytes) throws IOException {
    for (int i = 0; i < bytes; i++) {
      assertThat(screen.read()).isNotNegative();
    }
  }

  @Test
  void anAnswerCannotSteerTheTerminal() {
    assertThat(TerminalScreen.visible("a\u001b[2J\r\u0007\tb\nä"))
        .isEqualTo("a\ufffd[2J\ufffd\ufffd\tb\nä");
  }

  private int run(String input, String... args) {
    out.reset();
    err.reset();
    InputStream stdin = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      var nouns = List.of(Noun.command("Models", "chat", "chat", ChatCommand.class));
      return new CommandTree(nouns, stream(out), stream(err), false).run(args).code();
    } finally {
      System.setIn(stdin);
    }
  }

  private Path model(String template) {
    Path folder = temp.resolve("model");
    String config =
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 200000, "eos_token_id": null}
        """;
    var bpe =
        BpeTrainer.train(
            List.of("a tree grows up, then out").iterator(), BpeTrainer.Options.of(280, List.of()));
    try (var model =
        LanguageModel.create(
            ModelConfig.parse("config", config.getBytes(StandardCharsets.UTF_8)),
            new Seed(1),
            Precision.F32)) {
      var roles =
          new TrainedBpe.Roles(
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.of(template).filter(text -> !text.isEmpty()));
      model.save(folder, StoredType.F32, files -> bpe.write(files, roles));
    }
    return folder;
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}

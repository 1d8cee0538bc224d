package dev.banyan.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import dev.banyan.model.BpeTrainer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.ChatFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class TrainCommandsTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @BeforeEach
  void aTokenizerAndSomeText() throws IOException {
    List<String> texts = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String text = "number " + i + " comes before number " + (i + 1);
      texts.add(text);
      lines.add("{\"text\": \"" + text + "\"}");
    }
    write("text.jsonl", String.join("\n", lines) + "\n");
    BpeTrainer.train(texts.iterator(), BpeTrainer.Options.of(290, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("tokenizer"), ChatFormat.ROLES);
    write(
        "train.yaml",
        """
        data: %s
        tokenizer: %s
        out: %s
        hidden: 32
        layers: 1
        heads: 2
        kv-heads: 2
        ffn: 48
        length: 32
        rows: 2
        steps: 6
        checkpoint-every: 2
        threads: 1
        """
            .formatted(path("text.jsonl"), path("tokenizer"), path("run")));
  }

  @Test
  void theResultNamesTheSeedOfTheRecipe() throws IOException {
    write("train.yaml", Files.readString(folder.resolve("train.yaml")) + "seed: 7\n");
    assertThat(train("--steps", "1", "--json", path("seven.json"))).isZero();
    JsonNode figures = Json.read(folder.resolve("seven.json"), JsonNode.class);
    assertThat(figures.path("seed").asLong()).isEqualTo(7);
  }

  @Test
  void textIsDividedLearnedAndMeasured() {
    assertThat(run("data", "split", path("text.jsonl"), "--held-out", "0.2", "--out", path("data")))
        .isZero();
    assertThat(said(out)).contains("held out");
    String json = path("train.json");
    String page = path("train.html");
    assertThat(
            train(
                "--data", path("data/train.jsonl"), "--json", json, "--report", page, "--steps=8"))
        .isZero();
    assertThat(said(out)).contains("8 steps, loss ").hasLineCount(1);
    JsonNode figures = Json.read(Path.of(json), JsonNode.class);
    assertThat(figures.path("steps").asInt()).isEqualTo(8);
    assertThat(figures.path("stopped").asString()).isEmpty();
    assertThat(folder.resolve("train.html")).content().contains("nats per token");
    assertThat(
            run(
                "evaluate",
                path("run/model"),
                path("data/held-out.jsonl"),
                "--train",
                path("data/train.jsonl"),
                "--ngram",
                "3",
                "--json",
                json))
        .isZero();
    assertThat(said(out)).contains("bits per byte").contains("3-gram, bytes");
    JsonNode measured = Json.read(Path.of(json), JsonNode.class);
    assertThat(measured.path("bitsPerByte").path("mean").asDouble()).isBetween(0.1, 12.0);
    assertThat(measured.path("ngram").path("order").asInt()).isEqualTo(3);
  }

  @Test
  void skillsAreGradedBesideTheUsualAnswer() throws IOException {
    assertThat(train()).isZero();
    write(
        "skills.jsonl",
        """
        {"category": "one", "question": "number 1?", "answer": "2"}
        {"category": "two", "question": "number 2?", "answer": "3"}
        """);
    String skills = path("skills.jsonl");
    assertThat(
            run(
                "evaluate",
                path("run/model"),
                "--skills",
                skills,
                "--train",
                skills,
                "--show",
                "1",
                "--max-tokens",
                "4"))
        .isZero();
    assertThat(said(out)).contains("one ", "two ", "number 2? →", "(3)", "baseline 1.000");
  }

  @Test
  void aRunThatDivergesSaysSoAndExitsWithOne() {
    assertThat(
            train(
                "--steps",
                "500",
                "--learning-rate",
                "100",
                "--warmup",
                "0",
                "--clip",
                "0",
                "--checkpoint-every",
                "0"))
        .isEqualTo(1);
    assertThat(lastLine(err)).contains("stopped at step ", "no checkpoint yet", "learning rate");
    assertThat(folder.resolve("run/model")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--data|nowhere.jsonl|no such file",
        "--data|empty.txt|no text",
        "--data|hollow|.jsonl",
        "--data|latin.txt|latin.txt: byte 3",
        "--data|bad.jsonl|bad.jsonl:2",
        "--data|keys.jsonl|keys.jsonl:1",
        "--tokenizer|nowhere|nowhere",
        "--start|nowhere|nowhere",
        "--out|text.jsonl|is a file",
        "--out|text.jsonl/run|text.jsonl",
      })
  void badPathsAreOneLineAndNothingIsWritten(String flag, String path, String said)
      throws IOException {
    write("empty.txt", "\n \n");
    Files.createDirectory(folder.resolve("hollow"));
    Files.write(folder.resolve("latin.txt"), new byte[] {'c', 'a', 'f', (byte) 0xe9, '\n'});
    write("bad.jsonl", "{\"text\": \"good\"}\n{\"text\": \"cut\n");
    write("keys.jsonl", "{\"txt\": \"x\"}\n");

    assertThat(train(flag, path(path))).isEqualTo(2);
    assertThat(said(err)).contains(said).hasLineCount(1);
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(folder.resolve("text.jsonl")).isRegularFile();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps|0|--steps is 0, expected a whole number from 1",
        "--rows|3|rows is 3 and shards is 2",
        "--length|1|length is 1",
        "--heads|3|hidden is 32 and heads is 3",
        "--kv-heads|3|kv-heads is 3",
        "--learning-rate|fast|learning-rate is fast",
        "--learning-rate|-1|learning-rate is -1",
        "--schedule|linear|schedule is linear, expected cosine, wsd",
        "--precision|f16|precision is f16, expected f32, bf16",
        "--shuffle|maybe|shuffle is maybe",
        "--keep|0|keep is 0",
      })
  void badValuesAreOneLine(String flag, String value, String said) {
    assertThat(train(flag, value)).isEqualTo(2);
    assertThat(said(err)).contains(said).hasLineCount(1);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void badLinesAreSkippedAndBadBytesReplacedOnlyWhenAsked() throws IOException {
    write("bad.jsonl", "{\"text\": \"good good good\"}\n{\"text\": \"cut\n");
    assertThat(train("--data", path("bad.jsonl"), "--skip-bad-lines", "true")).isZero();
    Files.write(
        folder.resolve("latin.txt"), "caf\u00e9 and tea".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(train("--data", path("latin.txt"), "--lossy", "true", "--out", path("lossy")))
        .isZero();
    String[] split = {"data", "split", path("bad.jsonl"), path("text.jsonl"), "--out", path("d")};
    assertThat(run(split)).isEqualTo(2);
    assertThat(said(err)).contains("bad.jsonl:2").hasLineCount(1);
    assertThat(folder.resolve("d")).doesNotExist();
    List<String> asked = new ArrayList<>(List.of(split));
    asked.add("--skip-bad-lines");
    assertThat(run(asked.toArray(String[]::new))).isZero();
  }

  @Test
  void aConfigurationThatIsWrongIsNamedByItsPlace() throws IOException {
    String yaml = Files.readString(folder.resolve("train.yaml"));
    write("train.yaml", yaml + "learning_rat: 1\n");
    assertThat(train()).isEqualTo(2);
    assertThat(said(err)).contains("train.yaml: ", "did you mean learning-rate?").hasLineCount(1);
    write("train.yaml", yaml + "seed: [1\n");
    assertThat(train()).isEqualTo(2);
    assertThat(said(err)).containsPattern("train\\.yaml:\\d+:\\d+: ").hasLineCount(1);
    assertThat(run("train", path("absent.yaml"))).isEqualTo(2);
    assertThat(said(err)).contains("absent.yaml").hasLineCount(1);
    assertThat(run("train", "--steps", "3")).isEqualTo(2);
    assertThat(said(err)).contains("data is missing").hasLineCount(1);
    assertThat(train("--step", "3")).isEqualTo(2);
    assertThat(said(err)).contains("did you mean '--steps'").hasLineCount(1);
  }

  @Test
  void anotherRunInTheFolderAndATruncatedCheckpointAreRefused() throws IOException {
    assertThat(train()).isZero();
    assertThat(train("--seed", "5")).isEqualTo(2);
    assertThat(said(err)).contains("holds a run with seed 1, now it is 5").hasLineCount(1);

    Path model = folder.resolve("run/model");
    Files.move(model, folder.resolve("model")); // as if it had not come to its end
    Path moments = folder.resolve("run/checkpoint-4/optimizer.safetensors");
    try (var file = new RandomAccessFile(moments.toFile(), "rw")) {
      file.setLength(300);
    }
    assertThat(train()).isEqualTo(2);
    assertThat(said(err)).contains("optimizer.safetensors").hasLineCount(1);
  }

  @Test
  void aTokenizerOfAnotherModelIsRefused() {
    assertThat(train()).isZero();
    BpeTrainer.train(
            List.of("quite other words: zebra zebra zebra xylophone xylophone".repeat(9))
                .iterator(),
            BpeTrainer.Options.of(310, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("larger"), ChatFormat.ROLES);
    assertThat(
            train(
                "--start", path("run/model"), "--tokenizer", path("larger"), "--out", path("more")))
        .isEqualTo(2);
    assertThat(said(err)).contains("different models").hasLineCount(1);
    assertThat(folder.resolve("more")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluate RUN|give held-out text",
        "evaluate RUN TEXT --ngram 0|--ngram is 0",
        "evaluate RUN TEXT --max-tokens 0|--max-tokens is 0",
        "evaluate RUN NOWHERE|NOWHERE",
        "evaluate RUN TEXT --train TEXT|stands in the training data",
        "evaluate RUN --skills TEXT|text.jsonl:1",
        "evaluate RUN --skills NOWHERE|no such file",
        "evaluate NOWHERE TEXT|NOWHERE",
        "data split TEXT --out DATA --held-out 1.5|--held-out is 1.5",
        "data split ONE --out DATA|too few",
        "data split TEXT --out TEXT|text.jsonl",
        "data split NOWHERE --out DATA|NOWHERE",
        "data split TEXT|--out",
      })
  void badArgumentsOfTheOthersAreOneLine(String line, String said) throws IOException {
    if (line.contains("RUN")) {
      assertThat(train("--steps", "1", "--checkpoint-every", "0")).isZero();
    }
    write("one.txt", "a single document");
    String[] words =
        line.replace("RUN", path("run/model"))
            .replace("TEXT", path("text.jsonl"))
            .replace("ONE", path("one.txt"))
            .replace("DATA", path("divided"))
            .replace("NOWHERE", path("NOWHERE"))
            .split(" ", -1);
    assertThat(run(words)).isEqualTo(2);
    assertThat(said(err)).contains(said).hasLineCount(1);
    assertThat(folder.resolve("divided/train.jsonl")).doesNotExist();
    assertThat(folder.resolve("text.jsonl")).isRegularFile();
  }

  private int train(String... flags) {
    List<String> words = new ArrayList<>(List.of("train", path("train.yaml")));
    words.addAll(List.of(flags));
    return run(words.toArray(String[]::new));
  }

  private int run(String... words) {
    out.reset();
    err.reset();
    var nouns =
        List.of(
            Noun.command("Training", "train", "-", TrainCommand.class),
            Noun.command("Training", "evaluate", "-", EvaluateCommand.class),
            Noun.group("Training", "data", "-", DataSplitCommand.class));
    return new CommandTree(nouns, stream(out), stream(err), false).run(words).code();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String said(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static String lastLine(ByteArrayOutputStream bytes) {
    return said(bytes).lines().toList().getLast();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.banyan.cli.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import dev.banyan.serve.LoadRequest;
import dev.banyan.tensor.Libtorch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class LifeCommandTest {
  /** So small that a life takes seconds. */
  private static final List<String> SMALL =
      List.of(
          "--scale",
          "tiny",
          "--documents",
          "150",
          "--exercises",
          "4",
          "--questions",
          "2",
          "--vocabulary",
          "400",
          "--hidden",
          "32",
          "--layers",
          "1",
          "--heads",
          "2",
          "--kv-heads",
          "2",
          "--ffn",
          "48",
          "--length",
          "128",
          "--rows",
          "2",
          "--pretrain-steps",
          "6",
          "--tune-steps",
          "4",
          "--ngram",
          "3",
          "--serve-requests",
          "0",
          "--threads",
          "1");

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void aLifeOnAShortTextOfOnesOwnIsLivedOnceAndOnlyWhatChangedAgain() throws IOException {
    Files.createDirectory(folder.resolve("mine"));
    write("mine/short.txt", "A short text of my own.");
    String[] flags = {
      "--text", path("mine"), "--json", path("life.json"), "--serve-requests", "40"
    };
    assertThat(life(flags)).as(said(err)).isZero();
    assertThat(said(out)).contains("bits per byte", "report.html");
    assertThat(folder.resolve("life/report.html")).content().contains("<!doctype html>");
    assertThat(learnedOrHeld()).contains("A short text of my own.");
    JsonNode figures = Json.read(folder.resolve("life.json"), JsonNode.class);
    assertThat(figures.path("pretraining").path("steps").asInt()).isEqualTo(6);
    assertThat(figures.path("skills").path("categories").size()).isGreaterThanOrEqualTo(16);
    JsonNode memory = figures.path("memory");
    assertThat(memory.path("own").asBoolean()).as("a model of another shape").isFalse();
    assertThat(memory.path("holds").asBoolean()).isTrue();
    assertThat(memory.path("equal").asBoolean()).isTrue();

    servedWithoutAnyClientNoticing(figures.path("served"));

    assertThat(life(flags)).as(said(err)).isZero();
    assertThat(asBefore("serve")).isTrue();
    List<String> steps = List.of("world", "data", "tokenizer", "pretrain", "evaluate", "tune");
    assertThat(steps).allMatch(step -> asBefore(step));

    // another supervised stage leaves all before it as it is
    assertThat(life("--text", path("mine"), "--tune-steps", "5")).as(said(err)).isZero();
    assertThat(steps.subList(0, 5)).allMatch(step -> asBefore(step));
    assertThat(asBefore("tune")).isFalse();

    // the recipe beside the output lives the same life again, the same to the byte
    assertThat(run("life", path("life/life.yaml"), "--out", path("again"))).as(said(err)).isZero();
    assertThat(folder.resolve("again/tune/model/model.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("life/tune/model/model.safetensors"));

    // another text makes everything anew, the supervised stage too
    byte[] tuned = Files.readAllBytes(folder.resolve("life/tune/model/model.safetensors"));
    write("mine/short.txt", "Quite another text, and a longer one at that.");
    assertThat(life("--text", path("mine"), "--tune-steps", "5")).as(said(err)).isZero();
    assertThat(steps).noneMatch(step -> asBefore(step));
    assertThat(Files.readAllBytes(folder.resolve("life/tune/model/model.safetensors")))
        .isNotEqualTo(tuned);
  }

  private void servedWithoutAnyClientNoticing(JsonNode served) throws IOException {
    assertThat(said(out)).contains("one drained and one killed: 0 failed, 40 of 40 answers");
    assertThat(served.path("disturbed").path("answered").asInt()).isEqualTo(40);
    assertThat(served.path("calm").path("answered").asInt()).isEqualTo(40);
    assertThat(served.path("compared").asInt()).isEqualTo(40);
    assertThat(served.path("differing").asInt()).isZero();
    assertThat(served.path("disturbances").toString())
        .contains("instance 0 was drained", "took requests again", "instance 1 was killed");
    Path requests = folder.resolve("life/serve/requests.jsonl");
    assertThat(said(err)).contains("--prompts " + requests, "\"temperature\":1");
    List<LoadRequest> asked = LoadRequest.read(requests, 1);
    assertThat(asked).hasSize(40).noneMatch(each -> Double.isNaN(each.arrivalSeconds()));
    List<String> lines = Files.readAllLines(folder.resolve("life/serve/answers.jsonl"));
    assertThat(lines).hasSize(40);
    for (String line : lines) {
      JsonNode answer = Json.mapper().readTree(line);
      assertThat(answer.path("undisturbed").asString()).isNotEmpty();
      assertThat(answer.path("disturbed")).isEqualTo(answer.path("undisturbed"));
    }
  }

  @Test
  void aStepOfTheTwinWithTheTrainedWeightsHasTheTrainersLoss() throws IOException {
    String[] shape = {
      "--documents",
      "300",
      "--vocabulary",
      "1024",
      "--hidden",
      "128",
      "--layers",
      "2",
      "--heads",
      "4",
      "--kv-heads",
      "2",
      "--ffn",
      "352",
      "--length",
      "256",
      "--rows",
      "8",
      "--pretrain-steps",
      "1",
      "--tune-steps",
      "1",
      "--questions",
      "1",
      "--json",
      path("life.json")
    };
    assertThat(life(shape)).as(said(err)).as(said(err)).isZero();
    JsonNode memory = Json.read(folder.resolve("life.json"), JsonNode.class).path("memory");
    assertThat(memory.path("own").asBoolean()).isTrue();
    assertThat(memory.path("equal").asBoolean()).isTrue();
    assertThat(memory.path("loss").asDouble())
        .isCloseTo(memory.path("trainerLoss").asDouble(), within(1e-4));
  }

  @Test
  void instructionsOfOnesOwnAreTaughtAndAsked() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      lines.add(
          "{\"instruction\": \"After %d?\", \"input\": \"\", \"output\": \"%d\"}"
              .formatted(i, i + 1));
    }
    write("mine.jsonl", String.join("\n", lines));
    String[] flags = {
      "--instructions", path("mine.jsonl"), "--json", path("life.json"), "--serve-requests", "1"
    };
    assertThat(life(flags)).as(said(err)).isZero();
    // one request is over before anything can happen to it, which ends no life
    assertThat(said(out)).contains("0 of 4 disturbances", "0 failed, 1 of 1 answers");
    JsonNode skills = Json.read(folder.resolve("life.json"), JsonNode.class).path("skills");
    assertThat(skills.path("categories").size()).isEqualTo(1);
    assertThat(skills.path("categories").path(0).path("name").asString()).isEqualTo("instructions");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--text|hollow|hollow: no file ends in",
        "--text|nowhere|no such file or folder",
        "--text|binary.bin|binary.bin: byte ",
        "--text|blank.txt|no text",
        "--instructions|nowhere.jsonl|no such file",
        "--instructions|words.txt|words.txt:1: this is a text",
        "--scale|huge|scale is huge, expected default, tiny",
        "--minutes|0|minutes is 0",
        "--out|words.txt|words.txt",
      })
  void whatCannotBeLivedOnIsOneLineAndNothingIsWritten(String flag, String value, String said)
      throws IOException {
    Files.createDirectory(folder.resolve("hollow"));
    Files.write(folder.resolve("binary.bin"), new byte[] {0x7f, 'E', 'L', 'F', (byte) 0xff, 0});
    write("blank.txt", " \n");
    write("words.txt", "words, no questions");
    boolean path = !flag.equals("--scale") && !flag.equals("--minutes");

    assertThat(life(flag, path ? path(value) : value)).isEqualTo(2);
    assertThat(said(err)).contains(said).hasLineCount(1);
    assertThat(folder.resolve("life")).doesNotExist();
    assertThat(folder.resolve("words.txt")).hasContent("words, no questions");
  }

  @Test
  void aRecipeWithAKeyThatIsNoneIsRefused() {
    write("mine.yaml", "out: x\nminute: 3\n");
    assertThat(run("life", path("mine.yaml"))).isEqualTo(2);
    assertThat(said(err)).contains("mine.yaml: ", "did you mean minutes?").hasLineCount(1);
  }

  private String learnedOrHeld() throws IOException {
    return Files.readString(folder.resolve("life/data/train.jsonl"))
        + Files.readString(folder.resolve("life/data/held-out.jsonl"));
  }

  private boolean asBefore(String step) {
    return said(err).lines().anyMatch(line -> line.matches(step + " +as before .*"));
  }

  private int life(String... flags) {
    List<String> words = new ArrayList<>(List.of("life", "--out", path("life")));
    List<String> given = List.of(flags);
    for (int i = 0; i < SMALL.size(); i += 2) {
      if (!given.contains(SMALL.get(i))) {
        words.addAll(SMALL.subList(i, i + 2));
      }
    }
    if (given.contains("--out")) {
      words.subList(1, 3).clear();
    }
    words.addAll(given);
    return run(words.toArray(String[]::new));
  }

  private int run(String... words) {
    out.reset();
    err.reset();
    var nouns = List.of(Noun.command("Life", "life", "-", LifeCommand.class));
    return new CommandTree(nouns, stream(out), stream(err), false).run(words).code();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String said(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

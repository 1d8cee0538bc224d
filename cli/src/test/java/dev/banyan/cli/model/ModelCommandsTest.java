package dev.banyan.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.TrainedBpe;
import dev.banyan.weights.config.ModelConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ModelCommandsTest {
  @TempDir Path temp;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void showNamesFamilyParametersAndKeyValueBytes() {
    Path json = temp.resolve("show.json");
    assertThat(run("model", "show", fixture("mixtral").toString(), "--json", json.toString()))
        .isZero();
    assertThat(text(out)).contains("mixtral").contains("experts       4 of width 56, 2 per token");
    JsonNode figures = Json.read(json, JsonNode.class);
    // 2 * 3 layers * 2 key-value heads of 8
    assertThat(figures.get("kvBytesPerTokenBf16").intValue()).isEqualTo(2 * 2 * 3 * 2 * 8);
    // file of f32 values: header 8 + 6680 bytes
    assertThat(figures.get("parameters").intValue()).isEqualTo((354_976 - 8 - 6680) / 4);
  }

  @Test
  void verifySaysSameAndFindsWhatIsDifferent() throws Exception {
    Path oracle = fixture("qwen3").resolve("oracle.json");
    assertThat(run("model", "verify", fixture("qwen3").toString(), "--against", oracle.toString()))
        .isZero();
    assertThat(text(out)).contains("greedy answers equal").endsWith("same\n");
    Path changed = temp.resolve("oracle.json");
    Files.writeString(
        changed, Files.readString(oracle).replaceFirst("\"greedy\": \\[\\[", "\"greedy\": [[1, "));
    assertThat(run("model", "verify", fixture("qwen3").toString(), "--against", changed.toString()))
        .isEqualTo(1);
    assertThat(text(out)).contains("differ at row 0, new token 0");
    Path adapter = prefix(temp.resolve("prefix"), 3 * 2 * 2 * 12);
    assertThat(
            run(
                "model",
                "verify",
                fixture("qwen3").toString(),
                "--against",
                oracle.toString(),
                "--adapter",
                adapter.toString()))
        .isEqualTo(1);
    assertThat(text(out)).contains("different");
  }

  @Test
  void aRecordingOfACastModelIsRecognized() {
    String folder = fixture("qwen2-moe").toString();
    String oracle = fixture("qwen2-moe").resolve("oracle.json").toString();
    assertThat(run("model", "verify", folder, "--against", oracle)).isZero();
    assertThat(text(out)).contains("rounded as stored");
    assertThat(run("model", "verify", folder, "--against", oracle, "--rotary", "exact"))
        .isEqualTo(1);
  }

  @Test
  void whatIsMissingIsOneLineAndExitTwo() {
    assertThat(run("model", "show", temp.resolve("nowhere").toString())).isEqualTo(2);
    assertThat(text(err)).contains("there is no such folder").hasLineCount(1);
    assertThat(run("generate", fixture("qwen3").toString(), "-p", "hi")).isEqualTo(2);
    assertThat(text(err)).contains("tokenizer.json").hasLineCount(1);
  }

  @Test
  void generatePrintsTheAnswerAndItsFigures() throws IOException {
    Path folder = temp.resolve("model");
    String config =
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 64, "eos_token_id": null}
        """;
    var bpe =
        BpeTrainer.train(
            List.of("a tree grows up, then out").iterator(), BpeTrainer.Options.of(280, List.of()));
    try (var model =
        LanguageModel.create(
            ModelConfig.parse("config", config.getBytes(StandardCharsets.UTF_8)),
            new Seed(1),
            Precision.F32)) {
      model.save(
          folder,
          dev.banyan.weights.StoredType.F32,
          files -> bpe.write(files, TrainedBpe.Roles.none()));
    }
    Path json = temp.resolve("g.json");
    String[] line = {
      "generate",
      folder.toString(),
      "-p",
      "a tree",
      "--max-tokens",
      "9",
      "--temperature",
      "1",
      "--json",
      json.toString()
    };
    assertThat(run(line)).isZero();
    String first = text(out);
    JsonNode figures = Json.read(json, JsonNode.class);
    assertThat(first).isEqualTo(figures.get("text").stringValue() + "\n");
    assertThat(figures.get("tokens").intValue()).isEqualTo(9);
    assertThat(run(line)).isZero();
    assertThat(text(out)).isEqualTo(first);
    assertThat(run("generate", folder.toString(), "-p", "a tree", "--max-tokens", "900"))
        .isEqualTo(2);
    assertThat(text(err)).contains("the model was made for 64 positions");
    Path adapter = prefix(temp.resolve("prefix"), 2 * 2 * 2 * 8);
    List<String> adapted = new ArrayList<>(List.of(line));
    adapted.addAll(List.of("--adapter", adapter.toString()));
    assertThat(run(adapted.toArray(String[]::new))).isZero();
    assertThat(text(out)).isNotEqualTo(first);
    assertThat(run("generate", folder.toString(), "-p", "a", "--adapter", temp.toString()))
        .isEqualTo(2);
    assertThat(text(err)).contains("adapter_config.json: there is no such file");
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        "{\"peft_type\": \"PROMPT_TUNING\", \"num_virtual_tokens\": 3}");
    assertThat(run("generate", folder.toString(), "-p", "a", "--adapter", adapter.toString()))
        .isEqualTo(2);
    assertThat(text(err)).contains("from different models");
  }

  /** Prefix tuning with three virtual tokens of so many numbers. */
  private static Path prefix(Path folder, int width) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 3}");
    byte[] header =
        "{\"prompt_embeddings\": {\"dtype\": \"F32\", \"shape\": [3, WIDTH], \"data_offsets\": [0, BYTES]}}"
            .replace("WIDTH", "" + width)
            .replace("BYTES", "" + 12 * width)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length + 12 * width).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    for (int i = 0; i < 3 * width; i++) {
      file.putFloat((float) Math.sin(i));
    }
    Files.write(folder.resolve("adapter_model.safetensors"), file.array());
    return folder;
  }

  private int run(String... args) {
    out.reset();
    err.reset();
    var nouns =
        List.of(
            Noun.group(
                "Models", "model", "models", ModelShowCommand.class, ModelVerifyCommand.class),
            Noun.command("Models", "generate", "generate", GenerateCommand.class));
    return new CommandTree(nouns, stream(out), stream(err), false).run(args).code();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Path fixture(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(ModelCommandsTest.class.getResource("/hf/" + name)).toURI());
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

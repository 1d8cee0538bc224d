package dev.banyan.cli.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TokenizerCommandsTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void aTrainedTokenizerEncodesAndDecodes() throws IOException {
    String text = "the cat and the hat and the cat 11 11";
    Files.writeString(folder.resolve("a.txt"), text);
    Path tokenizer = folder.resolve("tokenizer");
    Path json = folder.resolve("result.json");

    assertThat(
            run(
                "train",
                folder.resolve("a.txt").toString(),
                "--vocab",
                "280",
                "--individual-digits",
                "--out",
                tokenizer.toString(),
                "--json",
                json.toString()))
        .isZero();
    JsonNode result = Json.read(json, JsonNode.class);
    assertThat(result.path("bytes").asInt()).isEqualTo(text.length());
    assertThat(result.path("tokens").asInt()).isBetween(263, 280);
    assertThat(tokenizer.resolve("tokenizer_config.json")).content().contains("chat_template");

    assertThat(run("encode", tokenizer.toString(), "the cat 11<|end|>")).isZero();
    String ids = printed().lines().toList().getLast();
    assertThat(ids.split(" ")).hasSizeLessThan(12).endsWith("2");

    var decode = new ArrayList<>(List.of("decode", tokenizer.toString(), "--skip-special"));
    decode.addAll(List.of(ids.split(" ")));
    assertThat(run(decode.toArray(String[]::new))).isZero();
    assertThat(printed().lines().toList().getLast()).isEqualTo("the cat 11");
  }

  @Test
  void badInputEndsWithTwoAndOneLine() throws IOException {
    Files.write(folder.resolve("bad.txt"), new byte[] {'a', 'b', (byte) 0xff});
    String out = folder.resolve("t").toString();

    assertThat(run("train", folder.resolve("bad.txt").toString(), "--vocab", "300", "--out", out))
        .isEqualTo(2);
    assertThat(failed()).contains("bad.txt: byte 2").hasLineCount(1);
    assertThat(folder.resolve("t")).doesNotExist();
    assertThat(run("encode", folder.resolve("none").toString(), "x")).isEqualTo(2);
    assertThat(run("train", folder.resolve("bad.txt").toString(), "--vocab", "9", "--out", out))
        .isEqualTo(2);
  }

  private int run(String... words) {
    Noun noun =
        Noun.group(
            "model",
            "tokenizer",
            "-",
            TokenizerTrainCommand.class,
            TokenizerEncodeCommand.class,
            TokenizerDecodeCommand.class);
    var all = new ArrayList<>(List.of("tokenizer"));
    all.addAll(List.of(words));
    return new CommandTree(
            List.of(noun),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(all.toArray(String[]::new))
        .code();
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String failed() {
    return err.toString(StandardCharsets.UTF_8);
  }
}

package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.serve.ApiKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own Node client against {@code banyan serve} as a user starts it. */
@Timeout(value = 400, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenAiNodeTest {
  private static final Path SCRIPT = Path.of("..", "interop", "openai_node.mjs");
  private static final Path CLIENT = Path.of("target", "openai-node");
  private static final List<String> PACKAGES = List.of("openai@6.49.0", "zod@4.6.7");
  private static final int OLDEST_NODE = 20;

  @TempDir private Path folder;

  @Test
  void itIsServedAsByOpenAi() throws Exception {
    install();
    Path keys = folder.resolve("keys.txt");
    ApiKeys.Fresh key = ApiKeys.make("node", 0, 0);
    Files.writeString(keys, key.line() + "\n");
    Path model = RunningServer.model(folder, 16_384);
    try (var server = RunningServer.start(model, "--instances=1", "--keys=" + keys)) {
      String url = "http://127.0.0.1:" + server.port + "/v1";
      String script = SCRIPT.toAbsolutePath().normalize().toString();
      Ran ran = run(200, "node", script, url, key.key());
      assertThat(ran.code()).as(ran.said()).isZero();
      assertThat(ran.said()).endsWith("all as it should be (tiny)");
    }
  }

  /** Gets the client; where that cannot be the test is skipped and says so. */
  private void install() throws Exception {
    String node;
    try {
      node = run(20, "node", "--version").said();
    } catch (IOException e) {
      node = "";
    }
    if (!node.matches("v\\d+\\..*")
        || Integer.parseInt(node.replaceAll("^v(\\d+).*", "$1")) < OLDEST_NODE) {
      skip("Node %d or newer is needed: apt-get install nodejs npm".formatted(OLDEST_NODE));
    }
    Path whole = CLIENT.resolve("installed");
    Files.createDirectories(CLIENT);
    if (Files.exists(whole) && Files.readAllLines(whole).equals(PACKAGES)) {
      return;
    }
    List<String> command = new ArrayList<>(List.of("npm", "install", "--prefix", "."));
    command.addAll(List.of("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"));
    command.addAll(List.of("--fetch-retries=1", "--fetch-timeout=30000", "--loglevel=error"));
    command.addAll(PACKAGES);
    try {
      Ran ran = run(150, command.toArray(String[]::new));
      if (ran.code() != 0) {
        skip("npm cannot install " + PACKAGES + ": " + ran.said().lines().findFirst().orElse(""));
      }
    } catch (IOException e) {
      skip("there is no npm: apt-get install npm");
    }
    Files.write(whole, PACKAGES);
  }

  private static void skip(String why) {
    System.out.println("Node client tests NOT RUN: " + why);
    Assumptions.abort("Node client tests NOT RUN: " + why);
  }

  private record Ran(int code, String said) {}

  /** Runs a program in the client's folder; one that does not end in time counts as failed. */
  private Ran run(int seconds, String... command) throws IOException, InterruptedException {
    Path said = Files.createTempFile(folder, "said", ".txt");
    Process process =
        new ProcessBuilder(Arrays.asList(command))
            .directory(Files.exists(CLIENT) ? CLIENT.toFile() : null)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    return new Ran(
        ended ? process.exitValue() : -1, Files.readString(said, StandardCharsets.UTF_8).strip());
  }
}

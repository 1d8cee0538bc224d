package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Servers as a user starts, watches, changes and ends them: real processes and sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServeCommandsTest {
  /** A long answer, streamed, the same every time. */
  private static final String BODY =
      "{\"prompt\": \"a tree\", \"max_tokens\": 450, \"ignore_eos\": true, \"temperature\": 0,"
          + " \"stream\": true, \"stream_options\": {\"include_usage\": true}}";

  private static final String LONG =
      "{\"prompt\": %s, \"max_tokens\": 450, \"ignore_eos\": true, \"stream\": true, \"n\": %d,"
          + " \"logprobs\": 20}";

  private Path folder;
  private Path model;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  void write(@TempDir Path files) throws IOException {
    folder = files;
    model = RunningServer.model(folder);
  }

  @Test
  void withKeysAndTlsItIsAskedWatchedDrainedAndScaled() throws Exception {
    Path certificate = folder.resolve("cert.pem");
    Path secret = folder.resolve("key.pem");
    RunningServer.certificate(certificate, secret, folder);
    Path keys = folder.resolve("keys.txt");
    String alice = key(keys, "alice", "--operator");
    Path decisions = folder.resolve("decisions.jsonl");
    Path spans = folder.resolve("spans.jsonl");
    try (var server =
            RunningServer.start(
                model,
                "--instances=2",
                "--keys=" + keys,
                "--cert=" + certificate,
                "--cert-key=" + secret,
                "--decisions=" + decisions,
                "--spans=" + spans);
        HttpClient client = HttpClient.newBuilder().sslContext(trusting(certificate)).build()) {
      assertThat(server.said).startsWith("https://127.0.0.1:").endsWith(" on 2 instances");
      URI at = URI.create("https://localhost:" + server.port + "/v1/completions");
      assertThat(ask(client, at, alice).statusCode()).isEqualTo(200);

      var unknown = ask(client, at, "sk-wrong");
      assertThat(unknown.statusCode()).isEqualTo(401);
      JsonNode error = Json.mapper().readTree(unknown.body()).path("error");
      assertThat(error.path("code").asString()).isEqualTo("invalid_api_key");
      assertThat(error.path("message").asString()).isNotBlank();

      String bob = key(keys, "bob", "--requests", "1");
      var answers = List.of(ask(client, at, bob), ask(client, at, bob), ask(client, at, bob));
      var refused = answers.stream().filter(each -> each.statusCode() == 429).findFirst();
      // the minute may turn once between them, so one of three may be admitted anew
      long seconds = refused.orElseThrow().headers().firstValueAsLong("Retry-After").orElseThrow();
      assertThat(seconds).isBetween(1L, 60L);
      for (String[] each :
          new String[][] {{"drain", "0"}, {"drain", "0", "--resume"}, {"scale", "3"}}) {
        String[] command = {"serve", each[0], each[1], "--url=https://localhost:" + server.port};
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(each).subList(2, each.length));
        all.addAll(List.of("--key=" + bob, "--cert=" + certificate));
        assertThat(run(all.toArray(String[]::new))).isEqualTo(2);
        assertThat(text(err)).contains("this key may ask, not operate").hasLineCount(1);
      }
      List<String> lines = Files.readAllLines(keys);
      Files.write(keys, lines.subList(0, lines.size() - 1));
      assertThat(ask(client, at, bob).statusCode()).isEqualTo(401);
      assertThat(ask(client, at, alice).statusCode()).isEqualTo(200);

      String url = "--url=https://localhost:" + server.port;
      assertThat(run("serve", "status", url, "--key", alice)).isEqualTo(2);
      assertThat(text(err)).contains("--cert").hasLineCount(1);
      String[] known = {url, "--key=" + alice, "--cert=" + certificate};
      loaded(server, alice, certificate);
      assertThat(run("serve", "status", url, "--cert=" + certificate, "--key=x")).isEqualTo(2);
      assertThat(text(err)).contains("the gateway refuses: the key is not known here");
      assertThat(run(known, "serve", "drain", "0")).isZero();
      assertThat(text(out)).startsWith("instance 0 gives its requests away");
      assertThat(run(known, "serve", "status")).isZero();
      assertThat(text(out)).containsPattern("instance 0 .* draining\n").contains("instance 1 ");
      assertThat(run(known, "serve", "drain", "0", "--resume")).isZero();
      assertThat(run(known, "serve", "scale", "3")).isZero();
      assertThat(text(out)).isEqualTo("instances that take requests: [0,1,2]\n");
      List<ProcessHandle> three = server.engines();
      assertThat(three).hasSize(3);
      assertThat(run(known, "serve", "scale", "1")).isZero();
      assertThat(text(out)).isEqualTo("instances that take requests: [0]\n");
      for (ProcessHandle gone : three.subList(1, 3)) {
        gone.onExit().get();
      }
      assertThat(ask(client, at, alice).statusCode()).isEqualTo(200);
      assertThat(run(known, "serve", "scale", "0")).isEqualTo(2);
      assertThat(run(known, "serve", "drain", "7")).isEqualTo(2);
      assertThat(text(err)).contains("there is no instance 7");

      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
    }
    assertThat(run("serve", "replay", decisions.toString())).isZero();
    assertThat(text(out)).containsPattern("^(\\d+) of \\1 decisions are the same");
    assertThat(Files.readAllLines(spans)).hasSizeGreaterThanOrEqualTo(4);
  }

  /** Load on a server with keys and TLS. */
  private void loaded(RunningServer server, String alice, Path certificate) {
    Path json = folder.resolve("load.json");
    String[] load = {
      "serve",
      "load",
      "https://localhost:" + server.port,
      "--cert=" + certificate,
      "--key=" + alice,
      "--rate=200",
      "--requests=12",
      "--prompt-tokens=90",
      "--output-tokens=5",
      "--seed=3",
      "--json=" + json
    };
    assertThat(run(load)).as(text(err)).isZero();
    assertThat(text(out))
        .contains("seed 3", "12 answered, 0 failed", "time to first token", "end to end");
    JsonNode figures = Json.read(json, JsonNode.class);
    assertThat(figures.path("outputTokens").asInt()).isEqualTo(60);
    assertThat(figures.path("promptTokens").asInt()).isBetween(12 * 80, 12 * 100);
    assertThat(figures.path("endToEndSeconds").path("p99").asDouble())
        .isGreaterThanOrEqualTo(figures.path("firstTokenSeconds").path("p99").asDouble());

    load[8] = "--output-tokens=9000"; // more than the model has places
    assertThat(run(load)).isEqualTo(1);
    assertThat(text(out)).contains("0 answered, 12 failed", "12 × HTTP 400: ");
    for (String each : List.of("temperature", "null", "[1]")) {
      load[8] = "--fields=" + each;
      assertThat(run(load)).isEqualTo(2);
      assertThat(text(err)).contains("--fields is no JSON object").hasLineCount(1);
    }
    load[4] = "--key=sk-wrong";
    load[8] = "--fields={}";
    assertThat(run(load)).isEqualTo(2);
    assertThat(text(err)).contains("refuses the key", "--key").hasLineCount(1);
  }

  @Test
  void aSignalToEndLetsAStreamEndAndLeavesNothing() throws Exception {
    try (var server = RunningServer.start(model, "--instances=1");
        HttpClient client = HttpClient.newHttpClient();
        Socket stream = server.slowly("/v1/completions", LONG.formatted("\"a tree\"", 16))) {
      List<ProcessHandle> engines = server.engines();
      Path files = settings(engines.getFirst()).getParent();
      assertThat(files).exists();
      assertThat(stream.getInputStream().read()).isEqualTo('H');
      // nobody reads on, so the answer cannot have been sent when the signal comes
      server.interrupt();
      URI health = URI.create("http://localhost:" + server.port + "/health");
      HttpRequest look = HttpRequest.newBuilder(health).build();
      int status = 200;
      while (status == 200) {
        status = client.send(look, HttpResponse.BodyHandlers.ofString()).statusCode();
      }
      assertThat(status).isEqualTo(503);
      var late = ask(client, health.resolve("/v1/completions"), "");
      assertThat(late.statusCode()).isEqualTo(503);
      assertThat(late.headers().firstValue("Retry-After")).isPresent();
      assertThat(late.body()).contains("\"server_error\"");
      String all = rest(stream);
      assertThat(all).endsWith("data: [DONE]\n\n\r\n0\r\n\r\n");
      assertThat(Pattern.compile("\"finish_reason\":\"length\"").matcher(all).results())
          .hasSize(16);
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.remarks())
          .endsWith("1 answer is still being written; waiting up to 30 s, Ctrl-C again ends now\n");
      assertThat(engines).noneMatch(ProcessHandle::isAlive);
      assertThat(files).doesNotExist();
    }
  }

  @Test
  void anAnswerThatTakesTooLongIsToldThatTheServerStops() throws Exception {
    String prompts = "[\"a\", \"b\", \"c\", \"d\"]";
    try (var server = RunningServer.start(model, "--instances=1", "--patience=0");
        Socket stream = server.slowly("/v1/completions", LONG.formatted(prompts, 64))) {
      List<ProcessHandle> engines = server.engines();
      assertThat(stream.getInputStream().read()).isEqualTo('H');
      server.terminate();
      String all = rest(stream);
      assertThat(all).contains("{\"error\":{\"message\":\"the server is stopping\"");
      assertThat(all).doesNotContain("[DONE]").endsWith("\r\n0\r\n\r\n");
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(engines).noneMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void enginesOfAServerThatIsKilledWhileTheyStartEndToo() throws Exception {
    var command =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.banyan.cli.Banyan",
            "serve",
            model.toString(),
            "--port=0",
            "--instances=1");
    Process server = command.start();
    while (server.isAlive() && server.children().findAny().isEmpty()) {
      Thread.onSpinWait();
    }
    ProcessHandle engine = server.children().findAny().orElseThrow();
    assertThat(server.destroyForcibly().waitFor()).isEqualTo(137);
    assertThat(engine.onExit().get().isAlive()).isFalse();
  }

  @Test
  void anEngineThatIsKilledIsReplacedAndItsAnswersGoOn() throws Exception {
    try (var server = RunningServer.start(model, "--instances=1");
        HttpClient client = HttpClient.newHttpClient()) {
      var whole = client.send(completion(server, BODY), HttpResponse.BodyHandlers.ofString());
      ProcessHandle first = server.engines().getFirst();
      var told = new ByteArrayOutputStream();
      var answer = client.send(completion(server, BODY), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        told.write(in.readNBytes(1000)); // some of its 450 parts
        assertThat(first.destroyForcibly()).isTrue();
        told.write(in.readAllBytes());
      }
      assertThat(content(told.toString(StandardCharsets.UTF_8))).isEqualTo(content(whole.body()));
      assertThat(server.engines()).hasSize(1).doesNotContain(first);
      assertThat(run("serve", "status", "--url=http://127.0.0.1:" + server.port)).isZero();
      assertThat(text(out)).contains("1 saved").containsPattern("(?m)^instance 1 +process");
      List<ProcessHandle> engines = server.engines();
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.remarks())
          .endsWith("instance 0 died: killed by signal 9\ninstance 1 is in its place\n")
          .containsOnlyOnce("died");
      assertThat(engines).noneMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void beforeTwoServersAnAnswerGoesOnWhenItsServerIsKilled() throws Exception {
    try (var first = RunningServer.start(model, "--instances=1");
        var second = RunningServer.start(model, "--instances=1");
        var gateway = RunningServer.before(first, second);
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(gateway.said).endsWith(" serves 2 backends");
      var whole = client.send(completion(second, BODY), HttpResponse.BodyHandlers.ofString());
      var told = new ByteArrayOutputStream();
      var answer =
          client.send(completion(gateway, BODY), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        told.write(in.readNBytes(1000)); // some of its 450 parts
        first.close();
        told.write(in.readAllBytes());
      }
      assertThat(content(told.toString(StandardCharsets.UTF_8))).isEqualTo(content(whole.body()));
      String url = "--url=http://127.0.0.1:" + gateway.port;
      assertThat(run("serve", "status", url)).isZero();
      assertThat(text(out))
          .contains("0 moved running, 0 waiting, 1 saved")
          .containsPattern("instance 0 +banyan http://127.0.0.1:\\d+ .* down\n");
      assertThat(run("serve", "drain", "1", url)).isZero();
      assertThat(run("serve", "status", url)).isZero();
      assertThat(text(out)).containsPattern("instance 1 .* draining\n");
      assertThat(run("serve", "drain", "1", "--resume", url)).isZero();
      assertThat(text(out)).startsWith("instance 1 takes requests");
      assertThat(run("serve", "status", url)).isZero();
      assertThat(text(out)).doesNotContain("draining");
      gateway.terminate();
      assertThat(gateway.exitCode()).isEqualTo(143);
      assertThat(gateway.remarks()).doesNotContain("being written"); // nothing ran
    }
  }

  private static HttpRequest completion(RunningServer server, String body) {
    URI at = URI.create("http://127.0.0.1:" + server.port + "/v1/completions");
    return HttpRequest.newBuilder(at).POST(HttpRequest.BodyPublishers.ofString(body)).build();
  }

  /** Its text, how it ended, and how many tokens it says it has. */
  private static List<String> content(String stream) {
    var text = new StringBuilder();
    String finish = "";
    String usage = "";
    for (String each : stream.split("\n\n")) {
      if (!each.equals("data: [DONE]") && !each.startsWith(":")) { // nor is it a heartbeat
        JsonNode part = Json.mapper().readTree(each.substring("data: ".length()));
        assertThat(part.has("error")).as(each).isFalse();
        JsonNode choice = part.path("choices").path(0);
        text.append(choice.path("text").asString(""));
        finish += choice.path("finish_reason").asString("");
        JsonNode counted = part.path("usage");
        usage +=
            counted.isObject()
                ? counted.path("prompt_tokens") + " " + counted.path("completion_tokens")
                : "";
      }
    }
    return List.of(text.toString(), finish, usage);
  }

  @Test
  void whatCannotBeServedIsSaidInOneLine() {
    assertThat(run("serve", "run", "--backend=http://127.0.0.1:1")).isEqualTo(2);
    assertThat(text(err)).contains("nothing answers at http://127.0.0.1:1").hasLineCount(1);
    assertThat(run("serve", "run")).isEqualTo(2);
    assertThat(text(err)).contains("a MODEL folder, or --backend URL").hasLineCount(1);
    String folder = model.toString();
    assertThat(run("serve", "run", folder, "--backend=http://127.0.0.1:1")).isEqualTo(2);
    assertThat(text(err)).contains("goes without").hasLineCount(1);
    assertThat(run("serve", "run", "--backend=http://127.0.0.1:1", "--fast")).isEqualTo(2);
    assertThat(text(err)).contains("not for --backend").hasLineCount(1);
  }

  @Test
  void aModelThatIsNoneIsRefusedInOneLine() {
    int code =
        run("serve", "run", folder.resolve("nowhere").toString(), "--port=0", "--instances=1");
    assertThat(code).isEqualTo(2);
    assertThat(text(err)).contains("nowhere").hasLineCount(1);
  }

  /** The JSON file an engine was started with. */
  private static Path settings(ProcessHandle engine) throws IOException {
    // the JDK does not tell arguments that are longer than a page, and a class path can be
    Path whole = Path.of("/proc", Long.toString(engine.pid()), "cmdline");
    String[] arguments =
        Files.exists(whole)
            ? Files.readString(whole).split("\0", 0)
            : engine.info().arguments().orElseThrow();
    return Path.of(arguments[arguments.length - 2]); // behind it is the gateway's process
  }

  /** Reads a slow reader's answer to its end, at full speed. */
  private static String rest(Socket stream) throws IOException {
    stream.setReceiveBufferSize(1 << 20);
    return new String(stream.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static HttpResponse<String> ask(HttpClient client, URI at, String key) throws Exception {
    var request =
        HttpRequest.newBuilder(at)
            .header("Authorization", "Bearer " + key)
            .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"a\", \"max_tokens\": 3}"));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static SSLContext trusting(Path certificate) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(certificate)) {
      var read = CertificateFactory.getInstance("X.509").generateCertificate(in);
      trusted.setCertificateEntry("s", read);
    }
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  /** Makes a key as a user does, adds its line to the file, and gives the key. */
  private String key(Path file, String... words) throws IOException {
    String[] command = new String[words.length + 2];
    command[0] = "serve";
    command[1] = "key";
    System.arraycopy(words, 0, command, 2, words.length);
    assertThat(run(command)).isZero();
    Files.writeString(file, text(out), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return text(err).replaceFirst("^.*: ", "").strip();
  }

  private int run(String[] flags, String... words) {
    String[] all = java.util.Arrays.copyOf(words, words.length + flags.length);
    System.arraycopy(flags, 0, all, words.length, flags.length);
    return run(all);
  }

  private int run(String... args) {
    out.reset();
    err.reset();
    var noun =
        Noun.group(
            "Serving",
            "serve",
            "Serves.",
            ServeRunCommand.class,
            ServeStatusCommand.class,
            ServeDrainCommand.class,
            ServeScaleCommand.class,
            ServeKeyCommand.class,
            ServeLoadCommand.class,
            ServeReplayCommand.class);
    return new CommandTree(
            List.of(noun),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(args)
        .code();
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}

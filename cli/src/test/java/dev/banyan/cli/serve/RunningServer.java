package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.TrainedBpe;
import dev.banyan.weights.config.ModelConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** {@code banyan serve} as the process a user starts. */
final class RunningServer implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;
  final String said;
  final int port;

  private RunningServer(Process process) throws IOException {
    this.process = process;
    this.out = process.inputReader();
    String line = "";
    while (!line.contains("/v1 serves ")) {
      line = out.readLine();
      if (line == null) {
        throw new IOException(
            new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    this.said = line;
    this.port = Integer.parseInt(said.replaceFirst("^.*:(\\d+)/v1 .*$", "$1"));
  }

  /** Starts it at any free port and waits until it says that it serves. */
  static RunningServer start(Path model, String... flags) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.banyan.cli.Banyan"));
    command.addAll(List.of("serve", model.toString(), "--port", "0"));
    command.addAll(Arrays.asList(flags));
    return new RunningServer(new ProcessBuilder(command).start());
  }

  /** Starts one before servers that already run. */
  static RunningServer before(RunningServer... servers) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.banyan.cli.Banyan"));
    command.addAll(List.of("serve", "--port", "0"));
    for (RunningServer each : servers) {
      command.addAll(List.of("--backend", "http://127.0.0.1:" + each.port));
    }
    return new RunningServer(new ProcessBuilder(command).start());
  }

  /** A fresh model of 512 positions whose answers, without ends, are as long as is asked for. */
  static Path model(Path folder) throws IOException {
    return model(folder, 512);
  }

  /** The same with so many positions. */
  static Path model(Path folder, int positions) throws IOException {
    Path config = folder.resolve("config.json");
    try (InputStream in = RunningServer.class.getResourceAsStream("/hf/qwen3/config.json")) {
      Files.writeString(
          config,
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
              .replace("\"vocab_size\": 199", "\"vocab_size\": 262")
              .replace(
                  "\"max_position_embeddings\": 256", "\"max_position_embeddings\": " + positions));
    }
    Path model = folder.resolve("tiny");
    try (var fresh = LanguageModel.create(ModelConfig.read(config), new Seed(3), Precision.F32)) {
      fresh.save(model);
    }
    var options = BpeTrainer.Options.of(262, List.of("<|begin|>", "<|end|>", "<|pad|>"));
    BpeTrainer.train(List.of("a tree grows").iterator(), options)
        .write(
            model,
            new TrainedBpe.Roles(
                Optional.of("<|begin|>"),
                Optional.of("<|end|>"),
                Optional.of("<|pad|>"),
                Optional.of("{% for m in messages %}{{ m['content'] }}{% endfor %}")));
    return model;
  }

  /** A certificate for localhost that it signed itself, and its key, both as PEM. */
  static void certificate(Path certificate, Path key, Path folder) throws Exception {
    Path store = folder.resolve("store.p12");
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> opened = List.of("-keystore", store.toString(), "-storepass", "changeit");
    List<String> make = new ArrayList<>(List.of(tool, "-genkeypair", "-alias", "s"));
    make.addAll(opened);
    make.addAll(List.of("-keyalg", "EC", "-dname", "CN=localhost"));
    make.addAll(List.of("-ext", "san=dns:localhost,ip:127.0.0.1"));
    assertThat(new ProcessBuilder(make).start().waitFor()).isZero();
    List<String> export = new ArrayList<>(List.of(tool, "-exportcert", "-rfc", "-alias", "s"));
    export.addAll(opened);
    export.addAll(List.of("-file", certificate.toString()));
    assertThat(new ProcessBuilder(export).start().waitFor()).isZero();
    KeyStore all = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    byte[] secret = all.getKey("s", "changeit".toCharArray()).getEncoded();
    Files.writeString(
        key,
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(secret)
            + "\n-----END PRIVATE KEY-----\n");
  }

  /** A client that takes in little before it reads, so a long answer cannot be sent behind it. */
  Socket slowly(String path, String body) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, bytes.length);
    OutputStream to = socket.getOutputStream();
    to.write(head.getBytes(StandardCharsets.US_ASCII));
    to.write(bytes);
    return socket;
  }

  /** SIGTERM; what it says then can still be read. */
  void terminate() {
    boolean unused = process.toHandle().destroy();
  }

  /**
   * As Ctrl-C in a terminal: SIGINT to what it started, and SIGTERM to it, as whoever runs tests in
   * the background has them ignore SIGINT.
   */
  void interrupt() throws IOException, InterruptedException {
    var engines = new StringBuilder();
    process.children().forEach(child -> engines.append(' ').append(child.pid()));
    String kills = "kill -INT%s && kill -TERM %d".formatted(engines, process.pid());
    assertThat(new ProcessBuilder("sh", "-c", kills).start().waitFor()).isZero();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it said on standard error, once it has ended. */
  String remarks() throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  List<ProcessHandle> engines() {
    return process.children().toList();
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> left = engines();
    process.destroyForcibly();
    left.forEach(ProcessHandle::destroyForcibly);
    out.close();
  }
}

package dev.banyan.cli.bench;

import dev.banyan.cli.Banyan;
import dev.banyan.core.Json;
import dev.banyan.serve.EngineProfile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code banyan serve run MODEL --paced PROFILE} as a process of its own. */
final class GatewayProcess implements AutoCloseable {
  /**
   * What the {@code banyan} script gives {@code serve run}, and native access, which the manifest
   * of the jar gives that it starts.
   */
  static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC", "-Xmx1g", "-Djdk.pollerMode=1", "--enable-native-access=ALL-UNNAMED");

  private static final Pattern WHERE = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/v1 .*");

  private final Process process;
  private final Path profile;
  private final int port;

  private GatewayProcess(Process process, Path profile, int port) {
    this.process = process;
    this.profile = profile;
    this.port = port;
  }

  /** Starts it and waits until it says where it listens. */
  static GatewayProcess start(Path model, EngineProfile pace, int instances) throws IOException {
    Path profile = Files.createTempFile("banyan-pace", ".json");
    Json.write(profile, pace);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Banyan.class.getName()));
    command.addAll(List.of("serve", "run", model.toString(), "--paced", profile.toString()));
    command.addAll(List.of("--instances", Integer.toString(instances), "--port", "0"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    // not closed: the process may go on printing
    BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      Matcher where = WHERE.matcher(line);
      if (where.matches()) {
        return new GatewayProcess(process, profile, Integer.parseInt(where.group(1)));
      }
    }
    Files.deleteIfExists(profile);
    throw new IOException("the gateway did not start");
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  Path profile() {
    return profile;
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        Process unused = process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Process unused = process.destroyForcibly();
    }
    Files.deleteIfExists(profile);
  }
}

package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a gateway is opened with.
 *
 * @param adapters folders by the name they have after the model's, {@code model:name}
 * @param host where it listens; anything but loopback needs {@code keys}
 * @param port 0 for any free one
 * @param paced name or file of the profile of engines that compute nothing and take as long as it
 *     says; of the model only its words are used then. Empty for engines that compute
 * @param exact whether an answer may not depend on its company; false is quicker
 * @param keys file of key hashes and limits, see {@link ApiKeys}
 * @param tls certificate chain and key
 * @param decisions file every decision is written to, for {@link DecisionLog}
 * @param spans file of OpenTelemetry spans, OTLP/JSON, a line each request
 * @param mostOpen answers in the making; more are refused with 429
 */
public record GatewaySettings(
    Path model,
    Map<String, String> adapters,
    int instances,
    String host,
    int port,
    String paced,
    boolean exact,
    Optional<Path> keys,
    Optional<Tls> tls,
    Optional<Path> decisions,
    Optional<Path> spans,
    int mostOpen) {
  /** Two PEM files: the certificate with its chain, and a PKCS #8 key. */
  public record Tls(Path certificates, Path key) {}

  public GatewaySettings {
    adapters = Map.copyOf(adapters);
    if (instances < 1) {
      throw new UserInputException("instances is " + instances + ", must be at least 1");
    }
    requirePort(port);
    if (mostOpen < 1) {
      throw new UserInputException("most-open is " + mostOpen + ", must be at least 1");
    }
  }

  static void requirePort(int port) {
    if (port < 0 || port > 0xffff) {
      throw new UserInputException("port is " + port + ", must be 0 to 65535");
    }
  }

  /** On loopback, without keys, exact. */
  public static GatewaySettings of(Path model, int instances, int port) {
    return new GatewaySettings(
        model,
        Map.of(),
        instances,
        "127.0.0.1",
        port,
        "",
        true,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        2048);
  }

  /** The same with keys. */
  public GatewaySettings withKeys(Path file) {
    return new GatewaySettings(
        model,
        adapters,
        instances,
        host,
        port,
        paced,
        exact,
        Optional.of(file),
        tls,
        decisions,
        spans,
        mostOpen);
  }

  /** The same with TLS. */
  public GatewaySettings withTls(Path certificates, Path key) {
    return new GatewaySettings(
        model,
        adapters,
        instances,
        host,
        port,
        paced,
        exact,
        keys,
        Optional.of(new Tls(certificates, key)),
        decisions,
        spans,
        mostOpen);
  }

  /** The same with files of decisions and spans. */
  public GatewaySettings recording(Path decisionFile, Path spanFile) {
    return new GatewaySettings(
        model,
        adapters,
        instances,
        host,
        port,
        paced,
        exact,
        keys,
        tls,
        Optional.of(decisionFile),
        Optional.of(spanFile),
        mostOpen);
  }

  /** The same with a file of decisions. */
  public GatewaySettings recordingDecisions(Path file) {
    return new GatewaySettings(
        model,
        adapters,
        instances,
        host,
        port,
        paced,
        exact,
        keys,
        tls,
        Optional.of(file),
        spans,
        mostOpen);
  }

  /** The same with engines that only keep to a profile. */
  public GatewaySettings pacedBy(String profile) {
    return new GatewaySettings(
        model, adapters, instances, host, port, profile, exact, keys, tls, decisions, spans,
        mostOpen);
  }

  /** The same with another bound on answers in the making. */
  public GatewaySettings withMostOpen(int most) {
    return new GatewaySettings(
        model, adapters, instances, host, port, paced, exact, keys, tls, decisions, spans, most);
  }
}

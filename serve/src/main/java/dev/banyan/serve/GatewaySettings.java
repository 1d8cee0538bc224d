package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What a gateway is opened with. */
public record GatewaySettings(
    Served served, Address address, Access access, Recordings recordings) {

  /**
   * What is served.
   *
   * @param adapters folders by the name they have after the model's, {@code model:name}
   * @param paced name or file of the profile of engines that compute nothing and take as long as it
   *     says; of the model only its words are used then. Empty for engines that compute
   * @param exact whether an answer may not depend on its company; false is quicker
   */
  public record Served(
      Path model, Map<String, String> adapters, int instances, String paced, boolean exact) {
    public Served {
      adapters = Map.copyOf(adapters);
      if (instances < 1) {
        throw new UserInputException("instances is " + instances + ", must be at least 1");
      }
    }

    /** The model alone, exact. */
    public static Served of(Path model, int instances) {
      return new Served(model, Map.of(), instances, "", true);
    }

    Served pacedBy(String profile) {
      return new Served(model, adapters, instances, profile, exact);
    }
  }

  /**
   * Where a server listens.
   *
   * @param host anything but loopback needs {@link Access#keys}
   * @param port 0 for any free one
   * @param tls certificate chain and key
   */
  public record Address(String host, int port, Optional<Tls> tls) {
    public Address {
      if (port < 0 || port > 0xffff) {
        throw new UserInputException("port is " + port + ", must be 0 to 65535");
      }
    }

    /** For this machine alone. */
    public static Address loopback(int port) {
      return new Address("127.0.0.1", port, Optional.empty());
    }

    Address at(String otherHost) {
      return new Address(otherHost, port, tls);
    }

    Address speaking(Tls with) {
      return new Address(host, port, Optional.of(with));
    }
  }

  /** Two PEM files: the certificate with its chain, and a PKCS #8 key. */
  public record Tls(Path certificates, Path key) {}

  /**
   * Who may ask, and how much at once.
   *
   * @param keys file of key hashes and limits, see {@link ApiKeys}
   * @param mostOpen answers in the making; more are refused with 429
   */
  public record Access(Optional<Path> keys, int mostOpen) {
    /** Everybody who can connect. */
    public static final Access FREE = new Access(Optional.empty(), 2048);

    public Access {
      if (mostOpen < 1) {
        throw new UserInputException("most-open is " + mostOpen + ", must be at least 1");
      }
    }

    Access withKeys(Path file) {
      return new Access(Optional.of(file), mostOpen);
    }

    Access withMostOpen(int most) {
      return new Access(keys, most);
    }
  }

  /**
   * What is written down.
   *
   * @param decisions file every decision is written to, for {@link DecisionLog}
   * @param spans file of OpenTelemetry spans, OTLP/JSON, a line each request
   */
  public record Recordings(Optional<Path> decisions, Optional<Path> spans) {
    public static final Recordings NONE = new Recordings(Optional.empty(), Optional.empty());
  }

  /** On loopback, without keys, exact. */
  public static GatewaySettings of(Path model, int instances, int port) {
    return new GatewaySettings(
        Served.of(model, instances), Address.loopback(port), Access.FREE, Recordings.NONE);
  }

  /** The same at another host. */
  public GatewaySettings at(String host) {
    return new GatewaySettings(served, address.at(host), access, recordings);
  }

  /** The same with TLS. */
  public GatewaySettings withTls(Path certificates, Path key) {
    var tls = new Tls(certificates, key);
    return new GatewaySettings(served, address.speaking(tls), access, recordings);
  }

  /** The same with keys. */
  public GatewaySettings withKeys(Path file) {
    return new GatewaySettings(served, address, access.withKeys(file), recordings);
  }

  /** The same with another bound on answers in the making. */
  public GatewaySettings withMostOpen(int most) {
    return new GatewaySettings(served, address, access.withMostOpen(most), recordings);
  }

  /** The same with files of decisions and spans. */
  public GatewaySettings recording(Path decisions, Path spans) {
    var both = new Recordings(Optional.of(decisions), Optional.of(spans));
    return new GatewaySettings(served, address, access, both);
  }

  /** The same with a file of decisions. */
  public GatewaySettings recordingDecisions(Path file) {
    var more = new Recordings(Optional.of(file), recordings.spans());
    return new GatewaySettings(served, address, access, more);
  }

  /** The same with engines that only keep to a profile. */
  public GatewaySettings pacedBy(String profile) {
    return new GatewaySettings(served.pacedBy(profile), address, access, recordings);
  }
}

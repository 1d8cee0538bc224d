package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Talks to a running gateway. No flags here: picocli looks at the methods of what has any, and
 * these name JSON, which a plain start does not load.
 *
 * @param key its API key, or nothing
 * @param certificate a PEM file to trust instead of those the system trusts
 */
record GatewayClient(String url, String key, Optional<Path> certificate) {
  private static final Duration PATIENCE = Duration.ofMinutes(5); // a new instance loads a model

  GatewayClient {
    key = ApiKeys.sendable("--key", key);
  }

  /** A client that trusts the certificate; the caller closes it. */
  HttpClient http() {
    if (certificate.isEmpty()) {
      return HttpClient.newHttpClient();
    }
    try (InputStream in = Files.newInputStream(certificate.get())) {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      var all = CertificateFactory.getInstance("X.509").generateCertificates(in);
      for (Certificate each : all) {
        trusted.setCertificateEntry("gateway " + trusted.size(), each);
      }
      var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return HttpClient.newBuilder().sslContext(context).build();
    } catch (IOException | GeneralSecurityException e) {
      throw new UserInputException(certificate.get() + " is no certificate: " + e.getMessage(), e);
    }
  }

  /**
   * Asks and gives the answer.
   *
   * @throws UserInputException when nothing answers, or it refuses
   */
  JsonNode ask(String method, String path) throws IOException {
    HttpResponse<String> answer;
    try (HttpClient client = http()) {
      var request =
          HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + path))
              .timeout(PATIENCE)
              .method(method, HttpRequest.BodyPublishers.noBody());
      if (!key.isEmpty()) {
        request.header("Authorization", "Bearer " + key);
      }
      answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IllegalArgumentException e) {
      throw new UserInputException(url + " is no address: " + e.getMessage(), e);
    } catch (SSLException e) {
      throw new UserInputException(
          url
              + " speaks no TLS that is trusted here ("
              + e.getMessage()
              + "); --cert names its"
              + " certificate",
          e);
    } catch (IOException e) {
      throw new UserInputException(
          "no gateway answers at " + url + "; is 'banyan serve' running?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    JsonNode body;
    try {
      body = Json.mapper().readTree(answer.body());
    } catch (JacksonException e) {
      throw new UserInputException(url + " is no gateway of banyan", e);
    }
    if (answer.statusCode() != 200) {
      throw new UserInputException(
          "the gateway refuses: " + body.path("error").path("message").asString("no reason given"));
    }
    return body;
  }
}

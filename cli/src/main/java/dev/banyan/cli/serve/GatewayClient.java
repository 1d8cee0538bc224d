package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
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
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Where the running gateway is, for the commands that talk to one. */
final class GatewayClient {
  private static final Duration PATIENCE = Duration.ofMinutes(5); // a new instance loads a model

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The gateway (default: ${DEFAULT-VALUE}).")
  private String url = "http://127.0.0.1:8000";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      defaultValue = "${env:BANYAN_KEY}",
      description = "Its API key (default: the environment's BANYAN_KEY).")
  private @Nullable String key;

  @Option(
      names = "--cert",
      paramLabel = "PEM",
      description = "Trust this certificate, for a gateway whose own one nobody signed.")
  private @Nullable Path certificate;

  private HttpClient client() {
    if (certificate == null) {
      return HttpClient.newHttpClient();
    }
    try (InputStream in = Files.newInputStream(certificate)) {
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
      throw new UserInputException(certificate + " is no certificate: " + e.getMessage(), e);
    }
  }

  /**
   * Asks and gives the answer.
   *
   * @throws UserInputException when nothing answers, or it refuses
   */
  JsonNode ask(String method, String path) throws IOException {
    HttpResponse<String> answer;
    try (HttpClient client = client()) {
      var request =
          HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + path))
              .timeout(PATIENCE)
              .method(method, HttpRequest.BodyPublishers.noBody());
      if (key != null && !key.isEmpty()) {
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

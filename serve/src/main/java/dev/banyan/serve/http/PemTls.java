package dev.banyan.serve.http;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.GatewaySettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Sockets that speak TLS with a certificate and a key in PEM files (RFC 7468). */
public final class PemTls {
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";

  private PemTls() {}

  /**
   * Sockets for servers.
   *
   * @throws UserInputException when the files are not as they should be
   */
  public static ServerSocketFactory sockets(GatewaySettings.Tls tls) {
    char[] none = {};
    try {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(Files.readAllBytes(tls.certificates())))
              .toArray(new Certificate[0]);
      if (chain.length == 0) {
        throw new UserInputException(tls.certificates() + " has no certificate");
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, none);
      store.setKeyEntry("server", key(tls.key(), chain[0]), none, chain);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, none);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context.getServerSocketFactory();
    } catch (IOException | GeneralSecurityException e) {
      throw new UserInputException(
          "%s and %s are no PEM certificate with its key: %s"
              .formatted(tls.certificates(), tls.key(), e.getMessage()),
          e);
    }
  }

  private static PrivateKey key(Path file, Certificate certificate)
      throws IOException, GeneralSecurityException {
    String text = Files.readString(file, StandardCharsets.US_ASCII);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new UserInputException(
          file
              + " has no 'BEGIN PRIVATE KEY' (PKCS #8, not encrypted);"
              + " 'openssl pkcs8 -topk8 -nodes' makes one of other kinds");
    }
    byte[] bytes;
    try {
      bytes = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
    } catch (IllegalArgumentException e) {
      throw new UserInputException(file + " holds a key that is not base64", e);
    }
    return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
        .generatePrivate(new PKCS8EncodedKeySpec(bytes));
  }
}

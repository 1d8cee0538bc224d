package dev.banyan.serve.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The page at {@code /} of a gateway: it asks {@code /status} twice a second and has buttons for
 * {@code /drain/ID}, {@code /resume/ID} and {@code /scale/N}. It holds nothing secret, so it is
 * given without a key; what it asks needs one.
 */
public final class StatusPage {
  private final String html;

  public StatusPage() {
    try (InputStream in = StatusPage.class.getResourceAsStream("page.html")) {
      if (in == null) {
        throw new IOException("page.html is not on the class path");
      }
      this.html = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Answers with it. */
  public void answer(Exchange exchange) throws IOException {
    exchange.send(200, "text/html; charset=utf-8", html);
  }
}

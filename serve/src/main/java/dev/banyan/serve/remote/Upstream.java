package dev.banyan.serve.remote;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One request to a backend. Closing it before its answer has come closes the connection, and that
 * is how every one of these servers is told to give a request up.
 */
final class Upstream implements AutoCloseable {
  /** Of an answer that is no stream. */
  private static final int MOST_BYTES = 64 << 20;

  /** What is said of a longer one. */
  static final String TOO_LONG =
      "the backend's answer is longer than %d bytes".formatted(MOST_BYTES);

  private final CompletableFuture<HttpResponse<InputStream>> answer;
  private final AtomicBoolean closed = new AtomicBoolean();

  Upstream(HttpClient client, HttpRequest request) {
    this.answer = client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  /**
   * Waits for the head of the answer.
   *
   * @throws IOException when the backend cannot be reached, breaks off, or was left
   */
  HttpResponse<InputStream> answer() throws IOException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (CancellationException e) {
      throw new IOException("left", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** All of an answer; nothing of one that is longer than the gateway passes on. */
  static Optional<byte[]> whole(HttpResponse<InputStream> answer) throws IOException {
    byte[] all = answer.body().readNBytes(MOST_BYTES + 1);
    return all.length > MOST_BYTES ? Optional.empty() : Optional.of(all);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    boolean unused = answer.cancel(true);
    if (answer.isDone() && !answer.isCompletedExceptionally()) {
      try {
        answer.resultNow().body().close();
      } catch (IOException e) {
        // it is gone either way
      }
    }
  }
}

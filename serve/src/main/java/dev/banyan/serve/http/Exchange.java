package dev.banyan.serve.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A request and its answer. */
public final class Exchange {
  /** How often it is looked whether a client that sent its next request already is still there. */
  private static final int LOOK_MILLIS = 20;

  private static final String NO_ANSWER = "the server could not answer";
  private static final String CLOSE = "Connection: close\r\n";
  private static final String STREAM =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n";

  private final Incoming in;
  private final Outgoing out;
  private final IntConsumer next;
  private final CompletableFuture<Boolean> over = new CompletableFuture<>();
  private final CountDownLatch heardNext = new CountDownLatch(1);
  private final AtomicBoolean watched = new AtomicBoolean();
  private @Nullable Request request;
  private String allowed = "";
  private byte[] body = {};
  private boolean chunked;
  private boolean answered;
  private boolean ends;
  private volatile Runnable onGone = () -> {};
  private volatile boolean gone;
  private final Trip trip = new Trip();

  /**
   * @param next answers the request that begins with a byte; -1 ends the connection
   */
  Exchange(Incoming in, Outgoing out, IntConsumer next) {
    this.in = in;
    this.out = out;
    this.next = next;
  }

  /** Answers a request that could not be read to its end, after which none can follow. */
  void refuse(int status, @Nullable String why) throws IOException {
    ends = true;
    send(status, "application/json", OpenAiError.of(status, why));
  }

  /** Answers for one that failed, after which none can follow. */
  void fail() throws IOException {
    refuse(500, NO_ANSWER);
  }

  /** No request can follow. */
  void end() {
    ends = true;
  }

  /** Whether an answer has begun. */
  boolean isAnswered() {
    return answered;
  }

  /** The answer is written; another request may follow, or the connection ends. */
  void over(boolean keepsOpen) {
    boolean unused = over.complete(keepsOpen);
  }

  /** What was asked is not needed while the connection waits for another request. */
  void forget() {
    body = new byte[0];
    synchronized (over) {
      onGone = () -> {};
    }
  }

  void read(int first, HttpServer.Gate gate, int mostBodyBytes, BodyRoom.Share room)
      throws IOException {
    request = Request.head(in, first);
    if (request.hasBody()) {
      gate.admit(this);
    }
    body = request.body(in, mostBodyBytes, room, out);
  }

  /** Begins to wait for the next request's first byte, or for the client's end. Once is enough. */
  void watch() {
    if (!watched.compareAndSet(false, true)) {
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              int c = heard();
              heardNext.countDown();
              next.accept(over.join() ? c : -1);
            });
  }

  /**
   * The next request's first byte; -1 when the client is gone. While the answer is in the making a
   * client may go though it sent its next request already.
   */
  private int heard() {
    int c;
    boolean stays;
    try {
      c = in.first();
      stays = c >= 0;
      while (stays && !over.isDone()) {
        stays = in.goesOn(LOOK_MILLIS);
      }
    } catch (IOException e) {
      c = -1;
      stays = false;
    }
    if (!stays && !over.isDone()) {
      leave();
      return -1;
    }
    return c;
  }

  private void leave() {
    Runnable what;
    synchronized (over) {
      gone = true;
      what = onGone;
      onGone = () -> {};
    }
    what.run();
  }

  /** Whether something came in time. */
  boolean hearsNext(long millis) {
    try {
      return heardNext.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Runs once when the client goes away before it is answered. */
  public void onGone(Runnable what) {
    boolean already;
    synchronized (over) {
      already = gone;
      onGone = already ? onGone : what;
    }
    if (already) {
      what.run();
    } else {
      watch();
    }
  }

  public boolean isGone() {
    return gone;
  }

  /** What it comes to. */
  public Trip trip() {
    return trip;
  }

  public String method() {
    return request == null ? "" : request.method;
  }

  public String path() {
    String target = request == null ? "" : request.target;
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /**
   * What of the path comes after a prefix, percent-decoded (RFC 3986, section 2.1); as it is where
   * it is not well encoded.
   */
  public String pathAfter(String prefix) {
    String part = path().startsWith(prefix) ? path().substring(prefix.length()) : path();
    try {
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return part;
    }
  }

  public byte[] body() {
    return body;
  }

  /** A header's value; empty without it. */
  public String header(String name) {
    return request == null ? "" : request.header(name);
  }

  boolean keepsOpen() {
    return !gone && !ends && request != null && request.keepsOpen();
  }

  /** Methods that its path takes, for an answer with status 405. */
  void allow(String methods) {
    allowed = methods;
  }

  private String extraHeaders(int status, long retrySeconds) {
    String end = keepsOpen() ? "" : CLOSE;
    return end
        + switch (status) {
          case 401 -> "WWW-Authenticate: Bearer\r\n";
          case 405 -> "Allow: %s\r\n".formatted(allowed);
          case 429, 503 -> "Retry-After: %d\r\n".formatted(retrySeconds);
          default -> "";
        };
  }

  public void send(int status, String type, String text) throws IOException {
    send(status, type, text, 1);
  }

  /** Answers; with 429 and 503 the client is told when to ask again. */
  public void send(int status, String type, String text, long retrySeconds) throws IOException {
    send(status, type, text.getBytes(StandardCharsets.UTF_8), retrySeconds);
  }

  /**
   * Answers with bytes as they are.
   *
   * @throws IllegalStateException when it was answered, or a stream has begun
   */
  public void send(int status, String type, byte[] bytes, long retrySeconds) throws IOException {
    requireNone(answered);
    String head =
        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
            .formatted(
                status,
                status < 400 ? "OK" : "Error",
                type,
                bytes.length,
                extraHeaders(status, retrySeconds));
    byte[] start = head.getBytes(StandardCharsets.US_ASCII);
    int length = method().equals("HEAD") ? 0 : bytes.length; // of the body only, RFC 9110, 9.3.2
    byte[] all = Arrays.copyOf(start, start.length + length);
    System.arraycopy(bytes, 0, all, start.length, length);
    answered = true;
    out.write(all);
  }

  /** A second answer would be taken for that of the next request. */
  private void requireNone(boolean already) {
    if (already) {
      ends = true;
      throw new IllegalStateException("the request was answered already");
    }
  }

  /** A part of a stream of events, sent at once. */
  public void event(String text) throws IOException {
    event(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A part of a stream of events as it is, sent at once. */
  public void event(byte[] bytes) throws IOException {
    requireNone(answered && !chunked);
    boolean plain = request != null && request.isOld; // whose end is the connection's
    var part = new ByteArrayOutputStream();
    if (!chunked) {
      chunked = true;
      answered = true;
      String frame = plain ? "" : "Transfer-Encoding: chunked\r\n";
      part.writeBytes(
          (STREAM + frame + (keepsOpen() ? "" : CLOSE) + "\r\n")
              .getBytes(StandardCharsets.US_ASCII));
    }
    if (plain) {
      part.writeBytes(bytes);
    } else {
      part.writeBytes(
          (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
      part.writeBytes(bytes);
      part.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    out.write(part.toByteArray());
  }

  public boolean isStreaming() {
    return chunked;
  }

  void finish() throws IOException {
    if (chunked) {
      if (request == null || !request.isOld) {
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
    } else if (!answered) {
      send(500, "application/json", OpenAiError.of(500, NO_ANSWER));
    }
  }
}

package dev.banyan.serve.http;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import javax.net.ServerSocketFactory;

/**
 * HTTP/1.1 (RFC 9112) on virtual threads, one per connection. While a request is answered another
 * thread waits for the connection's next byte, so that a client that goes away is noticed at once;
 * that is what the usual servers keep from their handlers. Helidon SE 4, which is well kept and has
 * the rest, was considered: a handler of its blocking routing learns that its client left only when
 * it writes, so a request that waits in a queue would keep its place and its memory.
 */
public final class HttpServer implements AutoCloseable {
  private static final String HEAD_END = "\r\n\r\n";
  private static final int MOST_HEAD_BYTES = 32 * 1024;
  private static final int HEAD_MILLIS = 10_000;
  private static final int IDLE_MILLIS = 75_000;
  private static final int BODY_MILLIS = 30_000;
  private static final int LINGER_MILLIS = 5_000;

  private final ServerSocket server;
  private final int mostBodyBytes;
  private final Semaphore connections;
  private final AtomicInteger answering = new AtomicInteger();
  private final Handler handler;

  /** Answers requests. */
  @FunctionalInterface
  public interface Handler {
    void answer(Exchange exchange) throws IOException;
  }

  /** A request that cannot be answered, with its status. */
  public static final class BadRequestException extends IOException {
    private static final long serialVersionUID = 1;
    public final int status;

    /** OpenAI's name for it; empty when it has none. */
    public final String code;

    public BadRequestException(int status, String message) {
      this(status, message, "");
    }

    public BadRequestException(int status, String message, String code) {
      super(message);
      this.status = status;
      this.code = code;
    }
  }

  /**
   * Listens and answers.
   *
   * @param mostConnections more are closed at once
   */
  public HttpServer(
      ServerSocketFactory sockets,
      InetSocketAddress at,
      int mostConnections,
      int mostBodyBytes,
      Handler handler)
      throws IOException {
    this.server = sockets.createServerSocket();
    this.server.setReuseAddress(true);
    this.server.bind(at, 1024);
    this.mostBodyBytes = mostBodyBytes;
    this.connections = new Semaphore(mostConnections);
    this.handler = handler;
    Thread.ofPlatform().daemon().name("http").start(this::accept);
  }

  /** Requests whose answer is not wholly written. */
  public int answering() {
    return answering.get();
  }

  public int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        var connection = new Connection(server.accept());
        if (connections.tryAcquire()) {
          Thread.ofVirtual().start(connection::begin);
        } else {
          connection.socket.close();
        }
      } catch (IOException e) {
        // closed, or one connection that failed before it began
      }
    }
  }

  /** A client's connection, on which one request is answered after the other. */
  private final class Connection {
    private final Socket socket;
    private final Incoming in;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Connection(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new Incoming(socket);
    }

    private void begin() {
      int first = -1;
      try {
        socket.setTcpNoDelay(true);
        first = in.await(IDLE_MILLIS);
      } catch (IOException e) {
        // the client went away before it asked
      }
      answer(first);
    }

    private void close() {
      if (closed.compareAndSet(false, true)) {
        try {
          socket.close();
        } catch (IOException e) {
          // it is gone either way
        }
        connections.release();
      }
    }

    /**
     * Answers the request that begins with a byte. The thread that hears the beginning of the next
     * one answers that, so no thread waits to be woken by another.
     */
    private void answer(int first) {
      boolean keepsOpen = false;
      Exchange exchange = null;
      try {
        if (first >= 0) {
          exchange = new Exchange(socket, in, this::answer);
          keepsOpen = answered(exchange, first);
        }
      } catch (IOException e) {
        // the client went away
      } finally {
        // nobody hears the next request of a connection that is closed
        if (!keepsOpen) {
          close();
        }
        if (exchange != null) {
          exchange.over.complete(keepsOpen);
        }
      }
      if (exchange != null && keepsOpen && !exchange.hearsNext(IDLE_MILLIS)) {
        close();
      }
    }

    /** Whether the connection can be used for another request. */
    private boolean answered(Exchange exchange, int first) throws IOException {
      try {
        exchange.read(first, mostBodyBytes);
      } catch (BadRequestException e) {
        exchange.send(e.status, "application/json", OpenAiError.of(e.status, e.getMessage()));
        hangUp();
        return false;
      } catch (SocketTimeoutException e) {
        exchange.send(408, "application/json", OpenAiError.of(408, "the request came too slowly"));
        return false;
      }
      answering.incrementAndGet();
      try {
        handler.answer(exchange);
        exchange.finish();
      } finally {
        answering.decrementAndGet();
      }
      exchange.watch();
      return exchange.keepsOpen();
    }

    /**
     * Closes after what is still coming was read: a connection closed with unread bytes is reset,
     * and the client never sees the answer (RFC 9112, section 9.6).
     */
    private void hangUp() throws IOException {
      socket.shutdownOutput();
      in.drain(System.nanoTime() + LINGER_MILLIS * 1_000_000L);
    }
  }

  /** A request and its answer. */
  public static final class Exchange {
    private final Incoming in;
    private final OutputStream out;
    private final IntConsumer next;
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();
    private final CountDownLatch heardNext = new CountDownLatch(1);
    private final AtomicBoolean watched = new AtomicBoolean();
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private String method = "";
    private String path = "";
    private String allowed = "";
    private byte[] body = {};
    private boolean chunked;
    private boolean answered;
    private volatile Runnable onGone = () -> {};
    private volatile boolean gone;
    private final Trip trip = new Trip();

    /**
     * @param next answers the request that begins with a byte; -1 ends the connection
     */
    private Exchange(Socket socket, Incoming in, IntConsumer next) throws IOException {
      this.in = in;
      this.next = next;
      this.out = socket.getOutputStream();
    }

    private void read(int first, int mostBodyBytes) throws IOException {
      long deadline = System.nanoTime() + HEAD_MILLIS * 1_000_000L;
      var head = new StringBuilder();
      int matched = 0;
      for (int c = first; ; c = in.read(deadline)) {
        head.append((char) c);
        matched = c == HEAD_END.charAt(matched) ? matched + 1 : c == '\r' ? 1 : 0;
        if (matched == HEAD_END.length()) {
          break;
        }
        if (head.length() > MOST_HEAD_BYTES) {
          throw new BadRequestException(431, "the request's headers are too large");
        }
      }
      String[] lines = head.toString().split("\r\n");
      String[] words = lines[0].strip().split(" ");
      if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
        throw new BadRequestException(400, "this is no HTTP/1.1 request");
      }
      method = words[0];
      path = words[1];
      for (int i = 1; i < lines.length; i++) {
        int colon = lines[i].indexOf(':');
        if (colon <= 0) {
          throw new BadRequestException(400, "a header has no name");
        }
        headers.put(lines[i].substring(0, colon), lines[i].substring(colon + 1).strip());
      }
      readBody(mostBodyBytes);
    }

    private void readBody(int most) throws IOException {
      long deadline = System.nanoTime() + BODY_MILLIS * 1_000_000L;
      String length = header("Content-Length");
      boolean chunks = header("Transfer-Encoding").toLowerCase(Locale.ROOT).contains("chunked");
      if (chunks && !length.isEmpty()) {
        throw new BadRequestException(
            400, "Content-Length and Transfer-Encoding exclude each other");
      }
      int bytes = chunks ? 0 : size(length.isEmpty() ? "0" : length, 10, most);
      if (header("Expect").equalsIgnoreCase("100-continue")) {
        out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
      if (!chunks) {
        body = in.read(bytes, deadline);
        return;
      }
      var all = new java.io.ByteArrayOutputStream();
      while (true) {
        int size = size(line(deadline).split(";")[0].strip(), 16, most - all.size());
        all.write(in.read(size, deadline));
        String end = line(deadline);
        if (size == 0) {
          while (!end.isEmpty()) {
            end = line(deadline);
          }
          body = all.toByteArray();
          return;
        }
      }
    }

    private static int size(String text, int radix, int most) throws BadRequestException {
      long size;
      try {
        size = Long.parseLong(text, radix);
      } catch (NumberFormatException e) {
        throw new BadRequestException(400, "the length of the body is no number");
      }
      if (size < 0) {
        throw new BadRequestException(400, "the length of the body is negative");
      }
      if (size > most) {
        throw new BadRequestException(413, "the body is too large");
      }
      return (int) size;
    }

    private String line(long deadline) throws IOException {
      var line = new StringBuilder();
      int c = in.read(deadline);
      while (c != '\n') {
        line.append((char) c);
        if (line.length() > 8192) {
          throw new BadRequestException(400, "a line of the body's frame is too long");
        }
        c = in.read(deadline);
      }
      return line.toString().strip();
    }

    /**
     * Begins to wait for the next request's first byte, or for the client's end. Once is enough.
     */
    private void watch() {
      if (!watched.compareAndSet(false, true)) {
        return;
      }
      Thread.ofVirtual()
          .start(
              () -> {
                int c;
                try {
                  c = in.await(0);
                } catch (IOException e) {
                  c = -1;
                }
                if (c < 0) {
                  gone = true;
                  onGone.run();
                }
                heardNext.countDown();
                next.accept(over.join() ? c : -1);
              });
    }

    /** Whether something came in time. */
    private boolean hearsNext(long millis) {
      try {
        return heardNext.await(millis, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /** Runs once when the client goes away before it is answered. */
    public void onGone(Runnable what) {
      onGone = what;
      watch();
      if (gone) {
        what.run();
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
      return method;
    }

    public String path() {
      int query = path.indexOf('?');
      return query < 0 ? path : path.substring(0, query);
    }

    public byte[] body() {
      return body;
    }

    /** A header's value; empty without it. */
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }

    private boolean keepsOpen() {
      return !gone && !header("Connection").equalsIgnoreCase("close");
    }

    /** Methods that its path takes, for an answer with status 405. */
    void allow(String methods) {
      allowed = methods;
    }

    private String extraHeaders(int status, long retrySeconds) {
      return switch (status) {
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

    /** Answers with bytes as they are. */
    public void send(int status, String type, byte[] bytes, long retrySeconds) throws IOException {
      answered = true;
      String head =
          "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
              .formatted(
                  status,
                  status < 400 ? "OK" : "Error",
                  type,
                  bytes.length,
                  extraHeaders(status, retrySeconds));
      byte[] start = head.getBytes(StandardCharsets.US_ASCII);
      byte[] all = java.util.Arrays.copyOf(start, start.length + bytes.length);
      System.arraycopy(bytes, 0, all, start.length, bytes.length);
      out.write(all);
      out.flush();
    }

    /** A part of a stream of events, sent at once. */
    public void event(String text) throws IOException {
      event(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A part of a stream of events as it is, sent at once. */
    public void event(byte[] bytes) throws IOException {
      var part = new java.io.ByteArrayOutputStream();
      if (!chunked) {
        chunked = true;
        answered = true;
        part.writeBytes(
            String.join(
                    "\r\n",
                    "HTTP/1.1 200 OK",
                    "Content-Type: text/event-stream",
                    "Cache-Control: no-cache",
                    "Transfer-Encoding: chunked",
                    "",
                    "")
                .getBytes(StandardCharsets.US_ASCII));
      }
      part.writeBytes(
          (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
      part.writeBytes(bytes);
      part.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
      out.write(part.toByteArray());
      out.flush();
    }

    public boolean isStreaming() {
      return chunked;
    }

    private void finish() throws IOException {
      if (chunked) {
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      } else if (!answered) {
        send(500, "application/json", OpenAiError.of(500, "the server could not answer"));
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

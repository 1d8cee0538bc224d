package dev.banyan.serve.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 (RFC 9112) on virtual threads, one per connection. While a request is answered another
 * thread waits for the connection's next byte, so that a client that goes away is noticed at once;
 * that is what the usual servers keep from their handlers. Helidon SE 4, which is well kept and has
 * the rest, was considered: a handler of its blocking routing learns that its client left only when
 * it writes, so a request that waits in a queue would keep its place and its memory.
 */
public final class HttpServer implements AutoCloseable {
  private static final int LINGER_MILLIS = 5_000;

  /** How often it is looked whether a client that sent its next request already is still there. */
  private static final int LOOK_MILLIS = 20;

  private static final String NO_ANSWER = "the server could not answer";
  private static final String CLOSE = "Connection: close\r\n";
  private static final String STREAM =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n";
  private static final long PAUSE_NANOS = 5_000_000;

  /** Of the heap, for the bodies of all requests together. */
  private static final int BODIES_SHARE = 8;

  private final ServerSocket server;
  private final int mostBodyBytes;
  private final BodyRoom bodies = new BodyRoom(Runtime.getRuntime().maxMemory() / BODIES_SHARE);
  private final Semaphore connections;
  private final AtomicInteger answering = new AtomicInteger();
  private final AtomicInteger posts = new AtomicInteger();
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final Patience patience;
  private final Gate gate;
  private final Handler handler;

  /** Answers requests. */
  @FunctionalInterface
  public interface Handler {
    void answer(Exchange exchange) throws IOException;
  }

  /** Looks at the heads of requests before their bodies are read. */
  @FunctionalInterface
  public interface Gate {
    /**
     * Lets a request's body be read.
     *
     * @throws BadRequestException when it is refused whatever its body is, after which its
     *     connection is closed
     */
    void admit(Exchange exchange) throws BadRequestException;
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
   * @param gate asked before a body is read
   */
  public HttpServer(
      ServerSocketFactory sockets,
      InetSocketAddress at,
      int mostConnections,
      int mostBodyBytes,
      Gate gate,
      Handler handler)
      throws IOException {
    this(sockets, at, mostConnections, mostBodyBytes, gate, handler, Patience.USUAL);
  }

  HttpServer(
      ServerSocketFactory sockets,
      InetSocketAddress at,
      int mostConnections,
      int mostBodyBytes,
      Gate gate,
      Handler handler,
      Patience patience)
      throws IOException {
    this.server = sockets.createServerSocket();
    this.server.setReuseAddress(true);
    this.server.bind(at, 1024);
    this.mostBodyBytes = mostBodyBytes;
    this.connections = new Semaphore(mostConnections);
    this.gate = gate;
    this.handler = handler;
    this.patience = patience;
    Thread.ofPlatform().daemon().name("http").start(this::accept);
    Thread.ofVirtual().start(this::look);
  }

  /** Requests whose answer is not wholly written. */
  public int answering() {
    return answering.get();
  }

  /** Of them those that were posted: probes and pages, which only look, are not among them. */
  public int answeringPosts() {
    return posts.get();
  }

  public int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        var connection = new Connection(server.accept());
        if (connections.tryAcquire()) {
          connection.begin();
        } else {
          connection.socket.close();
        }
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        // closed, one connection that failed before it began, or nothing left for another one now
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private static void tell(Throwable bug) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, bug);
  }

  /** Ends connections whose clients let the server wait for too long, until all are closed. */
  private void look() {
    while (!server.isClosed() || !open.isEmpty()) {
      LockSupport.parkNanos(patience.nanosBetweenLooks());
      for (Connection each : open) {
        if (each.lastsTooLong()) {
          Thread.ofVirtual().start(each::cutOff);
        }
      }
    }
  }

  /** A client's connection, on which one request is answered after the other. */
  private final class Connection {
    private final Socket socket;
    private final Incoming in;
    private final Outgoing out;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final long since = System.nanoTime();
    private volatile boolean asked;

    private Connection(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new Incoming(socket);
      this.out = new Outgoing(socket);
    }

    private void begin() {
      open.add(this);
      boolean begun = false;
      try {
        Thread.ofVirtual().start(this::first);
        begun = true;
      } finally {
        if (!begun) {
          close();
        }
      }
    }

    private void first() {
      int first = -1;
      try {
        socket.setTcpNoDelay(true);
        first = in.first(); // over TLS with all that comes before it
        asked = true;
      } catch (IOException e) {
        // the client went away before it asked
      }
      answer(first);
    }

    private void close() {
      if (closed.compareAndSet(false, true)) {
        try {
          out.close();
        } catch (IOException e) {
          // it is gone either way
        }
        open.remove(this);
        connections.release();
      }
    }

    private boolean lastsTooLong() {
      return (!asked && System.nanoTime() - since > patience.begin().toNanos())
          || out.lasts(patience.write().toNanos());
    }

    /** Closes now; what a client does not take, the last words of TLS too, is dropped. */
    private void cutOff() {
      try {
        socket.setSoLinger(true, 0);
        socket.close();
      } catch (IOException e) {
        // it is gone either way
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
          exchange = new Exchange(in, out, this::answer);
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
      if (exchange != null && keepsOpen && !exchange.hearsNext(patience.begin().toMillis())) {
        close();
      }
    }

    /** Whether the connection can be used for another request. */
    private boolean answered(Exchange exchange, int first) throws IOException {
      try (BodyRoom.Share room = bodies.share()) {
        try {
          exchange.read(first, gate, mostBodyBytes, room);
        } catch (BadRequestException e) {
          exchange.refuse(e.status, e.getMessage());
          hangUp();
          return false;
        } catch (SocketTimeoutException e) {
          exchange.refuse(408, "the request came too slowly");
          return false;
        } catch (RuntimeException | Error e) {
          tell(e);
          exchange.refuse(500, NO_ANSWER);
          hangUp();
          return false;
        }
        int post = exchange.method().equals("POST") ? 1 : 0;
        answering.incrementAndGet();
        posts.addAndGet(post);
        try {
          handled(exchange);
        } finally {
          posts.addAndGet(-post);
          answering.decrementAndGet();
          exchange.forget();
        }
      }
      exchange.watch();
      return exchange.keepsOpen();
    }

    /** A handler that fails before it answered is answered for; later it ends the connection. */
    private void handled(Exchange exchange) throws IOException {
      try {
        handler.answer(exchange);
      } catch (IOException | RuntimeException | Error e) {
        if (e instanceof IOException broken && (exchange.answered || exchange.gone)) {
          throw broken; // the client went away
        }
        tell(e);
        if (exchange.answered) {
          exchange.ends = true;
          return;
        }
      }
      exchange.finish();
    }

    /**
     * Closes after what is still coming was read: a connection closed with unread bytes is reset,
     * and the client never sees the answer (RFC 9112, section 9.6).
     */
    private void hangUp() throws IOException {
      out.end();
      in.drain(System.nanoTime() + LINGER_MILLIS * 1_000_000L);
    }
  }

  /** A request and its answer. */
  public static final class Exchange {
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
    private Exchange(Incoming in, Outgoing out, IntConsumer next) {
      this.in = in;
      this.out = out;
      this.next = next;
    }

    /** Answers a request that could not be read to its end, after which none can follow. */
    private void refuse(int status, @Nullable String why) throws IOException {
      ends = true;
      send(status, "application/json", OpenAiError.of(status, why));
    }

    /** What was asked is not needed while the connection waits for another request. */
    private void forget() {
      body = new byte[0];
      synchronized (over) {
        onGone = () -> {};
      }
    }

    private void read(int first, Gate gate, int mostBodyBytes, BodyRoom.Share room)
        throws IOException {
      request = Request.head(in, first);
      if (request.hasBody()) {
        gate.admit(this);
      }
      body = request.body(in, mostBodyBytes, room, out);
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
                int c = heard();
                heardNext.countDown();
                next.accept(over.join() ? c : -1);
              });
    }

    /**
     * The next request's first byte; -1 when the client is gone. While the answer is in the making
     * a client may go though it sent its next request already.
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
     * What of the path comes after a prefix, percent-decoded (RFC 3986, section 2.1); as it is
     * where it is not well encoded.
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

    private boolean keepsOpen() {
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

    private void finish() throws IOException {
      if (chunked) {
        if (request == null || !request.isOld) {
          out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
      } else if (!answered) {
        send(500, "application/json", OpenAiError.of(500, NO_ANSWER));
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

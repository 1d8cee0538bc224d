package dev.banyan.serve.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ServerSocketFactory;

/**
 * HTTP/1.1 (RFC 9112) on virtual threads, one per connection. While a request is answered another
 * thread waits for the connection's next byte, so that a client that goes away is noticed at once;
 * that is what the usual servers keep from their handlers. Helidon SE 4, which is well kept and has
 * the rest, was considered: a handler of its blocking routing learns that its client left only when
 * it writes, so a request that waits in a queue would keep its place and its memory.
 */
public final class HttpServer implements AutoCloseable {
  private static final int LINGER_MILLIS = 5_000;
  private static final int LOOK_MILLIS = 20;
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

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

  /**
   * Waits until every answer is written. What has not ended in time, or when this thread is
   * interrupted, is ended and waited for a moment more; the interrupt stays.
   *
   * @param endAll has every answer end
   */
  public void finish(Duration patience, Runnable endAll) {
    boolean hurried = false;
    boolean written = false;
    try {
      written = written(patience);
    } catch (InterruptedException e) {
      hurried = true;
    }
    if (!written) {
      endAll.run();
      try {
        boolean unused = written(LAST_WORDS);
      } catch (InterruptedException e) {
        hurried = true;
      }
    }
    if (hurried) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean written(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (answering() > 0) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(LOOK_MILLIS);
    }
    return true;
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
          exchange.over(keepsOpen);
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
          exchange.fail();
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
        if (e instanceof IOException broken && (exchange.isAnswered() || exchange.isGone())) {
          throw broken; // the client went away
        }
        tell(e);
        if (exchange.isAnswered()) {
          exchange.end();
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

  @Override
  public void close() throws IOException {
    server.close();
  }
}

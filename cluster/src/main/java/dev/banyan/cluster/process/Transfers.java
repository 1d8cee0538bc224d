package dev.banyan.cluster.process;

import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine.Direction;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Receiver-driven transfers over TCP: one connection per ordered pair, data one way, credits the
 * other. A sender writes only after the receiver has posted its buffer and said so with one byte.
 * What happens is told as it happens: {@code post, first, last} by the receiver, {@code credit,
 * sent} by the sender.
 */
final class Transfers implements AutoCloseable {
  private static final int CONNECT_SECONDS = 30;

  /** Read at once, so that the first byte is seen when it comes and not with the last. */
  private static final int PIECE = 16 << 10;

  private static final int RETRY_MILLIS = 20;

  private final EventLines events;
  private final Checkpoint checkpoint;
  private final Map<Integer, SocketChannel> out = new HashMap<>();
  private final Map<Integer, SocketChannel> in = new HashMap<>();
  private final ExecutorService sender =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "sender");
            thread.setDaemon(true);
            return thread;
          });

  /** A place at which the lab may hold this rank. */
  interface Checkpoint {
    /** Called once half of an incoming message has been read. */
    void insideTransfer() throws InterruptedException;
  }

  Transfers(EventLines events, Checkpoint checkpoint) {
    this.events = events;
    this.checkpoint = checkpoint;
  }

  /** Opens the connections to {@code targets} and takes those of {@code sources}. */
  void connect(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocketChannel listener,
      List<Integer> targets,
      List<Integer> sources)
      throws IOException, InterruptedException {
    ByteBuffer name = ByteBuffer.allocate(Integer.BYTES);
    for (int target : targets) {
      SocketChannel channel = dial(addresses.get(target));
      name.clear().putInt(rank).flip();
      writeAll(channel, name);
      out.put(target, channel);
    }
    while (in.size() < sources.size()) {
      SocketChannel channel = listener.accept();
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      readAll(channel, name.clear());
      in.put(name.getInt(0), channel);
    }
  }

  private static SocketChannel dial(InetSocketAddress address)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + CONNECT_SECONDS * 1_000_000_000L;
    while (true) {
      try {
        SocketChannel channel = SocketChannel.open(address);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
      } catch (IOException e) { // not listening yet
        if (System.nanoTime() > until) {
          throw new IOException(address + " could not be reached: " + e.getMessage(), e);
        }
        Thread.sleep(RETRY_MILLIS);
      }
    }
  }

  /** Sends one buffer and receives another, side by side; returns when both are done. */
  void pass(Operation operation, int to, ByteBuffer outgoing, int from, ByteBuffer incoming)
      throws IOException, InterruptedException {
    Future<?> sending =
        sender.submit(
            () -> {
              send(operation, to, outgoing);
              return true;
            });
    receive(operation, from, incoming);
    try {
      sending.get();
    } catch (ExecutionException e) {
      throw new IOException("sending to rank " + to + ": " + e.getCause(), e);
    }
  }

  private void send(Operation operation, int to, ByteBuffer outgoing) throws IOException {
    SocketChannel channel = channel(out, to);
    int bytes = outgoing.remaining();
    readAll(channel, ByteBuffer.allocate(1));
    events.transfer(EventKind.CREDIT, operation, to, Direction.TX, bytes);
    writeAll(channel, outgoing);
    events.transfer(EventKind.SENT, operation, to, Direction.TX, bytes);
  }

  private void receive(Operation operation, int from, ByteBuffer incoming)
      throws IOException, InterruptedException {
    SocketChannel channel = channel(in, from);
    int bytes = incoming.remaining();
    events.transfer(EventKind.POST, operation, from, Direction.RX, bytes);
    writeAll(channel, ByteBuffer.wrap(new byte[] {1}));
    readSome(channel, incoming.slice(0, 1));
    incoming.position(1);
    events.transfer(EventKind.FIRST, operation, from, Direction.RX, bytes);
    boolean half = false;
    while (incoming.hasRemaining()) {
      if (!half && incoming.remaining() <= bytes / 2) {
        half = true;
        checkpoint.insideTransfer();
      }
      int piece = Math.min(PIECE, incoming.remaining());
      int read = readSome(channel, incoming.slice(incoming.position(), piece));
      incoming.position(incoming.position() + read);
    }
    events.transfer(EventKind.LAST, operation, from, Direction.RX, bytes);
  }

  private static SocketChannel channel(Map<Integer, SocketChannel> channels, int peer) {
    SocketChannel channel = channels.get(peer);
    if (channel == null) {
      throw new IllegalStateException("no connection with rank " + peer);
    }
    return channel;
  }

  private static void readAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      readSome(channel, buffer);
    }
  }

  private static int readSome(SocketChannel channel, ByteBuffer buffer) throws IOException {
    int read = channel.read(buffer);
    if (read < 0) {
      throw new EOFException("the connection was closed");
    }
    return read;
  }

  private static void writeAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  @Override
  public void close() throws IOException {
    sender.shutdownNow();
    for (SocketChannel channel : out.values()) {
      channel.close();
    }
    for (SocketChannel channel : in.values()) {
      channel.close();
    }
  }
}

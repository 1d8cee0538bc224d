package dev.banyan.serve.wire;

import dev.banyan.core.Json;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/**
 * Stands before an engine's socket and passes frames on, except those that a test of faults wants
 * lost, late or damaged.
 */
public final class FaultyLink implements AutoCloseable {
  /** What happens to a frame. */
  public enum Fate {
    PASS,
    LOSE,
    /** Passed on half a second late, and with it all that comes behind. */
    DELAY,
    /** One bit of the payload turned. */
    DAMAGE
  }

  /**
   * What passes.
   *
   * @param engine before which the link stands
   * @param type name of what is said, {@code Block} for a block of KV memory
   * @param source instance whose request moves; {@code destination} the one it moves to; both -1
   *     when it is no part of a move
   */
  public record Frame(int engine, String type, int source, int destination) {}

  /** Decides the fate of frames; called by several threads. */
  @FunctionalInterface
  public interface Tampering {
    Fate of(Frame frame);
  }

  private static final byte BLOCK = 3;
  private static final byte JSON = 4;
  private static final byte PROTOCOL = 5;
  private static final int LATE_MILLIS = 500;

  private final String address;
  private final String target;
  private final int engine;
  private final Tampering tampering;
  private final ServerSocketChannel server;
  private final Set<SocketChannel> channels = ConcurrentHashMap.newKeySet();

  private FaultyLink(
      String address, String target, int engine, Tampering tampering, ServerSocketChannel server) {
    this.address = address;
    this.target = target;
    this.engine = engine;
    this.tampering = tampering;
    this.server = server;
  }

  /** Listens at one address for another. */
  public static FaultyLink open(String address, String target, int engine, Tampering tampering)
      throws IOException {
    var link = new FaultyLink(address, target, engine, tampering, Wire.listen(address));
    Thread.ofPlatform().daemon().name("link").start(link::accept);
    return link;
  }

  /** Where it listens. */
  public String address() {
    return address;
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel from = server.accept();
        try {
          SocketChannel to = Wire.channel(target);
          channels.add(from);
          channels.add(to);
          Thread.ofPlatform().daemon().name("link to").start(() -> pass(from, to));
          Thread.ofPlatform().daemon().name("link from").start(() -> pass(to, from));
        } catch (IOException e) {
          from.close();
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private void pass(SocketChannel from, SocketChannel to) {
    try {
      ByteBuffer head = ByteBuffer.allocate(5);
      while (true) {
        fill(from, head.clear());
        int length = head.flip().getInt() - 1;
        byte kind = head.get();
        ByteBuffer body = ByteBuffer.allocate(length);
        fill(from, body);
        body.flip();
        Fate fate = tampering.of(frame(kind, body));
        if (fate == Fate.LOSE) {
          continue;
        }
        if (fate == Fate.DELAY) {
          Thread.sleep(LATE_MILLIS);
        }
        if (fate == Fate.DAMAGE) {
          body.put(length - 1, (byte) (body.get(length - 1) ^ 1));
        }
        head.rewind();
        while (head.hasRemaining() || body.hasRemaining()) {
          long unused = to.write(new ByteBuffer[] {head, body});
        }
      }
    } catch (IOException | InterruptedException e) {
      close(from);
      close(to);
    }
  }

  private Frame frame(byte kind, ByteBuffer body) {
    if (kind == BLOCK) {
      // request, attempt and epoch stand before the two instances
      return new Frame(engine, "Block", body.getInt(24), body.getInt(28));
    }
    if (kind != JSON && kind != PROTOCOL) {
      return new Frame(engine, "Tokens", -1, -1);
    }
    byte[] name = new byte[body.get(0)];
    body.get(1, name);
    String type = new String(name, StandardCharsets.US_ASCII);
    boolean give = kind == JSON && type.equals("Give");
    if (kind == JSON && !give && !type.equals("Coming")) {
      return new Frame(engine, type, -1, -1);
    }
    byte[] text = new byte[body.limit() - 1 - name.length];
    body.get(1 + name.length, text);
    JsonNode said = Json.mapper().readTree(text);
    if (give) {
      return new Frame(engine, type, engine, said.at("/destination/id").asInt(-1));
    }
    return new Frame(
        engine,
        type,
        said.at("/migration/source").asInt(-1),
        said.at("/migration/destination").asInt(-1));
  }

  private static void fill(SocketChannel from, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (from.read(buffer) < 0) {
        throw new EOFException();
      }
    }
  }

  private void close(SocketChannel channel) {
    channels.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      // it is gone either way
    }
    channels.forEach(this::close);
  }
}

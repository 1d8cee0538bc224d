package dev.banyan.serve.wire;

import dev.banyan.core.Json;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Migration;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A connection on which both ends {@link Say} things. Frames are {@code int length, byte kind,
 * payload}: tokens and blocks of KV memory in binary, the rest as JSON. Whoever sends never waits
 * for the network: one thread writes what is queued, blocks with gathering writes straight from
 * where they lie. One thread reads.
 */
public final class Wire implements AutoCloseable {
  private static final byte TOKENS = 1;
  private static final byte PROMPT = 2;
  private static final byte BLOCK = 3;
  private static final byte JSON = 4;
  private static final byte PROTOCOL = 5;
  private static final int MOST_BYTES = 1 << 26;

  private final SocketChannel channel;
  private final LinkedBlockingQueue<Supplier<ByteBuffer[]>> outgoing = new LinkedBlockingQueue<>();
  private final String name;
  private volatile boolean closed;

  /** Where blocks that come shall lie. */
  @FunctionalInterface
  public interface Room {
    /** The place of a block; null when it is not wanted. */
    @Nullable Place of(Migration migration, int stage, int index);
  }

  /** Memory a block is read into: nobody else's until it is closed. */
  public interface Place extends AutoCloseable {
    ByteBuffer bytes();

    @Override
    void close();
  }

  private Wire(SocketChannel channel, String name) {
    this.channel = channel;
    this.name = name;
  }

  /**
   * Connects to {@code unix:PATH} or {@code HOST:PORT}.
   *
   * @throws IOException when nobody listens there
   */
  public static Wire connect(String address, String name) throws IOException {
    return over(channel(address), name);
  }

  static SocketChannel channel(String address) throws IOException {
    SocketAddress to = address(address);
    SocketChannel channel =
        to instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    try {
      channel.connect(to);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return channel;
  }

  /** Over a connection that was accepted. */
  public static Wire over(SocketChannel channel, String name) throws IOException {
    if (!(channel.getLocalAddress() instanceof UnixDomainSocketAddress)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
    return new Wire(channel, name);
  }

  /** Listens at {@code unix:PATH} or {@code HOST:PORT}; once the path is there it can be used. */
  public static ServerSocketChannel listen(String address) throws IOException {
    SocketAddress at = address(address);
    if (!(at instanceof UnixDomainSocketAddress unix)) {
      return ServerSocketChannel.open().bind(at);
    }
    // a socket is there a moment before anybody listens at it: under another name
    Path path = unix.getPath();
    Path early = path.resolveSibling(path.getFileName() + ".new");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(early));
      Path unused = Files.move(early, path);
      return server;
    } catch (IOException e) {
      server.close();
      throw e;
    }
  }

  private static SocketAddress address(String text) {
    if (text.startsWith("unix:")) {
      return UnixDomainSocketAddress.of(Path.of(text.substring("unix:".length())));
    }
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  /**
   * Begins to read and write on threads of its own.
   *
   * @param heard gets what the other end says, in order
   * @param gone runs once, when the connection is over
   */
  public void start(Consumer<Say> heard, Room room, Runnable gone) {
    Thread.ofPlatform().daemon().name(name + " out").start(this::write);
    Thread.ofPlatform()
        .daemon()
        .name(name + " in")
        .start(
            () -> {
              try {
                while (!closed) {
                  Say say = read(room);
                  if (say != null) {
                    heard.accept(say);
                  }
                }
              } catch (IOException | RuntimeException e) {
                // the other end is gone, or talks nonsense: both end the connection
              } finally {
                close();
                gone.run();
              }
            });
  }

  /** Says something; nothing happens when the connection is over. */
  public void say(Say say) {
    if (!closed) {
      ByteBuffer[] frame = frame(say);
      outgoing.add(() -> frame);
    }
  }

  /** Sends a block of KV memory, which must keep its place until {@code Copied} or the end. */
  public void sayBlock(Migration migration, int stage, int index, ByteBuffer memory) {
    outgoing.add(
        () -> {
          var crc = new CRC32C();
          crc.update(memory.duplicate());
          ByteBuffer head = ByteBuffer.allocate(5 + 56);
          head.putInt(1 + 56 + memory.remaining()).put(BLOCK);
          put(head, migration);
          head.putInt(stage).putInt(index).putLong(crc.getValue()).flip();
          return new ByteBuffer[] {head, memory.duplicate()};
        });
  }

  private static void put(ByteBuffer to, Migration of) {
    to.putLong(of.request()).putLong(of.attempt()).putLong(of.epoch());
    to.putInt(of.source()).putInt(of.destination()).putLong(0);
  }

  private static ByteBuffer[] frame(Say say) {
    return switch (say) {
      case Say.Tokens tokens -> tokens(TOKENS, 0, tokens.tokens());
      case Say.Prompt prompt -> tokens(PROMPT, prompt.request(), prompt.tokens());
      case Say.Protocol protocol -> json(PROTOCOL, protocol.message());
      default -> json(JSON, say);
    };
  }

  private static ByteBuffer[] tokens(byte kind, long request, List<Token> tokens) {
    int bytes = tokens.stream().mapToInt(Token::bytes).sum();
    ByteBuffer buffer = ByteBuffer.allocate(5 + 12 + bytes);
    buffer.putInt(1 + 12 + bytes).put(kind).putLong(request).putInt(tokens.size());
    tokens.forEach(token -> token.write(buffer));
    return new ByteBuffer[] {buffer.flip()};
  }

  /** {@code byte kind, byte length of the type's name, name, JSON}. */
  private static ByteBuffer[] json(byte kind, Object value) {
    byte[] type =
        value.getClass().getSimpleName().getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    byte[] text = Json.mapper().writeValueAsBytes(value);
    ByteBuffer buffer = ByteBuffer.allocate(6 + type.length + text.length);
    buffer.putInt(2 + type.length + text.length).put(kind).put((byte) type.length);
    return new ByteBuffer[] {buffer.put(type).put(text).flip()};
  }

  private void write() {
    try {
      while (!closed) {
        ByteBuffer[] frame = outgoing.take().get();
        long left = 0;
        for (ByteBuffer part : frame) {
          left += part.remaining();
        }
        while (left > 0) {
          left -= channel.write(frame);
        }
      }
    } catch (IOException e) {
      close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
    }
  }

  private @Nullable Say read(Room room) throws IOException {
    ByteBuffer head = full(ByteBuffer.allocate(5));
    int length = head.getInt() - 1;
    byte kind = head.get();
    if (length < 0 || length > MOST_BYTES) {
      throw new IOException("a frame of " + length + " bytes");
    }
    if (kind == BLOCK) {
      return block(length, room);
    }
    ByteBuffer body = full(ByteBuffer.allocate(length));
    return switch (kind) {
      case TOKENS, PROMPT -> {
        long request = body.getLong();
        List<Token> tokens = new ArrayList<>();
        for (int left = body.getInt(); left > 0; left--) {
          tokens.add(Token.read(body));
        }
        yield kind == TOKENS ? new Say.Tokens(tokens) : new Say.Prompt(request, tokens);
      }
      case JSON, PROTOCOL -> json(body, kind == PROTOCOL);
      default -> throw new IOException("a frame of kind " + kind);
    };
  }

  private static Say json(ByteBuffer body, boolean protocol) throws IOException {
    byte[] type = new byte[body.get()];
    body.get(type);
    String name = new String(type, java.nio.charset.StandardCharsets.US_ASCII);
    byte[] text = new byte[body.remaining()];
    body.get(text);
    Class<?> family = protocol ? Message.class : Say.class;
    for (Class<?> each : family.getPermittedSubclasses()) {
      if (each.getSimpleName().equals(name)) {
        try {
          Object value = Json.mapper().readValue(text, each);
          return protocol ? new Say.Protocol((Message) value) : (Say) value;
        } catch (JacksonException e) {
          throw new IOException(name + " cannot be read", e);
        }
      }
    }
    throw new IOException("nobody says " + name);
  }

  private Say block(int length, Room room) throws IOException {
    ByteBuffer head = full(ByteBuffer.allocate(56));
    var migration =
        new Migration(head.getLong(), head.getLong(), head.getLong(), head.getInt(), head.getInt());
    long unused = head.getLong();
    int stage = head.getInt();
    int index = head.getInt();
    long sent = head.getLong();
    int bytes = length - 56;
    long received = ~sent;
    try (Place place = room.of(migration, stage, index)) {
      ByteBuffer into = place == null ? null : place.bytes();
      if (into != null && into.remaining() == bytes) {
        var crc = new CRC32C();
        crc.update(full(into));
        received = crc.getValue();
      } else {
        full(ByteBuffer.allocate(bytes));
      }
    }
    return new Say.BlockCame(migration, stage, index, received, sent);
  }

  /** Reads until it is full; gives it from its beginning. */
  private ByteBuffer full(ByteBuffer buffer) throws IOException {
    int start = buffer.position();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the other end is gone");
      }
    }
    return buffer.position(start);
  }

  /** Whether the connection is over. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
    outgoing.add(() -> new ByteBuffer[0]);
  }
}

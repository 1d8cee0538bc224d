package dev.banyan.weights;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One safetensors file, its header read and checked, its data mapped when the first tensor is asked
 * for. Nothing is copied, so a file larger than the heap opens in the time its header takes.
 * Tensors may be read from any thread until {@link #close}, which unmaps them.
 */
public final class SafetensorsFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final Arena arena = Arena.ofShared();
  private @Nullable MemorySegment mapped;

  private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header against its length.
   *
   * @throws UserInputException when the file is missing or not a sound safetensors file
   */
  public static SafetensorsFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new UserInputException(path + ": there is no such file");
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      var file = new SafetensorsFile(path, channel, readHeader(path, channel));
      channel = null;
      return file;
    } catch (IOException e) {
      throw new UserInputException(path + ": cannot be read: " + e.getMessage(), e);
    } finally {
      closeQuietly(channel);
    }
  }

  private static SafetensorsHeader readHeader(Path path, FileChannel channel) throws IOException {
    String name = fileName(path);
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new UserInputException(
          name + ": has " + size + " bytes; a safetensors file begins with an 8-byte length");
    }
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0, name);
    long jsonBytes = length.getLong(0);
    if (jsonBytes < 0 || jsonBytes > size - Long.BYTES) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: byte 0 says the header has %s bytes, but the file has %d: it is cut short or no safetensors file",
              name,
              Long.toUnsignedString(jsonBytes),
              size));
    }
    if (jsonBytes > SafetensorsHeader.MAX_JSON_BYTES) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: byte 0 says the header has %d bytes; the format allows %d",
              name,
              jsonBytes,
              SafetensorsHeader.MAX_JSON_BYTES));
    }
    byte[] json = new byte[(int) jsonBytes];
    readFully(channel, ByteBuffer.wrap(json), Long.BYTES, name);
    return HeaderReader.read(name, json, size - Long.BYTES - jsonBytes);
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long from, String name)
      throws IOException {
    while (into.hasRemaining()) {
      long at = from + into.position();
      if (channel.read(into, at) < 0) {
        throw new UserInputException(name + ": ends at byte " + at + ", inside its header");
      }
    }
  }

  public Path path() {
    return path;
  }

  public SafetensorsHeader header() {
    return header;
  }

  /** The tensor called {@code name}, if the file has it. */
  public Optional<StoredTensor> find(String name) {
    var placed = header.tensors().get(name);
    return placed == null ? Optional.empty() : Optional.of(stored(placed));
  }

  /**
   * The tensor called {@code name}.
   *
   * @throws UserInputException when the file has none
   */
  public StoredTensor tensor(String name) {
    return find(name)
        .orElseThrow(() -> new UserInputException(path + ": has no tensor '" + name + "'"));
  }

  /**
   * Reads bytes of tensor {@code name}, from {@code offset} within it until {@code into} is full,
   * without mapping anything: what was read does not stay resident. Safe for several threads.
   *
   * @throws UserInputException when there is no such tensor or the file cannot be read
   * @throws IndexOutOfBoundsException for bytes past the tensor
   */
  public void read(String name, long offset, ByteBuffer into) {
    var placed = header.tensors().get(name);
    if (placed == null) {
      throw new UserInputException(path + ": has no tensor '" + name + "'");
    }
    Objects.checkFromIndexSize(offset, (long) into.remaining(), placed.spec().bytes());
    long at = header.dataStart() + placed.begin() + offset;
    try {
      while (into.hasRemaining()) {
        int read = channel.read(into, at);
        if (read < 0) {
          throw new UserInputException(path + ": ends at byte " + at + ", inside '" + name + "'");
        }
        at += read;
      }
    } catch (IOException e) {
      throw new UserInputException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private StoredTensor stored(SafetensorsHeader.Placed placed) {
    MemorySegment data = data().asSlice(placed.begin(), placed.spec().bytes());
    return new StoredTensor(
        placed.spec(), data, fileName(path), header.dataStart() + placed.begin());
  }

  /** All data of the file, in the order of its offsets; mapped on first use. */
  private synchronized MemorySegment data() {
    if (mapped == null) {
      try {
        mapped =
            channel
                .map(FileChannel.MapMode.READ_ONLY, 0, header.fileBytes(), arena)
                .asSlice(header.dataStart());
      } catch (IOException e) {
        throw new UncheckedIOException(path + ": cannot be mapped", e);
      }
    }
    return mapped;
  }

  /** Unmaps the file: its tensors cannot be read any more. */
  @Override
  public void close() {
    arena.close();
    closeQuietly(channel);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static String fileName(Path path) {
    Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }
}

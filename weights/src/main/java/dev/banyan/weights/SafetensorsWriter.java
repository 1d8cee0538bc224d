package dev.banyan.weights;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Format;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes one safetensors file: the header first, then blocks of any tensor in any order, each to
 * its fixed place, from as many threads as wish to. No tensor needs to be in memory whole. The file
 * has a temporary name until {@link #commit}; closed without it, nothing is left.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** A MemorySegment larger than this is handed to the channel in pieces. */
  private static final long PIECE_BYTES = 64L << 20;

  private final Path target;
  private final AtomicFile file;
  private final SafetensorsHeader header;
  private final Map<String, AtomicLong> written = new HashMap<>();

  private SafetensorsWriter(Path target, AtomicFile file, SafetensorsHeader header) {
    this.target = target;
    this.file = file;
    this.header = header;
    header.tensors().keySet().forEach(name -> written.put(name, new AtomicLong()));
  }

  /**
   * Begins a file with this header.
   *
   * @throws UserInputException when the place cannot be written, or has too little room
   */
  public static SafetensorsWriter open(Path target, SafetensorsHeader header) {
    requireRoom(target, header.fileBytes());
    try {
      AtomicFile file = AtomicFile.open(target);
      var writer = new SafetensorsWriter(target, file, header);
      try {
        writer.put(header.encoded(), 0);
      } catch (RuntimeException e) {
        writer.close();
        throw e;
      }
      return writer;
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Refuses before the first byte what cannot end well. */
  static void requireRoom(Path target, long bytes) {
    Path folder = target.toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    if (folder == null) {
      return;
    }
    long free;
    try {
      free = Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      return; // a store that does not say is found out by writing
    }
    if (free < bytes) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: needs %s, %s has %s free; free some or choose another place",
              target,
              Format.bytes(bytes),
              folder,
              Format.bytes(free)));
    }
  }

  /**
   * Writes {@code block} into tensor {@code name}, {@code offset} bytes from its start.
   *
   * @throws IllegalArgumentException for a tensor the header does not have
   * @throws IndexOutOfBoundsException for a block that goes past the tensor
   * @throws UserInputException when the disk is full or fails
   */
  public void write(String name, long offset, MemorySegment block) {
    var placed = header.tensors().get(name);
    AtomicLong count = written.get(name);
    if (placed == null || count == null) {
      throw new IllegalArgumentException(target + ": the header has no tensor '" + name + "'");
    }
    long bytes = block.byteSize();
    Objects.checkFromIndexSize(offset, bytes, placed.spec().bytes());
    long at = header.dataStart() + placed.begin() + offset;
    for (long done = 0; done < bytes; done += PIECE_BYTES) {
      long piece = Math.min(PIECE_BYTES, bytes - done);
      put(bytes(block.asSlice(done, piece)), at + done);
    }
    count.addAndGet(bytes);
  }

  private static ByteBuffer bytes(MemorySegment piece) {
    if (piece.isNative()) {
      return piece.asByteBuffer();
    }
    // only byte arrays can be seen as buffers; floats are stored little endian, as they are here
    ByteBuffer copy = ByteBuffer.allocate((int) piece.byteSize());
    MemorySegment.ofBuffer(copy).copyFrom(piece);
    return copy;
  }

  /** Writes the whole of tensor {@code name}. */
  public void write(String name, MemorySegment data) {
    write(name, 0, data);
  }

  private void put(ByteBuffer bytes, long at) {
    try {
      long next = at;
      while (bytes.hasRemaining()) {
        next += file.channel().write(bytes, next);
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /**
   * Makes the file appear under its name, durably.
   *
   * @throws IllegalStateException when a tensor was not written whole
   * @throws UserInputException when the disk is full or fails
   */
  public void commit() {
    header
        .tensors()
        .forEach(
            (name, placed) -> {
              long bytes = Objects.requireNonNull(written.get(name)).get();
              if (bytes != placed.spec().bytes()) {
                throw new IllegalStateException(
                    String.format(
                        Locale.ROOT,
                        "%s: %d of the %d bytes of tensor '%s' were written",
                        target,
                        bytes,
                        placed.spec().bytes(),
                        name));
              }
            });
    try {
      file.commit();
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  static UserInputException failed(Path target, IOException e) {
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return new UserInputException(
        String.format(
            Locale.ROOT,
            "%s: cannot be written: %s. Nothing is left behind; free some space or choose another place.",
            target,
            reason == null ? e.getClass().getSimpleName() : reason),
        e);
  }
}

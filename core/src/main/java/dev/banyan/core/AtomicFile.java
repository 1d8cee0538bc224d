package dev.banyan.core;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that appears whole or not at all. It is written under another name in the target's folder;
 * {@link #commit} syncs it, renames it over the target and syncs the folder, so that after a crash
 * or a power cut the target is either the old file or the new one. A file that was not committed
 * disappears on {@link #close}, when the JVM is told to stop, or (after {@code kill -9}) when the
 * same target is opened again.
 *
 * <p>Every {@link IOException} out of this class names the target, so "No space left on device"
 * tells the user where.
 */
public final class AtomicFile implements AutoCloseable {
  private final Path target;
  private final Temporary temporary;
  private final FileChannel channel;
  private boolean committed;

  private AtomicFile(Path target, Temporary temporary) {
    this.target = target;
    this.temporary = temporary;
    this.channel = temporary.channel();
  }

  /**
   * Opens a file that will take {@code target}'s name; the target's folder is made if missing.
   *
   * @throws IOException when the folder cannot be made or written
   */
  public static AtomicFile open(Path target) throws IOException {
    return open(target, false);
  }

  private static AtomicFile open(Path target, boolean last) throws IOException {
    Path whole = target.toAbsolutePath();
    if (Files.isDirectory(whole)) {
      throw new FileSystemException(target.toString(), null, "is a folder, a file was to go there");
    }
    Path resolved = Temporary.followed(whole);
    Files.createDirectories(Temporary.folderOf(resolved));
    Temporary.removeAbandoned(resolved);
    try {
      return new AtomicFile(resolved, Temporary.file(resolved, last));
    } catch (IOException e) {
      throw named(target, e);
    }
  }

  /** Writes {@code target} through a buffered stream and commits it. */
  public static void write(Path target, IoConsumer<OutputStream> content) throws IOException {
    write(target, content, false);
  }

  private static void write(Path target, IoConsumer<OutputStream> content, boolean last)
      throws IOException {
    try (AtomicFile file = open(target, last)) {
      try {
        // The stream is flushed, not closed: commit still needs the channel to sync it.
        OutputStream out =
            new BufferedOutputStream(Channels.newOutputStream(file.channel), 1 << 16);
        content.accept(out);
        out.flush();
      } catch (FileSystemException e) {
        throw e;
      } catch (IOException e) {
        throw named(target, e);
      }
      file.commit();
    }
  }

  /** Writes {@code text} as UTF-8 and commits it. */
  public static void writeString(Path target, String text) throws IOException {
    write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The same when the JVM may be stopping, which begins no file otherwise: for a shutdown hook, or
   * work that one waits for.
   */
  public static void writeLast(Path target, String text) throws IOException {
    write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)), true);
  }

  /** The channel to write to, positioned at 0; positional writes from several threads are fine. */
  public FileChannel channel() {
    return channel;
  }

  /**
   * Makes what was written the target, durably. May be called once.
   *
   * @throws IOException when the disk is full or fails; the old target is then untouched
   */
  public void commit() throws IOException {
    if (committed) {
      throw new IllegalStateException(target + " is already committed");
    }
    try {
      channel.force(true);
      // Renamed while it is open, so that its lock keeps other openers off until it has its name.
      Files.move(
          temporary.path(),
          target,
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      committed = true;
      channel.close();
      Temporary.sync(Temporary.folderOf(target));
    } catch (IOException e) {
      throw named(target, e);
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() throws IOException {
    try {
      if (!committed) {
        Files.deleteIfExists(temporary.path());
      }
    } finally {
      channel.close();
      temporary.release();
    }
  }

  private static IOException named(Path target, IOException e) {
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    if (reason == null) {
      reason = e.getClass().getSimpleName();
    }
    var named = new FileSystemException(target.toString(), null, reason);
    named.initCause(e);
    return named;
  }
}

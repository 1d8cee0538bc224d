package dev.banyan.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all, like {@link AtomicFile}: files are written into {@link
 * #folder}; {@link #commit} syncs them all and renames the folder to the target. An existing target
 * is moved aside first and removed last. Where the machine stops between those two renames the
 * target is missing for a moment; {@link #recover}, which {@link #open} calls, then puts the new
 * folder (it was complete) in its place.
 */
public final class AtomicFolder implements AutoCloseable {
  /** A folder with this ending is complete and only its last rename is missing. */
  private static final String COMPLETE = ".complete";

  /** A folder with this ending is what the target was before. */
  private static final String OLD = ".old";

  private static final String LOCK = ".banyan-writing";

  private final Path target;
  private final Temporary temporary;
  private final FileChannel lock;
  private boolean committed;

  private AtomicFolder(Path target, Temporary temporary, FileChannel lock) {
    this.target = target;
    this.temporary = temporary;
    this.lock = lock;
  }

  /**
   * Opens a folder that will take {@code target}'s name.
   *
   * @throws IOException when the parent cannot be made or written, or the target is a file
   */
  public static AtomicFolder open(Path target) throws IOException {
    Path whole = target.toAbsolutePath();
    if (Files.exists(whole) && !Files.isDirectory(whole)) {
      throw new FileSystemException(target.toString(), null, "is a file, a folder was to go there");
    }
    Path resolved = Files.isDirectory(whole) ? whole.toRealPath() : whole.normalize();
    Files.createDirectories(Temporary.folderOf(resolved));
    recover(resolved);
    Temporary.removeAbandoned(resolved);
    Temporary temporary = Temporary.beside(resolved);
    Files.createDirectory(temporary.path());
    FileChannel lock =
        FileChannel.open(
            temporary.path().resolve(LOCK),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
    temporary.lock(lock);
    return new AtomicFolder(resolved, temporary, lock);
  }

  /**
   * Finishes what a stopped commit left: puts a complete new folder, or else the old one, in the
   * place of a missing {@code target}, and removes what is no longer needed. Readers of folders
   * that may have been written by a process that was killed call this first.
   */
  public static void recover(Path target) throws IOException {
    Path whole = target.toAbsolutePath().normalize();
    if (!Files.isDirectory(Temporary.folderOf(whole))) {
      return;
    }
    for (Path complete : Temporary.siblings(whole, COMPLETE)) {
      if (Files.exists(whole)) {
        // Killed before the old folder was moved aside: the new one was never promised.
        Temporary.delete(complete);
      } else {
        Files.move(complete, whole, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    for (Path old : Temporary.siblings(whole, OLD)) {
      if (Files.exists(whole)) {
        Temporary.delete(old);
      } else {
        Files.move(old, whole, StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  /** The folder to write in; it has another name until it is committed. */
  public Path folder() {
    return temporary.path();
  }

  /** Makes the folder the target, durably. May be called once. */
  public void commit() throws IOException {
    if (committed) {
      throw new IllegalStateException(target + " is already committed");
    }
    Files.delete(temporary.path().resolve(LOCK));
    syncAll(temporary.path());
    Path parent = Temporary.folderOf(target);
    if (Files.exists(target)) {
      Path complete = temporary.withEnding(COMPLETE);
      Path old = temporary.withEnding(OLD);
      Files.move(temporary.path(), complete, StandardCopyOption.ATOMIC_MOVE);
      Temporary.sync(parent);
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      Files.move(complete, target, StandardCopyOption.ATOMIC_MOVE);
      committed = true;
      Temporary.sync(parent);
      Temporary.delete(old);
    } else {
      Files.move(temporary.path(), target, StandardCopyOption.ATOMIC_MOVE);
      committed = true;
      Temporary.sync(parent);
    }
  }

  /** Removes the folder unless it was committed. */
  @Override
  public void close() throws IOException {
    try {
      lock.close();
      if (!committed) {
        Temporary.delete(temporary.path());
      }
    } finally {
      temporary.release();
    }
  }

  private static void syncAll(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.toList();
    }
    for (Path path : all) {
      Temporary.sync(path);
    }
  }
}

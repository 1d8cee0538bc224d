package dev.banyan.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all, like {@link AtomicFile}: files are written into {@link
 * #folder}; {@link #commit} syncs them all and renames the folder to the target. An existing target
 * is moved aside first and removed last. Where the machine stops between those two renames the
 * target is missing for a moment; {@link #recover}, which {@link #open} calls, then puts the new
 * folder (it was complete) in its place. The writer holds one lock from before its folder is made
 * until after its last rename; what a living writer has is left alone.
 */
public final class AtomicFolder implements AutoCloseable {
  /** A folder with this ending is what the target was before. */
  private static final String OLD = ".old";

  private final Path target;
  private final Temporary temporary;
  private boolean committed;

  private AtomicFolder(Path target, Temporary temporary) {
    this.target = target;
    this.temporary = temporary;
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
    Path resolved = resolved(whole);
    Files.createDirectories(Temporary.folderOf(resolved));
    settle(resolved, List.of("", Temporary.COMPLETE, OLD, Temporary.LOCK));
    var open = new AtomicFolder(resolved, Temporary.folder(resolved));
    try {
      Files.createDirectory(open.folder());
    } catch (IOException | RuntimeException e) {
      open.close();
      throw e;
    }
    return open;
  }

  /**
   * Finishes what a stopped commit left: puts a complete new folder, or else the old one, in the
   * place of a missing {@code target}, and removes what is no longer needed. Readers of folders
   * that may have been written by a process that was killed call this first. A commit that is under
   * way in a living process is left to it.
   */
  public static void recover(Path target) throws IOException {
    Path whole = resolved(target.toAbsolutePath());
    if (Files.isDirectory(Temporary.folderOf(whole))) {
      settle(whole, List.of(Temporary.COMPLETE, OLD));
    }
  }

  private static Path resolved(Path whole) throws IOException {
    return Files.isDirectory(whole) ? whole.toRealPath() : Temporary.followed(whole.normalize());
  }

  /**
   * One thread at a time: a second channel to a lock file would drop the first one's lock.
   *
   * @param endings what is looked for beside {@code target}
   */
  private static synchronized void settle(Path target, List<String> endings) throws IOException {
    var paths = new TreeSet<Path>();
    for (String ending : endings) {
      for (Path left : Temporary.siblings(target, ending)) {
        String name = Objects.toString(left.getFileName());
        paths.add(left.resolveSibling(name.substring(0, name.length() - ending.length())));
      }
    }
    SequencedMap<Path, FileChannel> dead = new LinkedHashMap<>();
    try {
      for (Path path : paths) {
        boolean stopped = isLeft(path, Temporary.COMPLETE) || isLeft(path, OLD);
        Optional<FileChannel> lock =
            Temporary.claim(path, stopped || isLeft(path, ""), stopped && !Files.exists(target));
        lock.ifPresent(channel -> dead.put(path, channel));
      }
      // A new folder of any writer goes before an old one. Killed before the old folder was moved
      // aside, the new one was never promised.
      for (String ending : List.of(Temporary.COMPLETE, OLD)) {
        for (Path path : dead.keySet()) {
          moveOrDelete(Temporary.withEnding(path, ending), target);
        }
      }
      for (Path path : dead.keySet()) {
        Temporary.deleteQuietly(path);
        Temporary.deleteQuietly(Temporary.withEnding(path, Temporary.LOCK));
      }
    } finally {
      for (Map.Entry<Path, FileChannel> each : dead.entrySet()) {
        each.getValue().close();
      }
    }
  }

  private static boolean isLeft(Path path, String ending) {
    return Files.isDirectory(Temporary.withEnding(path, ending));
  }

  private static void moveOrDelete(Path left, Path target) throws IOException {
    if (Files.exists(target)) {
      Temporary.delete(left);
    } else if (Files.isDirectory(left)) {
      Files.move(left, target, StandardCopyOption.ATOMIC_MOVE);
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
    syncAll(temporary.path());
    Path parent = Temporary.folderOf(target);
    if (Files.exists(target)) {
      Path complete = temporary.withEnding(Temporary.COMPLETE);
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
      if (!committed) {
        // A commit that failed between its renames: the old folder comes back.
        moveOrDelete(temporary.withEnding(OLD), target);
        Temporary.delete(temporary.withEnding(Temporary.COMPLETE));
        Temporary.delete(temporary.path());
      }
    } finally {
      // Removed under the lock: without it, what is left here is a dead writer's.
      Temporary.deleteQuietly(temporary.withEnding(Temporary.LOCK));
      temporary.channel().close();
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

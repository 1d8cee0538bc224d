package dev.banyan.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The hidden name beside a target under which it is written. A writer holds a file lock on it for
 * as long as it lives, so what a killed process left behind is told from what a living one (also in
 * another container) still writes.
 */
final class Temporary {
  private static final String ENDING = ".banyan-tmp";

  /** Tells this process's names from others'; a process number may come again in a container. */
  private static final String PROCESS = random();

  private final Path path;
  private final Thread hook;

  private Temporary(Path path) {
    this.path = path;
    this.hook = new Thread(() -> deleteQuietly(path), "remove " + path.getFileName());
  }

  /** A fresh name beside {@code target}, removed when the JVM is told to stop. */
  static Temporary beside(Path target) {
    String name = prefix(target) + PROCESS + "-" + random() + ENDING;
    var temporary = new Temporary(folderOf(target).resolve(name));
    try {
      Runtime.getRuntime().addShutdownHook(temporary.hook);
    } catch (IllegalStateException e) {
      throw new IllegalStateException("the JVM is stopping; " + target + " is not begun", e);
    }
    return temporary;
  }

  Path path() {
    return path;
  }

  Path withEnding(String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  /** Marks the name as in use; file systems without locks only lose the clean-up. */
  @SuppressWarnings("unused") // the lock lives as long as the channel
  void lock(FileChannel channel) {
    try {
      var held = channel.tryLock();
    } catch (IOException | OverlappingFileLockException e) {
      // nothing depends on the lock being held
    }
  }

  void release() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the JVM is stopping and the hook runs
    }
  }

  /** Removes what killed writers of {@code target} left. */
  static void removeAbandoned(Path target) throws IOException {
    for (Path left : siblings(target, ENDING)) {
      if (!inUse(left)) {
        deleteQuietly(left);
      }
    }
  }

  /** The hidden names beside {@code target} with this ending. */
  static List<Path> siblings(Path target, String ending) throws IOException {
    String prefix = prefix(target);
    List<Path> found = new ArrayList<>();
    try (Stream<Path> list = Files.list(folderOf(target))) {
      list.filter(
              path -> {
                String name = Objects.toString(path.getFileName());
                return name.startsWith(prefix) && name.endsWith(ending);
              })
          .sorted()
          .forEach(found::add);
    }
    return found;
  }

  static Path folderOf(Path target) {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no file can be written at the root " + target);
    }
    return parent;
  }

  /** Forces a file or folder to disk. */
  static void sync(Path path) throws IOException {
    boolean folder = Files.isDirectory(path);
    if (folder && !FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      return; // Windows cannot open a folder
    }
    try (FileChannel channel =
        FileChannel.open(path, folder ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Removes a file, or a folder with all in it; missing is fine. */
  static void delete(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.deleteIfExists(path);
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(path)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException e) {
      return;
    }
    for (Path each : all) {
      Files.deleteIfExists(each);
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      delete(path);
    } catch (IOException | RuntimeException e) {
      // it has a hidden name nobody reads; the next writer of the same target tries again
    }
  }

  private static String random() {
    return HexFormat.of().toHexDigits(UUID.randomUUID().getMostSignificantBits());
  }

  private static boolean inUse(Path left) {
    if (Objects.toString(left.getFileName()).contains("." + PROCESS + "-")) {
      // Not even looked at: closing a second channel to a file drops this process's POSIX locks.
      return true;
    }
    Path file = Files.isDirectory(left) ? left.resolve(".banyan-writing") : left;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      var lock = channel.tryLock();
      return lock == null;
    } catch (NoSuchFileException e) {
      // A folder whose lock file is gone is being committed right now, or was when it was killed.
      return Files.isDirectory(left) && youngerThanAMinute(left);
    } catch (IOException | OverlappingFileLockException e) {
      return true;
    }
  }

  private static boolean youngerThanAMinute(Path path) {
    try {
      long age = System.currentTimeMillis() - Files.getLastModifiedTime(path).toMillis();
      return age < 60_000;
    } catch (IOException e) {
      return true;
    }
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".";
  }
}

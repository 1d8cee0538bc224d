package dev.banyan.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The hidden name beside a target under which it is written: {@code .target.ID.banyan-tmp}. A
 * writer holds a file lock for as long as it lives (on the hidden file itself, or on one beside a
 * hidden folder), so what a killed process left behind is told from what a living one (also in
 * another container) still writes.
 */
final class Temporary {
  /** The file beside a hidden folder whose lock its writer holds from before it to after it. */
  static final String LOCK = ".lock";

  /** A folder with this ending is complete and only its last rename is missing. */
  static final String COMPLETE = ".complete";

  private static final String ENDING = ".banyan-tmp";

  /** Tells this process's names from others'; a process number may come again in a container. */
  private static final String PROCESS = random();

  /** As many links in a row as Linux follows. */
  private static final int MOST_LINKS = 40;

  private final Path path;
  private final FileChannel channel;
  private final Thread hook;

  private Temporary(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
    this.hook = new Thread(() -> stopped(path), "remove " + path.getFileName());
  }

  /**
   * A fresh hidden file beside {@code target}, locked, removed when the JVM is told to stop.
   *
   * @param last begun even when the JVM is stopping already
   */
  static Temporary file(Path target, boolean last) throws IOException {
    return open(target, "", last);
  }

  /** A fresh name for a hidden folder, which the caller makes; its lock file is made and locked. */
  static Temporary folder(Path target) throws IOException {
    return open(target, LOCK, false);
  }

  private static Temporary open(Path target, String ending, boolean last) throws IOException {
    while (true) {
      String name = prefix(target) + PROCESS + "-" + random() + ENDING;
      Path path = folderOf(target).resolve(name);
      Path locked = withEnding(path, ending);
      FileChannel channel =
          FileChannel.open(
              locked,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!lock(channel, locked)) {
        channel.close();
        continue;
      }
      var temporary = new Temporary(path, channel);
      try {
        Runtime.getRuntime().addShutdownHook(temporary.hook);
      } catch (IllegalStateException e) {
        if (last) {
          return temporary;
        }
        channel.close();
        Files.deleteIfExists(locked);
        throw new IllegalStateException("the JVM is stopping; " + target + " is not begun", e);
      }
      return temporary;
    }
  }

  /**
   * Locks a file just made. False when another opener came between the two, took it for a dead
   * writer's and has removed it or is about to. File systems without locks only lose the clean-up.
   */
  @SuppressWarnings("unused") // the lock lives as long as the channel
  static boolean lock(FileChannel channel, Path file) {
    try {
      var held = channel.tryLock();
      if (held == null) {
        return false;
      }
    } catch (IOException | OverlappingFileLockException e) {
      // nothing depends on the lock being held
    }
    return Files.exists(file);
  }

  Path path() {
    return path;
  }

  /** The channel that holds the lock: of a hidden file, its content. */
  FileChannel channel() {
    return channel;
  }

  Path withEnding(String ending) {
    return withEnding(path, ending);
  }

  static Path withEnding(Path path, String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  void release() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the JVM is stopping and the hook runs
    }
  }

  /** Removes the hidden files that killed writers of the file {@code target} left. */
  static synchronized void removeAbandoned(Path target) throws IOException {
    for (Path left : siblings(target, "")) {
      // This process's own are not even looked at, see claim.
      if (Files.isRegularFile(left) && !own(left)) {
        try (FileChannel channel = FileChannel.open(left, StandardOpenOption.WRITE)) {
          if (channel.tryLock() != null) {
            Files.deleteIfExists(left); // under the lock, so a writer that just made it sees it
          }
        } catch (IOException | OverlappingFileLockException e) {
          // it has a hidden name nobody reads; the next writer of the same target tries again
        }
      }
    }
  }

  /**
   * The lock of the writer of the hidden folder {@code path}, when that writer is dead; while the
   * channel is open nobody else recovers what is left of it. Empty when the writer lives.
   *
   * @param left whether something of the folder is there; its lock file, which the writer removes
   *     last, is then made again where it is missing
   * @param needed whether the writer counts as dead where the file system has no locks to tell
   */
  static Optional<FileChannel> claim(Path path, boolean left, boolean needed) {
    Path lock = withEnding(path, LOCK);
    if (own(path) && Files.exists(lock)) {
      // Not even opened: closing a second channel to a file drops this process's POSIX locks.
      return Optional.empty();
    }
    OpenOption[] options =
        left
            ? new OpenOption[] {StandardOpenOption.CREATE, StandardOpenOption.WRITE}
            : new OpenOption[] {StandardOpenOption.WRITE};
    try {
      FileChannel channel = FileChannel.open(lock, options);
      boolean dead = needed;
      try {
        dead = channel.tryLock() != null;
      } catch (IOException | OverlappingFileLockException e) {
        // no locks here
      }
      if (dead) {
        return Optional.of(channel);
      }
      channel.close();
    } catch (IOException e) {
      // no lock file and nothing left, or a folder that cannot be written
    }
    return Optional.empty();
  }

  /** The hidden names beside {@code target} alone, with this ending after them. */
  static List<Path> siblings(Path target, String ending) throws IOException {
    Pattern name =
        Pattern.compile(
            Pattern.quote(prefix(target))
                + "[0-9a-f]{16}-[0-9a-f]{16}"
                + Pattern.quote(ENDING + ending));
    List<Path> found = new ArrayList<>();
    try (Stream<Path> list = Files.list(folderOf(target))) {
      list.filter(path -> name.matcher(Objects.toString(path.getFileName())).matches())
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

  /**
   * Where a chain of links ends, also when nothing is there: the links stay, what they name goes.
   */
  static Path followed(Path target) throws IOException {
    Path path = target.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(path); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemException(target.toString(), null, "is a link that leads in a circle");
      }
      path = folderOf(path).toRealPath().resolve(Files.readSymbolicLink(path)).normalize();
    }
    return path;
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

  static void deleteQuietly(Path path) {
    try {
      delete(path);
    } catch (IOException | RuntimeException e) {
      // it has a hidden name nobody reads; the next writer of the same target tries again
    }
  }

  private static void stopped(Path path) {
    deleteQuietly(path);
    if (!Files.exists(withEnding(path, COMPLETE))) {
      deleteQuietly(withEnding(path, LOCK));
    }
  }

  private static boolean own(Path path) {
    return Objects.toString(path.getFileName()).contains("." + PROCESS + "-");
  }

  private static String random() {
    return HexFormat.of().toHexDigits(UUID.randomUUID().getMostSignificantBits());
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".";
  }
}

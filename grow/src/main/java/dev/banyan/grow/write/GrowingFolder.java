package dev.banyan.grow.write;

import dev.banyan.core.Format;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.SafetensorsHeader;
import dev.banyan.weights.ShardPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A target on its way: a hidden folder beside it, {@code .NAME.growing}, with the files of weights
 * and a journal of the tensors that are on the disk. It has no config.json, so nothing loads it.
 * What a journal says was synced before it was said; the next run begins with what it does not say.
 */
final class GrowingFolder implements AutoCloseable {
  private static final String JOURNAL = "journal";
  private static final String LOCK = "lock";

  private final Path target;
  private final Path folder;
  private final FileChannel lockFile;
  private final FileChannel journal;
  private final Map<String, String> hashes = new HashMap<>();
  private final Map<String, Shard> shards = new HashMap<>();
  private final List<Shard> files = new ArrayList<>();

  private record Shard(Path path, FileChannel channel, SafetensorsHeader header) {}

  private GrowingFolder(Path target, Path folder, FileChannel lockFile, FileChannel journal) {
    this.target = target;
    this.folder = folder;
    this.lockFile = lockFile;
    this.journal = journal;
  }

  /**
   * Opens the folder that becomes {@code target}, with what an earlier run of the same guard left.
   *
   * @throws UserInputException when another process is at it, or the disk is full
   */
  static GrowingFolder open(Path target, String guard, ShardPlan plan) {
    Path whole = target.toAbsolutePath().normalize();
    Path folder = whole.resolveSibling("." + whole.getFileName() + ".growing");
    FileChannel lockFile = null;
    try {
      Files.createDirectories(folder);
      lockFile =
          FileChannel.open(
              folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      requireLock(target, lockFile);
      Path journalFile = folder.resolve(JOURNAL);
      Map<String, String> hashes = readJournal(journalFile, guard);
      if (hashes.isEmpty()) {
        clear(folder);
      }
      var journal =
          FileChannel.open(
              journalFile,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND);
      var growing = new GrowingFolder(target, folder, lockFile, journal);
      lockFile = null;
      growing.begin(guard, hashes, plan);
      return growing;
    } catch (IOException e) {
      throw failed(target, e);
    } finally {
      closeQuietly(lockFile);
    }
  }

  private static void requireLock(Path target, FileChannel lockFile) throws IOException {
    FileLock lock;
    try {
      lock = lockFile.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new UserInputException(
          target + ": another run is growing it; wait for it or choose another place");
    }
  }

  /** Hashes by tensor; empty when there is no journal or it is of another run. */
  private static Map<String, String> readJournal(Path file, String guard) throws IOException {
    Map<String, String> hashes = new HashMap<>();
    if (!Files.exists(file)) {
      return hashes;
    }
    String text = Files.readString(file, StandardCharsets.UTF_8);
    // what follows the last line end was torn by whatever stopped the run
    String[] lines = text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1);
    if (!lines[0].equals(guard)) {
      return hashes;
    }
    for (String line : lines) {
      int gap = line.indexOf(' ');
      if (gap > 0) {
        hashes.put(line.substring(gap + 1), line.substring(0, gap));
      }
    }
    return hashes;
  }

  private static void clear(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      for (Path file : list.toList()) {
        if (!file.endsWith(LOCK)) {
          Files.delete(file);
        }
      }
    }
  }

  private void begin(String guard, Map<String, String> done, ShardPlan plan) throws IOException {
    try {
      if (done.isEmpty()) {
        journal.truncate(0);
        append(guard + "\n");
      }
      hashes.putAll(done);
      requireRoom(plan);
      for (var planned : plan.shards()) {
        Path path = folder.resolve(planned.file());
        var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var shard = new Shard(path, channel, planned.header());
        files.add(shard);
        planned.header().tensors().keySet().forEach(name -> shards.put(name, shard));
        writeFully(channel, planned.header().encoded(), 0);
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void requireRoom(ShardPlan plan) throws IOException {
    long needed = 0;
    for (var spec : plan.specs().values()) {
      needed += hashes.containsKey(spec.name()) ? 0 : spec.bytes();
    }
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < needed) {
      throw new UserInputException(
          "%s: needs %s, %s has %s free; free some or choose another place"
              .formatted(target, Format.bytes(needed), folder.getParent(), Format.bytes(free)));
    }
  }

  /** The hashes of the tensors that are done. */
  synchronized Map<String, String> hashes() {
    return Map.copyOf(hashes);
  }

  /** Writes bytes of a tensor, {@code offset} from its start. */
  void write(String tensor, long offset, ByteBuffer bytes) throws IOException {
    Shard shard = shard(tensor);
    var placed = shard.header.tensors().get(tensor);
    if (placed == null) {
      throw new IllegalArgumentException("no tensor " + tensor);
    }
    writeFully(shard.channel, bytes, shard.header.dataStart() + placed.begin() + offset);
  }

  private Shard shard(String tensor) {
    Shard shard = shards.get(tensor);
    if (shard == null) {
      throw new IllegalArgumentException("no tensor " + tensor);
    }
    return shard;
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long at)
      throws IOException {
    long next = at;
    while (bytes.hasRemaining()) {
      next += channel.write(bytes, next);
    }
  }

  /** Makes tensors that were written whole durable, then says so in the journal. */
  synchronized void done(Map<String, String> written) throws IOException {
    Set<FileChannel> touched = new HashSet<>();
    written.keySet().forEach(name -> touched.add(shard(name).channel));
    for (FileChannel channel : touched) {
      channel.force(false);
    }
    var lines = new StringBuilder();
    written.forEach((name, hash) -> lines.append(hash).append(' ').append(name).append('\n'));
    append(lines.toString());
    hashes.putAll(written);
  }

  private void append(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      journal.write(bytes);
    }
    journal.force(false);
  }

  /** Where everything that is no weight goes. */
  Path folder() {
    return folder;
  }

  /** Gives the folder the target's name, durably. */
  void commit() throws IOException {
    for (Shard shard : files) {
      shard.channel.force(true);
    }
    try (var list = Files.list(folder)) {
      for (Path file : list.toList()) {
        sync(file);
      }
    }
    sync(folder);
    Path whole = target.toAbsolutePath().normalize();
    Files.move(folder, whole, StandardCopyOption.ATOMIC_MOVE);
    sync(whole.getParent());
    tidy(whole);
  }

  /** Removes what only a growing folder needs. */
  static void tidy(Path whole) throws IOException {
    Files.deleteIfExists(whole.resolve(JOURNAL));
    Files.deleteIfExists(whole.resolve(LOCK));
  }

  private static void sync(@org.jspecify.annotations.Nullable Path path) throws IOException {
    if (path != null) {
      try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Removes a growing folder, for tests of failures and for callers that give up. */
  static void delete(Path folder) throws IOException {
    try (var walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  static UserInputException failed(Path target, IOException e) {
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return new UserInputException(
        "%s: cannot be written: %s. What is done is kept; free some space and run the same command again."
            .formatted(target, reason == null ? e.getClass().getSimpleName() : reason),
        e);
  }

  private static void closeQuietly(@org.jspecify.annotations.Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Closes all files; what is done stays for the next run. */
  @Override
  public void close() {
    files.forEach(shard -> closeQuietly(shard.channel));
    closeQuietly(journal);
    closeQuietly(lockFile);
  }
}

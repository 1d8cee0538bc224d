package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one writer or reader finds of another, dead or alive. */
class TwoWritersTest {
  private static final String DEAD = "0123456789abcdef-0123456789abcdef.banyan-tmp";

  @TempDir Path folder;

  @Test
  void whatIsLeftOfATargetWithALongerNameIsNotTouched() throws IOException {
    Path old = folderOf(".world.v2." + DEAD + ".old", "old v2");
    Path complete = folderOf(".world.v2." + DEAD + ".complete", "new v2");

    AtomicFolder.recover(folder.resolve("world"));
    assertThat(folder.resolve("world")).doesNotExist();
    try (AtomicFolder open = AtomicFolder.open(folder.resolve("world"))) {
      Files.writeString(open.folder().resolve("0"), "world");
      open.commit();
    }
    AtomicFolder.open(folder.resolve("world")).close();

    assertThat(folder.resolve("world/0")).hasContent("world");
    assertThat(old.resolve("0")).hasContent("old v2");
    assertThat(complete.resolve("0")).hasContent("new v2");
    AtomicFolder.recover(folder.resolve("world.v2"));
    assertThat(folder.resolve("world.v2/0")).hasContent("new v2");
    assertThat(names()).containsExactly("world", "world.v2");
  }

  @Test
  void aHiddenFileOfATargetWithALongerNameIsNotRemoved() throws IOException {
    Path other = Files.writeString(folder.resolve(".a.txt." + DEAD), "half");
    AtomicFile.writeString(folder.resolve("a"), "x");
    assertThat(other).exists();
  }

  @Test
  void aCommitUnderWayIsLeftToItsWriterUntilThatIsKilled() throws Exception {
    Path target = folder.resolve("step-100");
    Process writer = living("committing", target, ".complete");
    try {
      AtomicFolder.recover(target);
      AtomicFolder.open(target).close();
      assertThat(target).doesNotExist();
      assertThat(names()).anyMatch(name -> name.endsWith(".complete"));
    } finally {
      kill(writer);
    }

    AtomicFolder.recover(target);
    assertThat(target.resolve("0")).hasContent("new");
    assertThat(names()).containsExactly("step-100");
  }

  @Test
  void aFolderThatIsWrittenOrSyncedForHoursIsNotAbandoned() throws Exception {
    Path target = folder.resolve("step-100");
    Process writer = living("committing", target, "");
    try {
      Path hidden = Temporary.siblings(target, "").getFirst();
      assertThat(names(hidden)).containsExactly("0");
      Files.setLastModifiedTime(
          hidden, FileTime.fromMillis(System.currentTimeMillis() - TimeUnit.HOURS.toMillis(9)));
      AtomicFolder.open(target).close();
      assertThat(hidden.resolve("0")).hasContent("new");
    } finally {
      kill(writer);
    }

    AtomicFolder.open(target).close();
    assertThat(names()).isEmpty();
  }

  @Test
  void aCommitThatFailsBetweenItsRenamesBringsTheOldFolderBack() throws IOException {
    Path target = folder.resolve("step-100");
    Files.createDirectories(target);
    Files.writeString(target.resolve("0"), "old");
    try (AtomicFolder open = AtomicFolder.open(target)) {
      Path hidden = open.folder();
      Files.move(hidden, hidden.resolveSibling(hidden.getFileName() + ".complete"));
      Files.move(target, hidden.resolveSibling(hidden.getFileName() + ".old"));
    }
    assertThat(target.resolve("0")).hasContent("old");
    assertThat(names()).containsExactly("step-100");
  }

  /** An opener in another process may come between the making of a hidden file and its lock. */
  @Test
  void aHiddenFileThatWasTakenAwayBeforeItsLockIsNotWritten() throws IOException {
    Path file = folder.resolve("fresh");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      assertThat(Temporary.lock(channel, file)).isTrue();
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      Files.delete(file);
      assertThat(Temporary.lock(channel, file)).isFalse();
    }
  }

  @Test
  void twoProcessesThatWriteOneFileNeverTakeEachOthersHiddenFile() throws Exception {
    Path target = folder.resolve("a.txt");
    Process writer = living("racing", target, "150");
    while (writer.isAlive()) {
      AtomicFile.open(target).close(); // removes what it takes for a dead writer's
    }
    assertThat(writer.waitFor()).isZero();
    assertThat(target).hasContent("x");
    AtomicFile.open(target).close();
    assertThat(names()).containsExactly("a.txt");
  }

  @ParameterizedTest
  @ValueSource(strings = {"there", "missing"})
  void aChainOfLinksKeepsAllItsLinks(String name) throws IOException {
    Path real = folder.resolve("real").resolve(name);
    AtomicFile.writeString(folder.resolve("real/there"), "old");
    Path last = Files.createSymbolicLink(folder.resolve("last"), Path.of("real", name));
    Path first = Files.createSymbolicLink(folder.resolve("first"), Path.of("last"));

    AtomicFile.writeString(first, "new");

    assertThat(first).isSymbolicLink();
    assertThat(last).isSymbolicLink();
    assertThat(real).hasContent("new");
  }

  @Test
  void linksInACircleAreRefused() throws IOException {
    Path a = Files.createSymbolicLink(folder.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(folder.resolve("b"), Path.of("a"));
    assertThatThrownBy(() -> AtomicFile.writeString(a, "x"))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(a + ": is a link that leads in a circle");
  }

  private Path folderOf(String name, String content) throws IOException {
    Path made = Files.createDirectories(folder.resolve(name));
    Files.writeString(made.resolve("0"), content);
    return made;
  }

  private static Process living(String what, Path target, String more) throws IOException {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LivingWriter.class.getName(),
                what,
                target.toString(),
                more)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said = writer.inputReader(StandardCharsets.UTF_8);
    assertThat(said.readLine()).isEqualTo("ready");
    return writer;
  }

  private static void kill(Process writer) throws InterruptedException {
    writer.destroyForcibly();
    assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  private List<String> names() throws IOException {
    return names(folder);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}

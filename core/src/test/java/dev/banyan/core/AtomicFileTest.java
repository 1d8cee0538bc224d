package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  /** What the hidden names of a writer that no longer lives end in. */
  private static final String DEAD = "0123456789abcdef-0123456789abcdef.banyan-tmp";

  @TempDir Path folder;

  @Test
  void aCommittedFileReplacesTheOldOneAndLeavesNothingElse() throws IOException {
    Path deep = folder.resolve("deep/er");
    Path target = deep.resolve("a.txt");
    AtomicFile.writeString(target, "old");
    AtomicFile.writeString(target, "new £");

    assertThat(target).hasContent("new £");
    assertThat(names(deep)).containsExactly("a.txt");
  }

  @Test
  void theTargetIsUntouchedUntilCommit() throws IOException {
    Path target = folder.resolve("a.bin");
    AtomicFile.writeString(target, "old");
    try (AtomicFile file = AtomicFile.open(target)) {
      file.channel().write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      assertThat(target).hasContent("old");
      file.commit();
      assertThat(target).hasBinaryContent(new byte[] {1, 2, 3});
    }
    assertThat(target).hasBinaryContent(new byte[] {1, 2, 3});
  }

  @Test
  void aWriterThatFailsLeavesTheOldFileAndNamesItInTheMessage() throws IOException {
    Path target = folder.resolve("a.txt");
    AtomicFile.writeString(target, "old");

    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    target,
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(target + ": No space left on device");
    assertThat(target).hasContent("old");
    assertThat(names(folder)).containsExactly("a.txt");
  }

  @Test
  void aFolderInTheWayIsRefusedByName() throws IOException {
    Path target = Files.createDirectory(folder.resolve("a"));
    assertThatThrownBy(() -> AtomicFile.writeString(target, "x"))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining(target.toString());
  }

  @Test
  void writingThroughALinkKeepsTheLink() throws IOException {
    Path real = folder.resolve("real/a.txt");
    AtomicFile.writeString(real, "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.txt"), Path.of("real/a.txt"));

    AtomicFile.writeString(link, "new");

    assertThat(link).isSymbolicLink();
    assertThat(real).hasContent("new");
  }

  @Test
  void whatAKilledWriterLeftIsRemovedAndWhatALivingOneWritesIsKept() throws IOException {
    Path target = folder.resolve("a.txt");
    Path left = Files.writeString(folder.resolve(".a.txt." + DEAD), "half");
    Path other = Files.writeString(folder.resolve(".b.txt." + DEAD), "half");
    try (AtomicFile first = AtomicFile.open(target);
        AtomicFile second = AtomicFile.open(target)) {
      assertThat(left).doesNotExist();
      assertThat(other).exists();
      first.channel().write(ByteBuffer.wrap("first".getBytes(StandardCharsets.UTF_8)));
      second.channel().write(ByteBuffer.wrap("second".getBytes(StandardCharsets.UTF_8)));
      second.commit();
      first.commit();
    }
    assertThat(target).hasContent("first");
  }

  @Test
  void anExistingFolderIsReplacedWholeAndNothingOfTheOldOneStays() throws IOException {
    Path target = folder.resolve("step-100");
    writeFolder(target, "old", 3);
    writeFolder(target, "new", 2);

    assertThat(names(target)).containsExactly("0", "1");
    assertThat(target.resolve("0")).hasContent("new");
    assertThat(names(folder)).containsExactly("step-100");
  }

  @Test
  void aFolderThatWasNotCommittedLeavesNothing() throws IOException {
    Path target = folder.resolve("step-100");
    try (AtomicFolder open = AtomicFolder.open(target)) {
      Files.writeString(open.folder().resolve("half"), "x");
      assertThat(target).doesNotExist();
    }
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void aCommitStoppedBetweenItsRenamesIsFinishedByRecover() throws IOException {
    Path target = folder.resolve("step-100");
    writeFolder(folder.resolve(".step-100." + DEAD + ".old"), "old", 1);
    writeFolder(folder.resolve(".step-100." + DEAD + ".complete"), "new", 1);

    AtomicFolder.recover(target);

    assertThat(target.resolve("0")).hasContent("new");
    assertThat(names(folder)).containsExactly("step-100");
  }

  @Test
  void anOldFolderWhoseSuccessorIsGoneComesBack() throws IOException {
    Path target = folder.resolve("step-100");
    writeFolder(folder.resolve(".step-100." + DEAD + ".old"), "old", 1);

    AtomicFolder.recover(target);

    assertThat(target.resolve("0")).hasContent("old");
  }

  @Test
  void aFolderAKilledWriterLeftIsRemoved() throws IOException {
    Path target = folder.resolve("step-100");
    Path left = Files.createDirectory(folder.resolve(".step-100." + DEAD));
    Files.createFile(left.resolve(".banyan-writing"));
    Files.writeString(left.resolve("model.safetensors"), "half");

    try (AtomicFolder open = AtomicFolder.open(target)) {
      assertThat(left).doesNotExist();
      assertThat(open.folder()).isDirectory();
    }
  }

  @Test
  void theLockOfALivingWriterIsSeenByAnother() throws IOException {
    Path target = folder.resolve("a.txt");
    try (AtomicFile open = AtomicFile.open(target)) {
      Path temporary = Temporary.siblings(target, "").getFirst();
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        assertThatThrownBy(channel::tryLock)
            .isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
      }
      open.commit();
    }
  }

  private static void writeFolder(Path target, String content, int files) throws IOException {
    try (AtomicFolder open = AtomicFolder.open(target)) {
      for (int i = 0; i < files; i++) {
        Files.writeString(open.folder().resolve(Integer.toString(i)), content);
      }
      open.commit();
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}

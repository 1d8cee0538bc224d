package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
  @TempDir private Path folder;

  @Test
  void aFolderOfTheCacheIsThereAndCanBeWritten() throws IOException {
    Path cache = CacheFolder.of("tried");
    Files.delete(Files.createTempFile(cache, "a", "b"));
    assertThat(cache.getFileName()).hasToString("tried");
  }

  @Test
  void belowASharedFolderOursIsTakenOnlyWhereItIsNoLinkOfAnother() throws IOException {
    Path ours = folder.resolve("banyan-" + System.getProperty("user.name"));
    assertThat(CacheFolder.below(folder, "native")).isEqualTo(ours.resolve("native"));

    Files.delete(ours.resolve("native"));
    Files.delete(ours);
    Path planted = Files.createDirectory(folder.resolve("planted"));
    Files.createSymbolicLink(ours, planted);
    Path safe = CacheFolder.below(folder, "native");
    assertThat(safe).isDirectory().isNotEqualTo(ours.resolve("native"));
    assertThat(planted).isEmptyDirectory();
  }
}

package dev.banyan.model.tokenize;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whatever a tokenizer.json holds, it is read or refused with a message, nothing else. */
class TokenizerFolderFuzzTest {
  @FuzzTest
  void anyBytesAreReadOrRefused(byte[] bytes) throws IOException {
    Path folder = Files.createTempDirectory("tokenizer");
    Path file = folder.resolve("tokenizer.json");
    try {
      Files.write(file, bytes);
      TokenizerFolder.read(file);
    } catch (UserInputException refused) {
      // the wanted answer to most bytes
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}

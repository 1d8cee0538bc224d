package dev.banyan.train.read;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Example.Origin;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Whatever comes is read or refused with a message, nothing else. */
class ReadersFuzzTest {
  @FuzzTest
  void anyLineIsAnExampleOrRefused(byte[] line) {
    try {
      JsonExamples.read(new String(line, StandardCharsets.UTF_8), new Origin(Path.of("f"), 1));
    } catch (UserInputException refused) {
      // the wanted answer to most bytes
    }
  }

  @FuzzTest
  void anyPageHasAText(byte[] page) {
    HtmlText.of(new String(page, StandardCharsets.UTF_8));
  }
}

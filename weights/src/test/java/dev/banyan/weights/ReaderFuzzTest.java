package dev.banyan.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Files from strangers: whatever the bytes, a reader gives a sound result or refuses with one line.
 * The committed seeds run with every build; with JAZZER_FUZZ=1 new inputs are searched for.
 */
class ReaderFuzzTest {
  /** The first byte is the number of data bytes, the rest the header's JSON. */
  @FuzzTest(maxDuration = "20s")
  void aHeaderIsSoundOrRefused(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int dataBytes = input[0] & 0xff;
    byte[] json = Arrays.copyOfRange(input, 1, input.length);
    try {
      var header = HeaderReader.read("fuzz", json, dataBytes);
      long bytes = header.tensors().values().stream().mapToLong(t -> t.spec().bytes()).sum();
      assertThat(bytes).isEqualTo(dataBytes);
      for (var tensor : header.tensors().values()) {
        assertThat(tensor.begin()).isBetween(0L, (long) dataBytes);
        assertThat(tensor.end()).isBetween(tensor.begin(), (long) dataBytes);
      }
      var specs = header.tensors().values().stream().map(SafetensorsHeader.Placed::spec).toList();
      var written = SafetensorsHeader.of(specs, header.metadata()).encoded();
      byte[] writtenJson = new byte[written.remaining() - Long.BYTES];
      written.get(Long.BYTES, writtenJson);
      var again = HeaderReader.read("fuzz", writtenJson, dataBytes);
      assertThat(again.metadata()).isEqualTo(header.metadata());
      assertThat(again.tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(header.tensors().keySet());
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  @FuzzTest(maxDuration = "20s")
  void anIndexStaysInItsFolderOrIsRefused(byte[] input) {
    try {
      var index = WeightIndex.parse("fuzz", input);
      assertThat(index.files()).isNotEmpty();
      assertThat(index.files().values()).noneMatch(file -> file.contains("/") || file.equals(".."));
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  @FuzzTest(maxDuration = "20s")
  void aConfigIsReadAsItIsWrittenOrRefused(byte[] input) {
    try {
      var config = ModelConfig.parse("fuzz", input);
      var again = ModelConfig.parse("fuzz", config.toJson().getBytes(StandardCharsets.UTF_8));
      // the first writing adds the usual keys a file left out
      assertThat(again).usingRecursiveComparison().ignoringFields("otherKeys").isEqualTo(config);
      assertThat(again.otherKeys()).containsAllEntriesOf(config.otherKeys());
      assertThat(again.toJson()).isEqualTo(config.toJson());
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  private static void assertOneLine(UserInputException e) {
    assertThat(e.getMessage()).startsWith("fuzz: ").doesNotContain("\n").hasSizeLessThan(2000);
  }
}

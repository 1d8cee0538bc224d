package dev.banyan.model.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class Gpt2SplitterTest {
  private static final Path GOLDEN = Path.of("src/test/resources/bpe");

  @Test
  void nastyStringsAreCutAsTheLibraryCutsThem() {
    JsonNode golden = Json.read(GOLDEN.resolve("splits.json"), JsonNode.class);
    assertThat(golden).hasSize(1500);
    for (JsonNode one : golden) {
      String text = one.path("text").stringValue();
      assertThat(lengths(text, false)).as(text).isEqualTo(numbers(one.path("plain")));
      assertThat(lengths(text, true)).as(text).isEqualTo(numbers(one.path("digits")));
    }
  }

  @Test
  void everyCodePointHasTheClassTheLibraryGivesIt() throws IOException {
    int checked = 0;
    for (String line : Files.readAllLines(GOLDEN.resolve("classes.txt"))) {
      String[] range = line.split(" ");
      int last = Integer.parseInt(range[1], 16);
      for (int codePoint = Integer.parseInt(range[0], 16); codePoint <= last; codePoint++) {
        if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
          continue;
        }
        assertThat(kind(codePoint)).as("U+%04X", codePoint).isEqualTo(range[2]);
        checked++;
      }
    }
    assertThat(checked).isEqualTo(0x110000 - 0x800);
  }

  /** The class shows in whether the character joins a letter, a digit or a sign before it. */
  private static String kind(int codePoint) {
    byte[] utf8 = (" " + Character.toString(codePoint)).getBytes(StandardCharsets.UTF_8);
    for (String probe : List.of("a", "1", "!")) {
      utf8[0] = (byte) probe.charAt(0);
      if (Gpt2Splitter.next(utf8, 0, utf8.length) == utf8.length) {
        return probe.equals("a") ? "L" : probe.equals("1") ? "N" : "O";
      }
    }
    return "S";
  }

  /** Cuts with the word counter, so that digits are cut where training cuts them. */
  private static List<Integer> lengths(String text, boolean digits) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    var lengths = new ArrayList<Integer>();
    int at = 0;
    while (at < utf8.length) {
      int segmentEnd = digits ? Gpt2Splitter.nextNumber(utf8, at, utf8.length) : utf8.length;
      int end =
          segmentEnd == at
              ? at + Gpt2Splitter.length(utf8[at])
              : Gpt2Splitter.next(utf8, at, segmentEnd);
      String piece = new String(utf8, at, end - at, StandardCharsets.UTF_8);
      lengths.add(piece.codePointCount(0, piece.length()));
      at = end;
    }
    return lengths;
  }

  private static List<Integer> numbers(JsonNode array) {
    var all = new ArrayList<Integer>();
    for (JsonNode one : array) {
      all.add(one.intValue());
    }
    return all;
  }
}

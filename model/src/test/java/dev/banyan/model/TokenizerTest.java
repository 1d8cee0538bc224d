package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class TokenizerTest {
  private static final Path SENTENCEPIECE = Path.of("src/test/resources/bpe/sentencepiece");

  @Test
  void aSentencepieceStyleFileGivesTheIdsOfTheLibrary() {
    Tokenizer tokenizer = Tokenizer.open(SENTENCEPIECE);
    for (JsonNode one : Json.read(SENTENCEPIECE.resolve("expected.json"), JsonNode.class)) {
      String text = one.path("text").stringValue();
      int[] ids = ints(one.path("with_special"));

      assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(ids);
      assertThat(tokenizer.encode(text, false)).isEqualTo(ints(one.path("without")));
      assertThat(tokenizer.decode(ids, true)).isEqualTo(one.path("decoded").stringValue());
      assertThat(tokenizer.decode(ids, false)).isEqualTo(one.path("kept").stringValue());
    }
  }

  @Test
  void rolesAreReadAsStringsAndAsObjects() {
    Tokenizer tokenizer = Tokenizer.open(SENTENCEPIECE.resolve("tokenizer.json"));

    assertThat(tokenizer.bosId()).hasValue(1);
    assertThat(tokenizer.eosId()).hasValue(2);
    assertThat(tokenizer.padId()).isEmpty();
    assertThat(tokenizer.token(2)).hasValue("</s>");
    assertThat(tokenizer.id("<unk>")).hasValue(0);
    assertThat(tokenizer.id("no such token")).isEmpty();
    assertThat(tokenizer.chatTemplate()).hasValue("{{ messages[0].content }}");
  }

  @Test
  void manyTextsAtOnceGiveWhatEachGivesAlone() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(SENTENCEPIECE);
    List<String> texts = BpeTrainerTest.documents("scripts");

    List<int[]> together = tokenizer.encodeAll(texts, true);

    assertThat(together).hasSameSizeAs(texts);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(together.get(i)).isEqualTo(tokenizer.encode(texts.get(i), true));
    }
  }

  @Test
  void aLoneSurrogateCountsAsTheReplacementCharacter(@TempDir Path folder) {
    Tokenizer tokenizer = byteLevel(folder);

    int[] ids = tokenizer.encode("a\ud800b\udc00", false);

    assertThat(tokenizer.decode(ids, false)).isEqualTo("a\ufffdb\ufffd");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void streamedPiecesAreTheWholeTextAndNeverHalfACharacter(
      boolean sentencepiece, @TempDir Path folder) {
    Tokenizer tokenizer = sentencepiece ? Tokenizer.open(SENTENCEPIECE) : byteLevel(folder);
    RandomGenerator random = new Seed(9).stream("stream", sentencepiece ? 1 : 0);
    for (int i = 0; i < 400; i++) {
      String text = " ".repeat(random.nextInt(4)) + BpeTrainerTest.anyText(random);
      boolean skip = random.nextBoolean();
      int[] ids = tokenizer.encode(text, true);

      List<String> pieces = stream(tokenizer, ids, skip);

      assertThat(String.join("", pieces)).isEqualTo(tokenizer.decode(ids, skip));
      if (text.indexOf('\ufffd') < 0) {
        assertThat(pieces).noneMatch(piece -> piece.indexOf('\ufffd') >= 0);
      }
      assertThat(pieces).noneMatch(TokenizerTest::startsOrEndsInsideACharacter);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void idsThatAreNoTextAtAllAreStreamedAsTheyAreDecoded(
      boolean sentencepiece, @TempDir Path folder) {
    Tokenizer tokenizer = sentencepiece ? Tokenizer.open(SENTENCEPIECE) : byteLevel(folder);
    RandomGenerator random = new Seed(10).stream("garbage", sentencepiece ? 1 : 0);
    for (int i = 0; i < 600; i++) {
      int[] ids =
          IntStream.range(0, random.nextInt(1, 30))
              .map(at -> random.nextInt(tokenizer.vocabSize() + 2))
              .toArray();
      boolean skip = random.nextBoolean();

      assertThat(String.join("", stream(tokenizer, ids, skip)))
          .isEqualTo(tokenizer.decode(ids, skip));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theBytesOfTokensJoinedAreTheText(boolean sentencepiece, @TempDir Path folder) {
    Tokenizer tokenizer = sentencepiece ? Tokenizer.open(SENTENCEPIECE) : byteLevel(folder);
    RandomGenerator random = new Seed(11).stream("bytes", sentencepiece ? 1 : 0);
    for (int i = 0; i < 300; i++) {
      String text = "a " + BpeTrainerTest.anyText(random) + " é漢";
      int[] ids = tokenizer.encode(text, false);
      var joined = new ByteArrayOutputStream();
      for (int id : ids) {
        joined.writeBytes(tokenizer.bytes(id));
      }
      // a decoder drops the space that SentencePiece put before the text
      assertThat(joined.toString(StandardCharsets.UTF_8).strip())
          .isEqualTo(tokenizer.decode(ids, false).strip());
    }
    int[] lone = tokenizer.encode("\u1234", false);
    assertThat(tokenizer.bytes(lone[lone.length - 1])).containsExactly(0xb4);
    assertThat(tokenizer.bytes(tokenizer.vocabSize() + 1)).isEmpty();
  }

  @Test
  void textIsStreamedAsSoonAsItIsCertain(@TempDir Path folder) {
    Tokenizer tokenizer = byteLevel(folder);
    StreamingDecoder decoder = tokenizer.stream(true);
    int[] euro = tokenizer.encode("€", false);
    assertThat(euro).hasSizeGreaterThan(1);

    assertThat(decoder.add(tokenizer.encode("a", false)[0])).isEqualTo("a");
    for (int i = 0; i < euro.length - 1; i++) {
      assertThat(decoder.add(euro[i])).isEmpty();
    }
    assertThat(decoder.add(euro[euro.length - 1])).isEqualTo("€");
    decoder.add(euro[0]);
    assertThat(decoder.finish()).isEqualTo("\ufffd");
  }

  @Test
  void aModelThatIsTooSmallForTheTokenizerIsRefused() {
    Tokenizer tokenizer = Tokenizer.open(SENTENCEPIECE);
    tokenizer.requireFits(tokenizer.vocabSize(), "config.json");

    assertThatThrownBy(() -> tokenizer.requireFits(tokenizer.vocabSize() - 1, "config.json"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("config.json has vocab_size " + (tokenizer.vocabSize() - 1))
        .hasMessageContaining("ids up to " + (tokenizer.vocabSize() - 1));
  }

  @Test
  void filesThatAreNoTokenizerAreRefusedByName(@TempDir Path folder) throws IOException {
    assertRefused(folder, "tokenizer.json");
    refuse(folder, "{\"model\": {", "tokenizer.json:1");
    refuse(folder, "[]", "JSON object");
    refuse(folder, "{}", "model.vocab");
    refuse(
        folder, "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}", "-1");
    refuse(
        folder,
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [[\"x\", \"y\"]]}}",
        "refuses");
    Files.write(folder.resolve("tokenizer.json"), new byte[] {'{', (byte) 0xff});
    assertRefused(folder, "UTF-8");
  }

  private static void refuse(Path folder, String json, String message) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), json);
    assertRefused(folder, message);
  }

  private static void assertRefused(Path folder, String message) {
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining(message);
  }

  private static boolean startsOrEndsInsideACharacter(String piece) {
    return !piece.isEmpty()
        && (Character.isLowSurrogate(piece.charAt(0))
            || Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
  }

  private static List<String> stream(Tokenizer tokenizer, int[] ids, boolean skip) {
    StreamingDecoder decoder = tokenizer.stream(skip);
    var pieces = new ArrayList<String>();
    for (int id : ids) {
      pieces.add(decoder.add(id));
    }
    pieces.add(decoder.finish());
    return pieces;
  }

  private static Tokenizer byteLevel(Path folder) {
    var texts = List.of("the text of the tests, the text of the texts é漢 é漢 é漢");
    BpeTrainer.train(texts.iterator(), BpeTrainer.Options.of(290, List.of("<|end|>")))
        .write(folder, TrainedBpe.Roles.none());
    return Tokenizer.open(folder);
  }

  private static int[] ints(JsonNode array) {
    var all = new int[array.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = array.get(i).intValue();
    }
    return all;
  }
}

package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class BpeTrainerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/bpe");
  private static final List<String> SPECIAL = List.of("<|end|>", "<|user|>", "<|assistant|>");

  @ParameterizedTest
  @ValueSource(strings = {"prose", "scripts", "repeats"})
  void theMergesAreThoseOfTheHuggingFaceTrainer(String name) throws IOException {
    List<String> documents = documents(name);
    JsonNode golden = Json.read(GOLDEN.resolve(name + ".json"), JsonNode.class);
    for (JsonNode run : golden.path("runs")) {
      var options =
          new BpeTrainer.Options(
              run.path("vocab_size").asInt(),
              run.path("min_frequency").asLong(),
              SPECIAL,
              run.path("individual_digits").asBoolean(),
              2);
      TrainedBpe trained = BpeTrainer.train(documents.iterator(), options);
      JsonNode model = Json.mapper().readTree(trained.toJson()).path("model");

      assertThat(mergesOf(model)).isNotEmpty().isEqualTo(strings(run.path("merges")));
      List<String> tokens = trained.vocabulary().tokens();
      assertThat(tokens.subList(0, 3)).isEqualTo(SPECIAL);
      assertThat(tokens.subList(3 + 256, tokens.size())).isEqualTo(strings(run.path("tokens")));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7})
  void theResultDoesNotDependOnTheNumberOfThreads(int threads) throws IOException {
    var options = BpeTrainer.Options.of(600, SPECIAL).withThreads(threads);

    assertThat(BpeTrainer.train(documents("scripts").iterator(), options).toJson())
        .isEqualTo(
            BpeTrainer.train(documents("scripts").iterator(), options.withThreads(2)).toJson());
  }

  @Test
  void aTextOfManyMegabytesIsCutWhereNoWordIs() throws IOException {
    // one text longer than a batch must give what the same words counted in one go give
    String text = String.join(" ", documents("prose")).repeat(40);
    assertThat(text.length()).isGreaterThan(1 << 20);
    var options = BpeTrainer.Options.of(700, List.of()).withThreads(2);
    String whole = BpeTrainer.train(List.of(text).iterator(), options).toJson();

    var words = new ArrayList<String>();
    byte[] utf8 = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int from = 0;
    while (from < utf8.length) {
      int end = dev.banyan.model.tokenize.Gpt2Splitter.next(utf8, from, utf8.length);
      words.add(new String(utf8, from, end - from, java.nio.charset.StandardCharsets.UTF_8));
      from = end;
    }
    assertThat(whole).isEqualTo(BpeTrainer.train(words.iterator(), options).toJson());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyTextComesBackAsItWas(boolean individualDigits, @TempDir Path folder) throws IOException {
    var options = BpeTrainer.Options.of(700, SPECIAL).withIndividualDigits(individualDigits);
    BpeTrainer.train(documents("prose").iterator(), options).write(folder, TrainedBpe.Roles.none());
    Tokenizer tokenizer = Tokenizer.open(folder);
    RandomGenerator random = new Seed(4).stream("texts", individualDigits ? 1 : 0);
    for (int i = 0; i < 300; i++) {
      String text = anyText(random);

      assertThat(tokenizer.decode(tokenizer.encode(text, false), false)).isEqualTo(text);
    }
  }

  @Test
  void everyDigitIsATokenAloneWhenAsked(@TempDir Path folder) {
    var texts = List.of("12345 12345 12345 12345 1234 34512");
    var options = BpeTrainer.Options.of(300, List.of());
    BpeTrainer.train(texts.iterator(), options.withIndividualDigits(true))
        .write(folder.resolve("single"), TrainedBpe.Roles.none());
    BpeTrainer.train(texts.iterator(), options)
        .write(folder.resolve("joined"), TrainedBpe.Roles.none());

    assertThat(Tokenizer.open(folder.resolve("single")).encode(" 12345", false)).hasSize(6);
    assertThat(Tokenizer.open(folder.resolve("joined")).encode(" 12345", false)).hasSize(1);
  }

  @Test
  void specialTokensAndTheirPartsAreWritten(@TempDir Path folder) throws IOException {
    var roles =
        new TrainedBpe.Roles(
            Optional.empty(), Optional.of("<|end|>"), Optional.of("<|end|>"), Optional.of("{{x}}"));
    BpeTrainer.train(documents("prose").iterator(), BpeTrainer.Options.of(400, SPECIAL))
        .write(folder, roles);
    Tokenizer tokenizer = Tokenizer.open(folder);

    assertThat(tokenizer.vocabSize()).isEqualTo(400);
    assertThat(tokenizer.eosId()).hasValue(0);
    assertThat(tokenizer.padId()).hasValue(0);
    assertThat(tokenizer.bosId()).isEmpty();
    assertThat(tokenizer.specialIds()).isEqualTo(Set.of(0, 1, 2));
    assertThat(tokenizer.chatTemplate()).hasValue("{{x}}");
    assertThat(tokenizer.encode("<|user|>", false)).containsExactly(1);
    assertThat(tokenizer.decode(new int[] {1, 0}, true)).isEmpty();
    assertThat(tokenizer.decode(new int[] {1, 0}, false)).isEqualTo("<|user|><|end|>");
  }

  @Test
  void theBeginTokenStandsBeforeATextThatIsEncodedWhole(@TempDir Path folder) throws IOException {
    var roles =
        new TrainedBpe.Roles(
            Optional.of("<|user|>"), Optional.of("<|end|>"), Optional.empty(), Optional.empty());
    BpeTrainer.train(documents("prose").iterator(), BpeTrainer.Options.of(400, SPECIAL))
        .write(folder, roles);
    Tokenizer tokenizer = Tokenizer.open(folder);

    int[] plain = tokenizer.encode("the sea", false);
    int[] whole = tokenizer.encode("the sea", true);
    assertThat(plain).doesNotContain(1);
    assertThat(whole).hasSize(plain.length + 1).startsWith(1).endsWith(plain);
  }

  @Test
  void whatCannotBeTrainedIsRefused(@TempDir Path folder) {
    assertThatThrownBy(() -> BpeTrainer.Options.of(258, SPECIAL))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("258")
        .hasMessageContaining("259");
    assertThatThrownBy(
            () ->
                BpeTrainer.train(List.of("", "").iterator(), BpeTrainer.Options.of(300, List.of())))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("no text");
    var roles =
        new TrainedBpe.Roles(
            Optional.of("<s>"), Optional.empty(), Optional.empty(), Optional.empty());
    TrainedBpe trained =
        BpeTrainer.train(List.of("a b").iterator(), BpeTrainer.Options.of(300, SPECIAL));
    assertThatThrownBy(() -> trained.write(folder.resolve("none"), roles))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("<s>");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  static String anyText(RandomGenerator random) {
    var text = new StringBuilder();
    int length = random.nextInt(1, 40);
    while (text.codePointCount(0, text.length()) < length) {
      int codePoint =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(128);
            case 1 -> random.nextInt(0x800);
            case 2 -> random.nextInt(0x10000);
            default -> random.nextInt(0x110000);
          };
      if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
        text.appendCodePoint(codePoint);
      }
    }
    return text.toString();
  }

  static List<String> documents(String name) throws IOException {
    return List.of(Files.readString(GOLDEN.resolve(name + ".txt")).split("\0"));
  }

  private static List<String> mergesOf(JsonNode model) {
    var merges = new ArrayList<String>();
    for (JsonNode pair : model.path("merges")) {
      merges.add(pair.get(0).stringValue() + " " + pair.get(1).stringValue());
    }
    return merges;
  }

  private static List<String> strings(JsonNode array) {
    var all = new ArrayList<String>();
    for (JsonNode one : array) {
      all.add(one.stringValue());
    }
    return all;
  }
}

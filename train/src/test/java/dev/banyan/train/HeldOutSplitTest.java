package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldOutSplitTest {
  private static final HeldOutSplit.Options FIFTH =
      new HeldOutSplit.Options(0.2, Long.MAX_VALUE, Long.MAX_VALUE);

  @TempDir private Path folder;

  @Test
  void everyTextGoesWholeToOneSideAndOnce() throws IOException {
    List<String> texts = texts(0, 500);
    texts.addAll(texts(100, 150));
    texts.add("  \n");

    HeldOutSplit.Divided divided = split(texts, FIFTH, 1);

    List<String> learned = read("train.jsonl");
    List<String> held = read("held-out.jsonl");
    assertThat(learned).doesNotContainAnyElementsOf(held);
    var all = new TreeSet<>(learned);
    all.addAll(held);
    assertThat(all).isEqualTo(new TreeSet<>(texts(0, 500)));
    assertThat(divided.trainingDocuments()).isEqualTo(learned.size());
    assertThat(divided.heldOutDocuments()).isEqualTo(held.size());
    assertThat(divided.trainingDocuments() + divided.heldOutDocuments()).isEqualTo(500);
    assertThat(divided.duplicates()).isEqualTo(50); // blank texts are no records
    assertThat(divided.trainingBytes()).isEqualTo(bytes(learned));
    assertThat(divided.heldOutBytes()).isEqualTo(bytes(held));
    // 0.2 of 500, five standard deviations of a binomial either way
    assertThat(held).hasSizeBetween(55, 145);
  }

  @Test
  void addingDocumentsMovesNoneToTheOtherSide() throws IOException {
    split(texts(0, 200), FIFTH, 1);
    Set<String> heldBefore = new LinkedHashSet<>(read("held-out.jsonl"));
    List<String> more = texts(300, 600);
    more.addAll(texts(0, 200));

    split(more, FIFTH, 1);
    Set<String> held = new LinkedHashSet<>(read("held-out.jsonl"));
    assertThat(held).containsAll(heldBefore);
    held.retainAll(texts(0, 200));
    assertThat(held).isEqualTo(heldBefore);

    split(texts(0, 200), FIFTH, 2);
    assertThat(new LinkedHashSet<>(read("held-out.jsonl"))).isNotEqualTo(heldBefore);
  }

  @Test
  void capsAreKept() throws IOException {
    List<String> texts = texts(0, 500);
    long each = texts.getFirst().length();

    HeldOutSplit.Divided divided =
        split(texts, new HeldOutSplit.Options(0.5, 10 * each, 100 * each), 1);

    assertThat(divided.heldOutBytes()).isBetween(10 * each, 11 * each + 2);
    assertThat(divided.trainingBytes()).isBetween(100 * each, 101 * each + 2);
    assertThat(divided.leftOut())
        .isEqualTo(500 - divided.trainingDocuments() - divided.heldOutDocuments())
        .isPositive();
  }

  @Test
  void underACapTheOrderDecidesNothingAndAddingDocumentsHoldsOutNoneThatWasLearned()
      throws IOException {
    List<String> texts = texts(0, 300);
    var capped = new HeldOutSplit.Options(0.5, 20L * texts.getFirst().length(), Long.MAX_VALUE);
    split(texts, capped, 1);
    List<String> held = read("held-out.jsonl");
    List<String> learned = read("train.jsonl");

    split(texts.reversed(), capped, 1);
    assertThat(read("held-out.jsonl")).containsExactlyInAnyOrderElementsOf(held);

    List<String> more = texts(300, 600);
    more.addAll(texts);
    split(more, capped, 1);
    assertThat(read("held-out.jsonl")).doesNotContainAnyElementsOf(learned);
  }

  @Test
  void stoppedBetweenTheTwoFilesThereIsNoTrainingFileOfTheOtherSplit() throws IOException {
    Path training = folder.resolve("train.jsonl");
    Path heldOut = folder.resolve("held-out.jsonl");
    Files.writeString(training, "old");
    Files.writeString(heldOut, "old");
    try (AtomicFile learned = AtomicFile.open(training);
        AtomicFile held = AtomicFile.open(heldOut)) {
      learned.commit(); // so the second of the two is refused, after the first was made
      Files.writeString(training, "old");
      assertThatThrownBy(() -> HeldOutSplit.commit(training, learned, held))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(training).doesNotExist();
    assertThat(heldOut).isEmptyFile();
    try (AtomicFile learned = AtomicFile.open(training);
        AtomicFile held = AtomicFile.open(heldOut)) {
      Files.writeString(training, "old");
      Files.writeString(heldOut, "old");
      held.commit();
      Files.writeString(heldOut, "old");
      assertThatThrownBy(() -> HeldOutSplit.commit(training, learned, held))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(training).doesNotExist(); // and not the new one beside the old held-out file
    assertThat(heldOut).hasContent("old");
  }

  @Test
  void tooFewDocumentsAreRefusedAndNothingIsWritten() {
    assertThatThrownBy(() -> split(List.of("only one"), FIFTH, 1))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("too few");
    assertThat(folder.resolve("train.jsonl")).doesNotExist();
    assertThat(folder.resolve("held-out.jsonl")).doesNotExist();
  }

  @Test
  void conversationsAreDividedAsSkillsAndLongOnesAreLearned() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      lines.add(Json.mapper().writeValueAsString(Map.of("prompt", "q" + i, "completion", "a" + i)));
    }
    lines.add(
        """
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "first"}, \
        {"role": "assistant", "content": "one"}, {"role": "user", "content": "second"}, \
        {"role": "assistant", "content": "two"}]}""");
    Files.write(folder.resolve("chats.jsonl"), lines);
    Path train = folder.resolve("i-train.jsonl");
    Path test = folder.resolve("i-test.jsonl");
    int[] counts;
    try (Corpus corpus = open("chats.jsonl")) {
      counts = HeldOutSplit.writeConversations(corpus, train, test, 0.3, new Seed(1));
    }

    List<SkillQuestion> learned = SkillQuestion.readAll(train);
    List<SkillQuestion> held = SkillQuestion.readAll(test);
    assertThat(counts).containsExactly(learned.size(), held.size());
    assertThat(learned.size() + held.size()).isEqualTo(101);
    assertThat(held).hasSizeBetween(8, 55);
    assertThat(learned).extracting(SkillQuestion::answer).contains("two");
    for (SkillQuestion question : held) {
      assertThat(question.answer()).isEqualTo("a" + question.question().substring(1));
      assertThat(learned).extracting(SkillQuestion::question).doesNotContain(question.question());
    }
    try (Corpus again = Corpus.open(List.of(test), Corpus.Options.STRICT)) {
      assertThat(again.record(0)).isInstanceOf(Example.ChatExample.class);
    }
  }

  @Test
  void aTextAmongConversationsIsRefusedByItsPlace() throws IOException {
    Files.write(
        folder.resolve("mixed.jsonl"),
        List.of("{\"prompt\": \"q\", \"completion\": \"a\"}", "{\"text\": \"no\"}"));
    try (Corpus corpus = open("mixed.jsonl")) {
      assertThatThrownBy(
              () ->
                  HeldOutSplit.writeConversations(
                      corpus, folder.resolve("a"), folder.resolve("b"), 0.5, new Seed(1)))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("mixed.jsonl:2");
    }
    assertThat(folder.resolve("a")).doesNotExist();
  }

  private HeldOutSplit.Divided split(List<String> texts, HeldOutSplit.Options options, long seed)
      throws IOException {
    Files.write(
        folder.resolve("in.jsonl"),
        texts.stream().map(t -> Json.mapper().writeValueAsString(Map.of("text", t))).toList());
    try (Corpus corpus = open("in.jsonl")) {
      return HeldOutSplit.write(
          List.of(corpus),
          folder.resolve("train.jsonl"),
          folder.resolve("held-out.jsonl"),
          options,
          new Seed(seed));
    }
  }

  private Corpus open(String name) {
    return Corpus.open(List.of(folder.resolve(name)), Corpus.Options.STRICT);
  }

  private List<String> read(String name) {
    List<String> texts = new ArrayList<>();
    try (Corpus corpus = open(name)) {
      corpus.texts().forEachRemaining(texts::add);
    }
    return texts;
  }

  private static List<String> texts(int from, int to) {
    List<String> texts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      texts.add("line one of %03d\nline two".formatted(i));
    }
    return texts;
  }

  private static long bytes(List<String> texts) {
    return texts.stream().mapToLong(String::length).sum();
  }
}

package dev.banyan.train.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.train.Example;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.Origin;
import dev.banyan.train.Example.Role;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.Example.Turn;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PackerTest {
  private static final int PAD = 0;

  /** Document d has the tokens d·1000 + 1, d·1000 + 2, …, so a token says where it is from. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Documents(int[] lengths, boolean chat) {
    Example example(long number) {
      var origin = new Origin(Path.of("d"), number);
      return chat
          ? new ChatExample(origin, List.of(new Turn(Role.ASSISTANT, "" + number)))
          : new TextExample(origin, "" + number);
    }

    Tokens tokens(Example example) {
      int document = (int) example.origin().line();
      var tokens = new Tokens.Builder();
      for (int i = 0; i < lengths[document]; i++) {
        // a conversation's first half is the question
        tokens.add((document + 1) * 1000 + i, chat ? i >= lengths[document] / 2 : i > 0);
      }
      return tokens.build();
    }

    Packer packer(int rowLength, boolean shuffled, Packer.State state) {
      var order = new DataOrder(new Seed(1), lengths.length, shuffled);
      return new Packer(this::example, order, this::tokens, rowLength, PAD, state);
    }
  }

  @Test
  void aSmallRowLooksAsItShould() {
    PackedRow row =
        new Documents(new int[] {4, 3, 9}, false).packer(8, false, Packer.State.START).next();

    int no = PackedRow.IGNORED;
    assertThat(row.tokens()).containsExactly(1000, 1001, 1002, 2000, 2001, PAD, PAD, PAD);
    assertThat(row.labels()).containsExactly(1001, 1002, 1003, 2001, 2002, no, no, no);
    assertThat(row.positions()).containsExactly(0, 1, 2, 0, 1, 0, 1, 2);
    assertThat(row.segments()).containsExactly(0, 0, 0, 1, 1, 2, 2, 2);
    assertThat(row.learned()).isEqualTo(5);
  }

  @Test
  void everyTokenOfATextIsLearnedOncePerEpochAndNeverAcrossDocuments() {
    RandomGenerator random = new Seed(5).stream("lengths");
    var documents = new Documents(random.ints(60, 1, 200).toArray(), false);
    for (int rowLength : new int[] {7, 32, 64, 500}) {
      Packer packer = documents.packer(rowLength, true, Packer.State.START);
      Map<Integer, Integer> learned = new HashMap<>();
      while (packer.state().position() < 60 * 3) {
        check(packer.next(), documents, learned);
      }
      // the last row may have begun a fourth epoch, so every label came three or four times
      for (int d = 0; d < 60; d++) {
        for (int i = 1; i < documents.lengths[d]; i++) {
          assertThat(learned.get((d + 1) * 1000 + i)).isBetween(3, 4);
        }
      }
    }
  }

  @Test
  void rowsOfTextHaveHardlyAnyPadding() {
    RandomGenerator random = new Seed(6).stream("lengths");
    Packer packer =
        new Documents(random.ints(50, 20, 300).toArray(), false)
            .packer(128, true, Packer.State.START);
    for (int i = 0; i < 100; i++) {
      PackedRow row = packer.next();
      int padding = 0;
      for (int at = 0; at < 128; at++) {
        padding += row.tokens()[at] == PAD ? 1 : 0;
      }
      assertThat(padding).isLessThan(Packer.SHORTEST_PIECE);
    }
  }

  @Test
  void aConversationThatFitsIsNeverCutAndOnlyAnswersAreLearned() {
    RandomGenerator random = new Seed(7).stream("lengths");
    var documents = new Documents(random.ints(80, 2, 60).toArray(), true);
    Packer packer = documents.packer(64, true, Packer.State.START);
    for (int i = 0; i < 100; i++) {
      PackedRow row = packer.next();
      for (int at = 0; at < 64; at++) {
        int token = row.tokens()[at];
        if (token == PAD) {
          continue;
        }
        int document = token / 1000 - 1;
        int offset = token % 1000;
        assertThat(row.positions()[at]).isEqualTo(offset);
        boolean answer = offset + 1 >= documents.lengths[document] / 2;
        assertThat(row.labels()[at]).isEqualTo(answer ? token + 1 : PackedRow.IGNORED);
      }
    }
  }

  @Test
  void aPackerMadeFromTheStateGoesOnWithTheSameRows() {
    RandomGenerator random = new Seed(8).stream("lengths");
    for (boolean chat : new boolean[] {false, true}) {
      var documents = new Documents(random.ints(40, 1, 150).toArray(), chat);
      Packer straight = documents.packer(48, true, Packer.State.START);
      for (int i = 0; i < 120; i++) {
        Packer resumed = documents.packer(48, true, straight.state());
        assertSame(resumed.next(), straight.next());
        assertThat(resumed.state()).isEqualTo(straight.state());
      }
    }
  }

  @Test
  void dataThatTeachNothingAreRefused() {
    var nothing = new Documents(new int[] {1, 1, 0}, false);

    assertThatThrownBy(() -> nothing.packer(8, false, Packer.State.START).next())
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("teaches");
  }

  private static void check(PackedRow row, Documents documents, Map<Integer, Integer> learned) {
    assertThat(row.learned()).isPositive();
    for (int at = 0; at < row.tokens().length; at++) {
      int label = row.labels()[at];
      if (label != PackedRow.IGNORED) {
        assertThat(label).isEqualTo(row.tokens()[at] + 1);
        assertThat(label % 1000).isLessThan(documents.lengths[label / 1000 - 1]);
        learned.merge(label, 1, Integer::sum);
      }
      if (at > 0 && row.segments()[at] == row.segments()[at - 1]) {
        assertThat(row.positions()[at]).isEqualTo(row.positions()[at - 1] + 1);
        if (row.tokens()[at] != PAD) {
          assertThat(row.tokens()[at]).isEqualTo(row.tokens()[at - 1] + 1);
        }
      } else {
        assertThat(row.positions()[at]).isZero();
      }
    }
  }

  private static void assertSame(PackedRow one, PackedRow other) {
    var pairs = new ArrayList<int[][]>();
    pairs.add(new int[][] {one.tokens(), other.tokens()});
    pairs.add(new int[][] {one.labels(), other.labels()});
    pairs.add(new int[][] {one.positions(), other.positions()});
    pairs.add(new int[][] {one.segments(), other.segments()});
    assertThat(pairs).allSatisfy(pair -> assertThat(pair[0]).isEqualTo(pair[1]));
  }
}

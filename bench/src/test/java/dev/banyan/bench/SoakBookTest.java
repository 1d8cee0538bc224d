package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SoakBookTest {
  @Test
  void stepsMadeAgainMustComeOutAlike() {
    var book = new SoakBook();
    book.told(3);
    book.read(List.of(line(1, "0.5", 9), line(2, "0.25", 9), line(3, "0.125", 9)));
    book.told(4);
    book.read(
        List.of(line(1, "0.5", 9), line(2, "0.25", 7), line(3, "0.126", 7), line(4, "0.1", 7)));
    assertThat(book.steps()).isEqualTo(4);
    assertThat(book.replayed()).isEqualTo(2);
    assertThat(book.different()).isEqualTo(1);
    assertThat(book.lost()).isZero();
  }

  @Test
  void aStepThatWasToldAndIsNotThereIsLost() {
    var book = new SoakBook();
    book.told(2);
    book.read(List.of(line(1, "0.5", 9), line(2, "0.25", 9).strip())); // torn
    assertThat(book.lost()).isEqualTo(1);
  }

  @Test
  void aStepThatIsThereTwiceIsFound() {
    var book = new SoakBook();
    book.told(2);
    book.read(List.of(line(1, "0.5", 9), line(1, "0.5", 8)));
    assertThat(book.lost()).isEqualTo(1);
  }

  @Test
  void anotherRunIsComparedStepByStep() {
    var book = new SoakBook();
    book.read(List.of(line(1, "0.5", 9), line(2, "0.25", 9)));
    var other = new SoakBook();
    other.read(List.of(line(1, "0.5", 3), line(2, "0.26", 3)));
    assertThat(book.differentFrom(other, 2)).isEqualTo(1);
  }

  private static String line(int step, String loss, int speed) {
    return "{\"step\":%d,\"loss\":%s,\"tokensPerSecond\":%d}\n".formatted(step, loss, speed);
  }
}

package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final AtomicLong nanos = new AtomicLong(123);

  private Progress open(Terminal terminal, long total) {
    return new ProgressLine(out, terminal, nanos::get, "train", total, "tokens");
  }

  private void pass(double seconds) {
    nanos.addAndGet((long) (seconds * 1e9));
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withoutATerminalALineComesEveryTenSecondsAndOneAtTheEnd() {
    try (Progress progress = open(Terminal.NONE, 40_000)) {
      for (int second = 0; second < 35; second++) {
        progress.step(second * 1000L, "loss 2.31");
        pass(1);
      }
    }
    List<String> lines = printed().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0))
        .isEqualTo("train 25 %  10.0 k of 40.0 k tokens  1,000 tokens/s  30 s left  loss 2.31");
    assertThat(lines.get(3))
        .startsWith("train 85 %  34.0 k of 40.0 k tokens")
        .contains("in 35.0 s");
    assertThat(printed()).doesNotContain("\r");
  }

  @Test
  void workThatNeverBeganSaysNothing() {
    open(Terminal.NONE, 10).close();
    open(new Terminal(true, 70), 10).close();
    assertThat(printed()).isEmpty();
  }

  @Test
  void onATerminalTheLineIsRedrawnAtMostTenTimesASecondAndFitsTheColumns() {
    try (Progress progress = open(new Terminal(true, 70), 1_000)) {
      for (int i = 0; i <= 1_000; i++) {
        progress.step(i, "a note that is much too long for a narrow terminal window");
        pass(0.01);
      }
    }
    String[] drawn = printed().split("\r", -1);
    assertThat(drawn.length).isBetween(95, 105);
    assertThat(drawn).allSatisfy(line -> assertThat(line.strip().length()).isLessThan(70));
    assertThat(drawn[drawn.length - 1]).contains("100 %").contains("████████ ");
    assertThat(drawn[50]).contains("█").contains("░").contains("left");
    assertThat(printed()).endsWith(System.lineSeparator());
  }

  @Test
  void aShorterLineWipesTheLongerOneBeforeIt() {
    try (Progress progress = open(new Terminal(true, 200), 0)) {
      progress.step(1, "a long note");
      pass(1);
      progress.step(2, "");
    }
    String[] drawn = printed().split("\r", -1);
    assertThat(drawn[2].length()).isGreaterThanOrEqualTo(drawn[1].length());
  }

  @Test
  void aResumedJobCountsItsRateFromWhereItBegan() {
    try (Progress progress = open(Terminal.NONE, 2_000_000)) {
      progress.step(1_000_000, "");
      pass(10);
      progress.step(1_001_000, "");
    }
    assertThat(printed().lines().findFirst().orElseThrow()).contains("100 tokens/s");
  }

  @Test
  void theTimeLeftForgetsASlowStart() {
    try (Progress progress = open(Terminal.NONE, 1_000_000)) {
      progress.step(0, "");
      pass(100);
      progress.step(100, "");
      for (int i = 1; i <= 100; i++) {
        pass(1);
        progress.step(100 + i * 1_000L, "");
      }
    }
    List<String> lines = printed().lines().toList();
    // At 1,000 a second with 900,000 to go; an average from the start would say half an hour.
    assertThat(lines.get(lines.size() - 2)).contains("15 min");
  }

  @Test
  void aLateReportOfAnotherThreadDoesNotTurnTheBarBack() {
    try (Progress progress = open(Terminal.NONE, 100)) {
      progress.step(60, "");
      progress.step(40, "");
    }
    assertThat(printed()).contains("60 %");
  }

  @Test
  void stepsFromManyThreadsNeverTearALine() throws InterruptedException {
    var start = new CountDownLatch(1);
    try (Progress progress = open(new Terminal(true, 120), 400_000)) {
      Thread[] threads = new Thread[4];
      for (int t = 0; t < 4; t++) {
        threads[t] =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        start.await();
                      } catch (InterruptedException e) {
                        return;
                      }
                      for (int i = 1; i <= 1_000; i++) {
                        nanos.addAndGet(100_000_000); // every step is due
                        progress.step(i * 400L, "note");
                      }
                    });
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
    }
    String[] drawn = printed().split("\r", -1);
    // How many are drawn is up to the scheduler: a thread passes by while another paints.
    assertThat(drawn).hasSizeGreaterThanOrEqualTo(3);
    for (int i = 1; i < drawn.length; i++) {
      assertThat(drawn[i]).startsWith("train ");
      assertThat(drawn[i].strip()).endsWith("note");
    }
  }

  @Test
  void onlyATerminalThatIsNotDumbIsLive() {
    assertThat(Terminal.decide(true, Map.of("TERM", "xterm", "COLUMNS", "132")))
        .isEqualTo(new Terminal(true, 132));
    assertThat(Terminal.decide(true, Map.of("COLUMNS", "wide"))).isEqualTo(new Terminal(true, 80));
    assertThat(Terminal.decide(true, Map.of("TERM", "dumb"))).isEqualTo(Terminal.NONE);
    assertThat(Terminal.decide(false, Map.of("TERM", "xterm"))).isEqualTo(Terminal.NONE);
  }
}

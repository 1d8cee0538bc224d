package dev.banyan.serve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ReplacementsTest {
  @Test
  void theFirstComesAtOnceAndEachFurtherTryTwiceAsLateUpToAMinute() {
    var replacements = new Replacements();
    List<Long> seconds =
        IntStream.range(0, 40)
            .mapToObj(i -> replacements.pause(Long.MAX_VALUE - 5).toSeconds())
            .toList();
    assertThat(seconds.subList(0, 9)).containsExactly(0L, 1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
    assertThat(seconds.subList(9, 40)).containsOnly(60L);
  }

  @Test
  void afterAQuietWhileItBeginsAnew() {
    var replacements = new Replacements();
    long now = -Replacements.QUIET.toNanos();
    for (Duration expected : List.of(Duration.ZERO, Replacements.FIRST)) {
      assertThat(replacements.pause(now)).isEqualTo(expected);
    }
    now += Replacements.QUIET.toNanos();
    assertThat(replacements.pause(now)).isEqualTo(Duration.ofSeconds(2));
    now += Replacements.QUIET.toNanos() + 1;
    assertThat(replacements.pause(now)).isZero();
  }
}

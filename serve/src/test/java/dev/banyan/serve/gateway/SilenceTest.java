package dev.banyan.serve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.serve.process.ProcessState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A clock of the test's own. */
final class SilenceTest {
  private static final long SECOND = 1_000_000_000L;

  private long now = 77;
  private final Silence silence = new Silence(now);

  private void tick(double seconds) {
    now += (long) (seconds * SECOND);
    silence.look(now);
  }

  /** How long it takes until an instance that says nothing any more is lost. */
  private double secondsUntilLost(ProcessState state) {
    long heard = silence.listened();
    int ticks = 0;
    while (!silence.isLost(heard, state)) {
      tick(0.25);
      ticks++;
    }
    return ticks * 0.25;
  }

  @ParameterizedTest
  @CsvSource({"STOPPED,1.75", "GONE,1.75", "UNKNOWN,1.75", "RUNS,10.25"})
  void whatIsStoppedIsLostSoonAndWhatRunsOnlyWhenItHangs(ProcessState state, double seconds) {
    assertThat(secondsUntilLost(state)).isEqualTo(seconds);
  }

  /** The watcher was kept from its work for a minute: so were those who read. */
  @Test
  void aWatcherThatComesLateTakesItsOwnAbsenceForNobodysSilence() {
    long heard = silence.listened();
    tick(60);
    assertThat(silence.isSuspect(heard)).isFalse();
    assertThat(silence.isLost(heard, ProcessState.STOPPED)).isFalse();
    tick(0.25);
    tick(0.25);
    assertThat(silence.isLost(heard, ProcessState.STOPPED)).isFalse();
    for (int i = 0; i < 4; i++) {
      tick(0.25);
    }
    assertThat(silence.isLost(heard, ProcessState.STOPPED)).isTrue();
  }

  @Test
  void whoSpeaksIsNotLostHoweverSlowAllIs() {
    long heard = silence.listened();
    for (int i = 0; i < 100; i++) {
      tick(i % 7);
      assertThat(silence.isSuspect(heard)).isFalse();
      heard = silence.listened();
    }
  }
}

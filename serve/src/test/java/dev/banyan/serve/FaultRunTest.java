package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import org.junit.jupiter.api.Test;

class FaultRunTest {
  @Test
  void noScheduleBreaksAnInvariantWhateverGoesWrong() {
    FaultTally tally = FaultRun.run(1500, false, new Seed(7), 2, Progress.none());
    assertThat(tally.violations()).isEmpty();
    assertThat(tally.violating()).isZero();
    // It would be easy to hold everything by never moving anything.
    assertThat(tally.committed()).isGreaterThan(600);
    assertThat(tally.kept()).isGreaterThan(100);
    assertThat(tally.troubles()).hasSize(14);
  }

  @Test
  void aPlantedDoubleOwnerIsCaught() {
    FaultTally tally = FaultRun.run(600, true, new Seed(7), 2, Progress.none());
    assertThat(tally.violating()).isPositive();
    assertThat(tally.violations().getFirst()).contains("owns it");
  }

  @Test
  void theTallyDoesNotDependOnThreads() {
    FaultTally one = FaultRun.run(1000, false, new Seed(3), 1, Progress.none());
    FaultTally two = FaultRun.run(1000, false, new Seed(3), 2, Progress.none());
    assertThat(two).isEqualTo(one);
  }
}

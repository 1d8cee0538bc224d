package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.cluster.DetectorTimes.Spread;
import dev.banyan.cluster.Downtime.Operation;
import dev.banyan.cluster.Downtime.Share;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DowntimeTest {
  private static final Seed SEED = new Seed(1);

  @Test
  void juneAndDecemberFallOutOfTheirConstantsRowByRow() {
    Downtime.Table all =
        Downtime.simulate(DetectorTimes.standard(), Operation.standard(), 1000, SEED);
    near(all.june(), Downtime.JUNE);
    near(all.december(), Downtime.DECEMBER);
    assertThat(all.june().low95()).isLessThan(31.19);
    assertThat(all.june().high95()).isGreaterThan(31.19);
    assertThat(all.ours().total()).isLessThanOrEqualTo(1.16);
  }

  private static void near(Share simulated, Share published) {
    assertThat(simulated.total()).isCloseTo(published.total(), within(0.05 * published.total()));
    assertThat(simulated.postCheckpoint())
        .isCloseTo(published.postCheckpoint(), within(0.05 * published.postCheckpoint()));
    assertThat(simulated.diagnosisIsolation())
        .isCloseTo(published.diagnosisIsolation(), within(0.05 * published.diagnosisIsolation()));
    assertThat(simulated.detection())
        .isCloseTo(published.detection(), within(0.05 * published.detection() + 0.002));
  }

  /** With every time known, a share is failures × cost of one, over the month and those. */
  @Test
  void oursIsWhatRenewalSays() {
    var times = times(1e-6, 1.0, 0);
    var operation = new Operation(40, 600, 100, 0, 0, 300, 0.001);
    Share ours = Downtime.simulate(times, operation, 2000, SEED).ours();
    double rate = 40 / (0.99 * 720 * 3600);
    double cost = 300 + 100;
    double expected = 100 * rate * cost / (1 + rate * cost);
    assertThat(ours.total()).isCloseTo(expected, within(0.02 * expected));
  }

  @Test
  void wrongCulpritsFalseIsolationsAndMissingSparesCost() {
    Operation standard = Operation.standard();
    double right = total(times(1, 1.0, 0), standard);
    assertThat(total(times(1, 0.5, 0), standard)).isGreaterThan(right * 1.2);
    assertThat(total(times(1, 1.0, 50), standard)).isGreaterThan(right * 1.2);
    Operation bare = new Operation(43, 277, 90, 60, 1800, 0, 24);
    assertThat(total(times(1, 1.0, 0), bare)).isGreaterThan(right * 10);
  }

  private static DetectorTimes times(double seconds, double exact, double falsely) {
    var spread = new Spread(seconds, seconds);
    return new DetectorTimes("a test", spread, spread, spread, exact, falsely);
  }

  private static double total(DetectorTimes times, Operation operation) {
    return Downtime.simulate(times, operation, 300, SEED).ours().total();
  }

  @Test
  void timesThatMakeNoSenseAreRefused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("times.json");
    Files.writeString(file, "{\"source\":\"x\",\"culpritExact\":1,\"falseIsolationsPerMonth\":0}");
    assertThatThrownBy(() -> DetectorTimes.read(file))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("lacks one of");
    Files.writeString(
        file,
        "{\"source\":\"x\",\"processLoss\":{\"p50Seconds\":5,\"p95Seconds\":1},\"culpritExact\":1,\"falseIsolationsPerMonth\":0}");
    assertThatThrownBy(() -> DetectorTimes.read(file))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("expected 0 < p50 ≤ p95");
  }
}

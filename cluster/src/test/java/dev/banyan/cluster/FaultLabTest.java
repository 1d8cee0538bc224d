package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class FaultLabTest {
  @TempDir private Path folder;

  @Test
  void processFaultsAreNamedWithoutRootOnTheLoopbackDevice() throws Exception {
    LabReport report =
        lab(List.of(Fault.KILL, Fault.STOP_BETWEEN), List.of(RankProgram.exchange()), true);
    assertThat(report.troubled()).isEmpty();
    assertThat(report.misses()).isEmpty();
  }

  @Test
  void aSilentPathIsNamedInNamespaces() throws Exception {
    String missing = FaultLab.missing(false).getOrDefault(Fault.BLACKHOLE, "");
    assumeTrue(missing.isEmpty(), "lab NOT RUN: " + missing);
    LabReport report = lab(List.of(Fault.BLACKHOLE), List.of(RankProgram.exchange()), false);
    assertThat(report.troubled()).isEmpty();
    assertThat(report.misses()).isEmpty();
  }

  private LabReport lab(List<Fault> faults, List<RankProgram> programs, boolean loopback)
      throws Exception {
    var plan =
        new LabPlan(
            faults.size(), faults.size(), 3, programs, faults, loopback, folder, new Seed(3));
    return FaultLab.run(plan, Progress.none(), run -> {});
  }
}

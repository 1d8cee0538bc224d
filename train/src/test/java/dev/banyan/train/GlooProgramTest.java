package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.Fault;
import dev.banyan.cluster.FaultLab;
import dev.banyan.cluster.LabPlan;
import dev.banyan.cluster.LabReport;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GlooProgramTest {
  @TempDir private Path folder;

  @Test
  void ranksThatShareNothingButTheLoopbackAreToldApart() throws Exception {
    var plan =
        new LabPlan(
            2,
            1,
            3,
            List.of(GlooProgram.usual()),
            List.of(Fault.KILL, Fault.SKIP),
            true,
            folder,
            new Seed(1));
    LabReport report = FaultLab.run(plan, Progress.none(), run -> {});
    assertThat(report.troubled()).isEmpty();
    assertThat(report.misses()).isEmpty();
  }

  /** A launcher's own choice of a collector would be a second one. */
  @Test
  void aRankTakesNoFlagOfItsParent() throws Exception {
    List<String> command =
        GlooProgram.usual().command(folder, 1, List.of("127.0.0.1:7000", "127.0.0.1:7001"));
    assertThat(command).filteredOn(word -> word.endsWith("GC")).hasSize(1);
    assertThat(command).noneMatch(word -> word.startsWith("-javaagent"));
  }
}

package dev.banyan.serve.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ProcessStateTest {
  @Test
  void aProcessRunsIsStoppedRunsAgainAndIsGone() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/stat")));
    Process sleeper = new ProcessBuilder("sleep", "600").start();
    try {
      long process = sleeper.pid();
      assertThat(ProcessState.of(process)).isEqualTo(ProcessState.RUNS);
      signal("STOP", process);
      becomes(ProcessState.STOPPED, process);
      signal("CONT", process);
      becomes(ProcessState.RUNS, process);
      int unused = sleeper.destroyForcibly().waitFor();
      assertThat(ProcessState.of(process)).isEqualTo(ProcessState.GONE);
    } finally {
      sleeper.destroyForcibly();
    }
  }

  private static void signal(String name, long process) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process)).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** A signal arrives when the kernel comes to it. */
  private static void becomes(ProcessState state, long process) {
    while (ProcessState.of(process) != state) {
      Thread.onSpinWait();
    }
  }
}

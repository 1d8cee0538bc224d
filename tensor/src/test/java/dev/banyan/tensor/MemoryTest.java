package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Scopes free what training makes: resident memory stands still, without help of the collector. The
 * steps run in a process of their own whose heap is fixed and touched from the start; otherwise the
 * heap's own first pages would count as growth.
 */
@EnabledOnOs(OS.LINUX)
class MemoryTest {
  @Test
  void aThousandTrainingStepsStayWithinOneTwentiethOfTheTwoHundredth()
      throws IOException, InterruptedException {
    String printed = printedBy(ThousandSteps.class);
    long[] residentBytes =
        Arrays.stream(printed.strip().split(" ")).mapToLong(Long::parseLong).toArray();
    assertThat(residentBytes).hasSize(2);
    assertThat(residentBytes[1]).isLessThanOrEqualTo((long) (1.05 * residentBytes[0]));
  }

  /**
   * A handle that is never freed costs 32 bytes a time: too little to be seen in pages. The
   * compiler allocates from the same heap, so it works in the foreground and is done before the
   * next call.
   */
  @Test
  void fusedOperationsAndTheirBackwardLeaveNoAllocation() throws IOException, InterruptedException {
    for (String line : printedBy(FusedRounds.class, "-Xbatch").lines().toList()) {
      double bytes = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      assertThat(bytes).as(line).isLessThan(30);
    }
  }

  private static String printedBy(Class<?> program, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xms64m",
            "-Xmx64m",
            "-XX:+AlwaysPreTouch"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String printed = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isZero();
    return printed;
  }

  @Test
  void whatWasFreedGoesBackToTheSystemWhenAsked() throws IOException {
    long bytes = 256L << 20;
    int pieces = 64; // one large block would be the system's own at once
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < pieces; i++) {
        Tensor.full(1, DType.F32, bytes / 4 / pieces);
      }
    }
    long before = residentBytes();
    Libtorch.returnFreedMemory();
    assertThat(residentBytes()).isLessThan(before - bytes * 3 / 4);
  }

  private static long residentBytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}

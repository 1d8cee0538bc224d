package dev.banyan.grow.write;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process's highest resident memory as Linux counts it. */
final class PeakMemory {
  private PeakMemory() {}

  /** Bytes, 0 where the system does not say. */
  static long bytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException e) {
      return 0; // a figure less, not a failure
    }
    return 0;
  }
}

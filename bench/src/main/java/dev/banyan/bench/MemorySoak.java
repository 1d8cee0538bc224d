package dev.banyan.bench;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Resident memory over the steps of a training run in a process of its own. Its Java heap is of a
 * fixed size and touched at the start, so what grows is native memory: libtorch's tensors, which no
 * garbage collector watches.
 */
public final class MemorySoak {
  static final List<String> HEAP =
      List.of("-Xms192m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch");

  private MemorySoak() {}

  /**
   * Trains a small model.
   *
   * @throws MissingThingException where there is no /proc to read resident memory from
   */
  public static MemoryCurve run(int steps, Seed seed, Progress progress) {
    return run(SmallRun.USUAL, steps, seed, progress);
  }

  static MemoryCurve run(SmallRun.Shape shape, int steps, Seed seed, Progress progress) {
    if (!Files.exists(Path.of("/proc/self/status"))) {
      throw new MissingThingException(
          "resident memory is read from /proc/self/status, which this system does not have");
    }
    List<Long> bytes = new ArrayList<>();
    try (WorkFolder work = WorkFolder.open()) {
      new SmallRun(work, shape, steps, 0, seed)
          .go(
              "soak",
              HEAP,
              (step, resident) -> {
                if (step > 0) {
                  bytes.add(resident);
                  progress.step(step);
                }
                return false;
              });
    }
    return new MemoryCurve(bytes);
  }
}

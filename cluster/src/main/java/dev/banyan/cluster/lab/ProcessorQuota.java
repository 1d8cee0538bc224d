package dev.banyan.cluster.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Control groups that give a process a share of one core; versions 1 and 2. */
final class ProcessorQuota {
  private static final int PERIOD_MICROS = 100_000;
  private static final Path V1 = Path.of("/sys/fs/cgroup/cpu");
  private static final Path V2 = Path.of("/sys/fs/cgroup");

  private ProcessorQuota() {}

  /** Where groups are made; empty where this machine lets nobody. */
  static Optional<Path> root() {
    if (Files.isWritable(V1.resolve("cpu.cfs_quota_us")) || Files.isWritable(V1)) {
      return Optional.of(V1);
    }
    try {
      boolean usable =
          Files.isWritable(V2)
              && Files.readString(V2.resolve("cgroup.subtree_control")).contains("cpu");
      return usable ? Optional.of(V2) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Puts a process into a new group that may use {@code share} of a core. */
  static Path limit(String name, long pid, double share) throws IOException {
    Path root = root().orElseThrow(() -> new IOException("no control group for the processor"));
    Path group = Files.createDirectories(root.resolve(name));
    long quota = Math.max(1000, Math.round(share * PERIOD_MICROS));
    if (root.equals(V1)) {
      Files.writeString(group.resolve("cpu.cfs_period_us"), Integer.toString(PERIOD_MICROS));
      Files.writeString(group.resolve("cpu.cfs_quota_us"), Long.toString(quota));
    } else {
      Files.writeString(group.resolve("cpu.max"), quota + " " + PERIOD_MICROS);
    }
    Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
    return group;
  }

  /** Kills what is in a group and removes it, if it is there. */
  static void remove(Path group) {
    try {
      if (!Files.exists(group)) {
        return;
      }
      for (int attempt = 0; attempt < 50; attempt++) {
        List<String> left = Files.readAllLines(group.resolve("cgroup.procs"));
        if (left.isEmpty()) {
          break;
        }
        for (String pid : left) {
          Shell.works("kill", "-KILL", pid);
        }
      }
      Files.deleteIfExists(group);
    } catch (IOException e) {
      // the next lab tries again
    }
  }
}

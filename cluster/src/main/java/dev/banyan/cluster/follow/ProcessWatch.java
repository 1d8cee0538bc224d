package dev.banyan.cluster.follow;

import dev.banyan.cluster.EventLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntPredicate;

/** What an agent beside the ranks sees of their processes: that one ended, that one is stopped. */
public final class ProcessWatch {
  private static final int SIGNALLED = 128;

  private final IntPredicate consequence;
  private final Map<Integer, Process> ranks = new TreeMap<>();
  private final Set<Integer> stopped = new HashSet<>();
  private final Queue<EventLine> seen = new ConcurrentLinkedQueue<>();

  /**
   * @param consequence exit codes that only say that another rank was lost
   */
  public ProcessWatch(IntPredicate consequence) {
    this.consequence = consequence;
  }

  /** Watches the process of a rank from now on. */
  public void add(int rank, Process process) {
    ranks.put(rank, process);
    var unused =
        process
            .onExit()
            .thenAccept(
                ended -> {
                  int exit = ended.exitValue();
                  if (exit != 0 && !consequence.test(exit)) {
                    String proof = "pid %d %s".formatted(ended.pid(), ending(exit));
                    seen.add(new EventLine.Gone(System.nanoTime(), rank, proof));
                  }
                });
  }

  private static String ending(int exit) {
    return exit > SIGNALLED
        ? "was ended by signal " + (exit - SIGNALLED)
        : "ended with exit code " + exit;
  }

  /** What was seen since the last call. */
  public List<EventLine> observed() {
    for (Map.Entry<Integer, Process> entry : ranks.entrySet()) {
      int rank = entry.getKey();
      String state = entry.getValue().isAlive() ? state(entry.getValue().pid()) : "";
      if (!state.isEmpty() && state.equals("T") != stopped.contains(rank)) {
        if (!stopped.add(rank)) {
          stopped.remove(rank);
        }
        seen.add(new EventLine.Stat(System.nanoTime(), rank, state, ""));
      }
    }
    List<EventLine> lines = new ArrayList<>();
    EventLine line;
    while ((line = seen.poll()) != null) {
      lines.add(line);
    }
    return lines;
  }

  /** The letter of {@code /proc/<pid>/stat}; empty where it cannot be read. */
  private static String state(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1);
    } catch (IOException | IndexOutOfBoundsException e) {
      return "";
    }
  }
}

package dev.banyan.cluster.lab;

import dev.banyan.cluster.RankProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Does a planted fault to running ranks; closing it takes away what is not a rank's own. */
final class Injection implements AutoCloseable {
  static final int LATE_MILLIS = 700;
  private static final double QUOTA = 0.01;
  private static final int HOLD_SECONDS = 15;
  private static final int TOGETHER_SECONDS = 3;
  private static final int SPINNERS_PER_CORE = 1;

  private final List<Process> spinners = new ArrayList<>();
  private final List<Path> groups = new ArrayList<>();
  private final String name;

  /**
   * @param name for a control group, should one be needed
   */
  Injection(String name) {
    this.name = name;
  }

  /**
   * Does it now.
   *
   * @return when, by the host's monotonic clock
   */
  long plant(Planted planted, RankProgram program, Fleet fleet, Place place)
      throws IOException, InterruptedException {
    int rank = planted.rank();
    int other = planted.other();
    switch (planted.fault()) {
      case STOP_BETWEEN, TWO_STOPPED -> holdIfPossible(program, fleet, planted, "between");
      case STOP_INSIDE -> holdIfPossible(program, fleet, planted, "inside");
      default -> {}
    }
    long now = System.nanoTime();
    switch (planted.fault()) {
      case NONE -> {}
      case NOISY_NEIGHBOUR -> spin();
      case TX_SLOW -> place.slowSending(rank);
      case RX_SLOW -> place.slowReceiving(rank);
      case LINK_SLOW -> place.slowLink(rank, other);
      case CPU_QUOTA -> groups.add(ProcessorQuota.limit(name, fleet.pid(rank), QUOTA));
      case SLEEP -> fleet.order(rank, program.lateOrder(LATE_MILLIS));
      case STOP_BETWEEN, STOP_INSIDE -> fleet.signal(rank, "STOP");
      case TWO_STOPPED -> {
        fleet.signal(rank, "STOP");
        fleet.signal(other, "STOP");
      }
      case BLACKHOLE -> place.blackhole(rank, other);
      case LINK_DOWN -> place.portDown(rank);
      case KILL -> fleet.signal(rank, "KILL");
      case SKIP -> fleet.order(rank, "skip");
      case WRONG_SIZE -> fleet.order(rank, "half");
      case TWO_SLOW -> {
        place.slowSending(rank);
        fleet.order(other, program.lateOrder(LATE_MILLIS));
      }
    }
    return now;
  }

  private static void holdIfPossible(
      RankProgram program, Fleet fleet, Planted planted, String where)
      throws IOException, InterruptedException {
    if (!program.canHold()) {
      return;
    }
    List<Integer> culprits = planted.culprits();
    for (int culprit : culprits) {
      fleet.order(culprit, "hold " + where);
    }
    List<Integer> missing = new ArrayList<>();
    for (int culprit : culprits) {
      if (!fleet.held(culprit, culprits.size() == 1 ? HOLD_SECONDS : TOGETHER_SECONDS)) {
        missing.add(culprit);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    // one came in time for this iteration and the other did not: both meet in the next
    for (int culprit : culprits) {
      if (!missing.contains(culprit)) {
        fleet.order(culprit, "go");
        fleet.order(culprit, "hold " + where);
      }
    }
    for (int culprit : culprits) {
      if (!fleet.held(culprit, HOLD_SECONDS)) {
        throw new IOException("rank %d did not come to '%s'".formatted(culprit, where));
      }
    }
  }

  private void spin() throws IOException {
    int count = SPINNERS_PER_CORE * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < count; i++) {
      spinners.add(
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "while kill -0 $PPID; do i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; done")
              .start());
    }
  }

  @Override
  public void close() {
    spinners.forEach(Process::destroyForcibly);
    groups.forEach(ProcessorQuota::remove);
  }
}

package dev.banyan.cluster;

import dev.banyan.cluster.lab.Bench;
import dev.banyan.core.Progress;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Harms real jobs on purpose and scores what the diagnosis says of them. Every rank stands in a
 * network namespace of its own; queues, routes, ports, quotas and signals do the harm, at a moment
 * and to a rank that the seed draws. Nothing of the machine's own network is touched, and all of it
 * is taken away in the end, also what an earlier lab left that was killed.
 *
 * <pre>{@code
 * var plan = new LabPlan(14, 2, 6, List.of(RankProgram.exchange()), List.of(Fault.TX_SLOW, …), …);
 * LabReport report = FaultLab.run(plan, Progress.none(), run -> {});
 * }</pre>
 */
public final class FaultLab {
  private FaultLab() {}

  /** Which faults this machine cannot make, and why; builds a namespace to see and removes it. */
  public static Map<Fault, String> missing(boolean loopback) {
    return Bench.missing(loopback);
  }

  /**
   * Runs the lab.
   *
   * @param each told of every run as it ends, from any lane but one at a time
   * @throws dev.banyan.core.MissingThingException when none of the faults can be made here
   * @throws IOException when namespaces cannot be built, or the folder cannot be written
   */
  public static LabReport run(LabPlan plan, Progress progress, Consumer<LabRun> each)
      throws IOException, InterruptedException {
    return Bench.run(plan, progress, each);
  }
}

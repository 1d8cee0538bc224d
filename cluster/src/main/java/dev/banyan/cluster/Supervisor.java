package dev.banyan.cluster;

import dev.banyan.cluster.steer.Generations;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * Runs a job of several ranks, watches it through the diagnosis, and restarts it when a part fails:
 * the decision and its evidence are written, every rank gets SIGTERM and after the grace SIGKILL,
 * and the next generation starts from the last complete checkpoint, with a spare in the place of
 * what was isolated. This process holds no tensors and loads no native library.
 *
 * <pre>{@code
 * var plan = SupervisorPlan.usual(Placement.of(2, 1, List.of()), folder);
 * SupervisedRun run = Supervisor.run(plan, job, line -> {});
 * }</pre>
 */
public final class Supervisor {
  private Supervisor() {}

  /**
   * Runs to the end.
   *
   * @param said told one line for everything that happens
   * @throws IOException when processes cannot be started or files not be written
   */
  public static SupervisedRun run(SupervisorPlan plan, SupervisedJob job, Consumer<String> said)
      throws IOException, InterruptedException {
    return new Generations(plan, job, said).run();
  }
}

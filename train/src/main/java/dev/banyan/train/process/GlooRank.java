package dev.banyan.train.process;

import dev.banyan.cluster.RankOrders;
import dev.banyan.core.Json;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.GlooProgram;
import dev.banyan.train.RankLostException;
import dev.banyan.train.RankPlace;
import dev.banyan.train.ranks.RankGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One rank of a {@link GlooProgram}: computes, rests, and takes part in two collectives a step,
 * over and over. Takes one JSON file ({@link Job}) and obeys {@link RankOrders} on standard input.
 */
public final class GlooRank {
  private static final int ELEMENTS = 1 << 18;
  private static final int REST_MILLIS = 200;

  private GlooRank() {}

  /**
   * What to be.
   *
   * @param host of rank 0, and the {@code port} of its store
   * @param events file for event lines
   * @param burnMillis of processor time a step
   */
  public record Job(int rank, int world, String host, int port, String events, int burnMillis) {}

  /** Runs one rank. */
  public static void main(String[] args) throws InterruptedException {
    Job job = Json.read(Path.of(args[0]), Job.class);
    var orders = new RankOrders(System.out);
    Thread.ofPlatform().daemon().name("orders").start(() -> obey(orders));
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    var place =
        new RankPlace(
            job.rank(),
            job.world(),
            job.host(),
            job.port(),
            "lab",
            Optional.of(Path.of(job.events())));
    // a job that waits for a silent rank for ever, as most do: what is told is the diagnosis's part
    try (RankGroup group = RankGroup.join(place, GlooRank::tell)) {
      step(group, orders, job.burnMillis());
    } catch (RankLostException e) {
      tell(String.valueOf(e.getMessage()));
      Libtorch.exitNow(TrainRank.LOST);
    }
  }

  private static void tell(String line) {
    System.err.println(line);
  }

  private static void obey(RankOrders orders) {
    try {
      orders.read(System.in);
    } catch (IOException e) {
      // as its end
    } finally {
      Runtime.getRuntime().halt(0);
    }
  }

  private static void step(RankGroup group, RankOrders orders, int burnMillis)
      throws InterruptedException {
    for (long step = 0; ; step++) {
      orders.compute(burnMillis, REST_MILLIS);
      try (Scope scope = Scope.open()) {
        if (!orders.takeSkip()) {
          int count = orders.takeHalf() ? ELEMENTS / 2 : ELEMENTS;
          group.allReduce(Tensor.full(step, DType.F32, count));
        }
        group.step(group.agree(step));
      }
    }
  }
}

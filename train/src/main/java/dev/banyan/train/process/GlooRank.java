package dev.banyan.train.process;

import dev.banyan.cluster.RankOrders;
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
 * over and over. Takes its rank, the number of ranks, {@code host:port} of rank 0, a file for event
 * lines and how long to compute in milliseconds; obeys {@link RankOrders} on standard input.
 */
public final class GlooRank {
  private static final int ELEMENTS = 1 << 18;
  private static final int REST_MILLIS = 200;

  private GlooRank() {}

  /** Runs one rank. */
  public static void main(String[] args) throws InterruptedException {
    var orders = new RankOrders(System.out);
    Thread.ofPlatform().daemon().name("orders").start(() -> obey(orders));
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    int colon = args[2].lastIndexOf(':');
    var place =
        new RankPlace(
            Integer.parseInt(args[0]),
            Integer.parseInt(args[1]),
            args[2].substring(0, colon),
            Integer.parseInt(args[2].substring(colon + 1)),
            "lab",
            Optional.of(Path.of(args[3])));
    // a job that waits for a silent rank for ever, as most do: what is told is the diagnosis's part
    try (RankGroup group = RankGroup.join(place, GlooRank::tell)) {
      step(group, orders, Integer.parseInt(args[4]));
    } catch (RankLostException e) {
      tell(String.valueOf(e.getMessage()));
      System.exit(TrainRank.LOST);
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
    }
    Runtime.getRuntime().halt(0);
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

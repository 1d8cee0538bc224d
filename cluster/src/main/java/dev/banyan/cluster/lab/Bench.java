package dev.banyan.cluster.lab;

import dev.banyan.cluster.Fault;
import dev.banyan.cluster.LabPlan;
import dev.banyan.cluster.LabReport;
import dev.banyan.cluster.LabRun;
import dev.banyan.cluster.RankProgram;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All runs of a lab, divided among its lanes. */
public final class Bench {
  private final LabPlan plan;
  private final Progress progress;
  private final Consumer<LabRun> each;
  private final List<LabRun> runs = new ArrayList<>();
  private final ConcurrentLinkedQueue<Turn> turns = new ConcurrentLinkedQueue<>();

  /** Runs that keep the cores busy take the place of two. */
  private final Semaphore cores;

  private @Nullable Exception failure;

  private record Turn(int number, RankProgram program, Fault fault) {}

  private Bench(LabPlan plan, Progress progress, Consumer<LabRun> each) {
    this.plan = plan;
    this.progress = progress;
    this.each = each;
    this.cores = new Semaphore(plan.lanes(), true);
  }

  /** Which faults cannot be made here. */
  public static Map<Fault, String> missing(boolean loopback) {
    if (!loopback) {
      return Kernel.missing();
    }
    Map<Fault, String> missing = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      if (fault.needsNetwork() || fault.needsQuota()) {
        missing.put(fault, "needs namespaces, which --loopback does without");
      }
    }
    return missing;
  }

  /** Runs the lab. */
  public static LabReport run(LabPlan plan, Progress progress, Consumer<LabRun> each)
      throws IOException, InterruptedException {
    if (!plan.loopback()) {
      Leftovers.sweep();
    }
    Map<Fault, String> missing = missing(plan.loopback());
    missing.keySet().retainAll(plan.faults());
    var bench = new Bench(plan, progress, each);
    bench.deal(missing);
    Files.createDirectories(plan.folder());
    long begun = System.nanoTime();
    bench.work();
    bench.runs.sort(Comparator.comparingInt(LabRun::number));
    return new LabReport(bench.runs, missing, (System.nanoTime() - begun) / 1e9);
  }

  /** Faults and programs take turns, so that a lab that is stopped has seen some of each. */
  private void deal(Map<Fault, String> missing) {
    List<Turn> round = new ArrayList<>();
    for (Fault fault : plan.faults()) {
      for (RankProgram program : plan.programs()) {
        if (!missing.containsKey(fault) && program.faults().contains(fault)) {
          round.add(new Turn(0, program, fault));
        }
      }
    }
    if (round.isEmpty()) {
      throw new MissingThingException(
          "none of the faults can be made here: "
              + missing.values().stream().distinct().findFirst().orElse("no program knows them"));
    }
    for (int number = 0; number < plan.runs(); number++) {
      Turn turn = round.get(number % round.size());
      turns.add(new Turn(number, turn.program(), turn.fault()));
    }
  }

  private void work() throws IOException, InterruptedException {
    List<Place> places = new ArrayList<>();
    // a lab that is asked to end still tidies up
    Thread tidy = new Thread(() -> places.forEach(Place::close), "tidy");
    Runtime.getRuntime().addShutdownHook(tidy);
    try {
      for (int lane = 0; lane < plan.lanes(); lane++) {
        places.add(
            plan.loopback() ? new Loopback(plan.ranks()) : Namespaces.build(lane, plan.ranks()));
      }
      List<Thread> threads = new ArrayList<>();
      for (Place place : places) {
        threads.add(Thread.ofPlatform().name("lane").start(() -> lane(place)));
      }
      try {
        for (Thread thread : threads) {
          thread.join();
        }
      } finally {
        threads.forEach(Thread::interrupt);
      }
    } finally {
      places.forEach(Place::close);
      Runtime.getRuntime().removeShutdownHook(tidy);
    }
    if (failure != null) {
      throw new IOException("the lab broke off: " + failure, failure);
    }
  }

  private void lane(Place place) {
    var lane = new Lane(place, plan.folder(), false);
    Turn turn;
    while ((turn = turns.poll()) != null) {
      try {
        // what slows every core leaves room for fewer runs beside it
        int share = turn.fault() == Fault.NOISY_NEIGHBOUR ? Math.min(2, plan.lanes()) : 1;
        cores.acquire(share);
        LabRun run;
        try {
          run = lane.run(turn.number(), program(turn), planted(turn));
        } finally {
          cores.release(share);
        }
        done(run);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        synchronized (this) {
          failure = e;
        }
        turns.clear();
        return;
      }
    }
  }

  /** A quota is felt only by a rank that computes. */
  private static RankProgram program(Turn turn) {
    return turn.fault() == Fault.CPU_QUOTA ? turn.program().busier() : turn.program();
  }

  private Planted planted(Turn turn) {
    Planted planted =
        Planted.draw(turn.fault(), plan.ranks(), plan.seed().of("run", turn.number()));
    return turn.program().name().equals("ring") ? planted.onRing(plan.ranks()) : planted;
  }

  private synchronized void done(LabRun run) {
    runs.add(run);
    each.accept(run);
    progress.step(runs.size(), run.program() + " " + run.fault().word());
  }
}

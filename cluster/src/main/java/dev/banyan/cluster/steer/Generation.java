package dev.banyan.cluster.steer;

import dev.banyan.cluster.Drill;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.LiveDiagnosis;
import dev.banyan.cluster.SteeringDecision;
import dev.banyan.cluster.SteeringState;
import dev.banyan.cluster.SupervisedJob;
import dev.banyan.cluster.SupervisedJob.RankPlace;
import dev.banyan.cluster.SupervisedRun.Restart;
import dev.banyan.cluster.SupervisorPlan;
import dev.banyan.cluster.follow.EventTail;
import dev.banyan.cluster.follow.ProcessWatch;
import dev.banyan.cluster.process.WaitingProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** The ranks of one generation: started, watched, and stopped together. */
final class Generation implements AutoCloseable {
  private static final int POLL_MILLIS = 100;

  /** The exit code of a rank whose answer is no. */
  private static final int STOPPED = 1;

  /** How long a diagnosis may take to explain a job that is gone altogether. */
  private static final Duration WORDLESS = Duration.ofSeconds(12);

  private final SupervisorPlan plan;
  private final SteeringState state;
  private final List<Slot> slots = new ArrayList<>();
  private final List<EventTail> tails = new ArrayList<>();
  private final ProcessWatch processes;
  private final LiveDiagnosis diagnosis;
  private final long startedAt = System.nanoTime();
  private long harmedAt;
  private long goneSince;
  private long firstLeave;
  private long lastLeave;
  private long firstStep = -1;
  private long firstStepAt;
  private long lastStep;
  private long lastStepAt;

  private Generation(SupervisorPlan plan, SupervisedJob job, SteeringState state) {
    this.processes = new ProcessWatch(job::consequence);
    this.plan = plan;
    this.state = state;
    this.diagnosis = new LiveDiagnosis(plan.windowSeconds(), true);
  }

  /**
   * How a generation ended.
   *
   * @param decision empty when every rank ended by itself
   * @param ended why the job ended by itself before it was done; empty when it was done
   * @param logs of the ranks
   */
  record Outcome(
      Optional<SteeringDecision> decision,
      String ended,
      List<Path> logs,
      double silentSeconds,
      double diagnosisSeconds,
      long reachedStep,
      double stepSeconds) {
    Restart restart(int generation, double stopSeconds, long checkpointStep) {
      long lost = Math.max(0, reachedStep - checkpointStep);
      return new Restart(
          generation,
          decision.orElseThrow(),
          silentSeconds,
          diagnosisSeconds,
          stopSeconds,
          0,
          reachedStep,
          checkpointStep,
          lost * stepSeconds);
    }
  }

  /** Orders the processes that stand ready for the placement's hosts. */
  static Generation start(SupervisorPlan plan, SupervisedJob job, SteeringState state, Pool pool)
      throws IOException {
    var generation = new Generation(plan, job, state);
    Path folder =
        Files.createDirectories(plan.folder().resolve("generation-" + state.generation()));
    List<String> hosts = state.placement().slots();
    int port = freePort();
    try {
      for (int rank = 0; rank < hosts.size(); rank++) {
        Path events = folder.resolve("events-" + rank + ".jsonl");
        Files.deleteIfExists(events);
        var place =
            new RankPlace(
                state.generation(), rank, hosts.size(), hosts.get(rank), port, folder, events);
        Slot slot = pool.take(hosts.get(rank));
        generation.slots.add(slot);
        generation.tails.add(new EventTail(events));
        generation.processes.add(rank, slot.process());
        slot.become(new WaitingProcess.Order(job.main(), job.arguments(place)));
      }
      return generation;
    } catch (IOException | RuntimeException e) {
      generation.close();
      throw e;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Watches until every rank ended well or there is something to do. */
  Outcome watch() throws IOException, InterruptedException {
    while (true) {
      Thread.sleep(POLL_MILLIS);
      feed();
      drill();
      if (slots.stream().allMatch(Generation::endedByItself)) {
        return outcome(Optional.empty(), 0);
      }
      long now = System.nanoTime();
      boolean ending = slots.stream().anyMatch(Generation::endedByItself);
      Findings findings = diagnosis.at(now);
      double judging = (System.nanoTime() - now) / 1e9;
      if (findings.faulty() && !ending) {
        SteeringDecision decision = Steering.decide(state, findings, plan.limits());
        if (decision.kind() != SteeringDecision.Kind.GO_ON) {
          return outcome(Optional.of(decision), judging);
        }
      }
      Optional<SteeringDecision> dead = withoutWords(now);
      if (dead.isPresent()) {
        return outcome(dead, judging);
      }
    }
  }

  /** Harms a rank of the first generation, when that was asked for. */
  private void drill() throws IOException, InterruptedException {
    Drill drill = plan.drill().orElse(null);
    if (drill == null || state.generation() > 0 || harmedAt > 0 || lastStep < drill.step()) {
      return;
    }
    harmedAt = System.nanoTime();
    String pid = Long.toString(slots.get(drill.rank()).process().pid());
    int failed = new ProcessBuilder("kill", "-" + drill.signal(), pid).start().waitFor();
    if (failed != 0) {
      throw new IOException("SIG%s cannot be sent to process %s".formatted(drill.signal(), pid));
    }
  }

  /** Done, or stopped because its answer is no; both are no fault of the cluster. */
  private static boolean endedByItself(Slot slot) {
    return !slot.process().isAlive() && slot.process().exitValue() <= STOPPED;
  }

  /** What ended a job that the diagnosis has no words for: it never began, or all of it is gone. */
  private Optional<SteeringDecision> withoutWords(long now) {
    boolean allGone = slots.stream().noneMatch(slot -> slot.process().isAlive());
    goneSince = allGone ? (goneSince == 0 ? now : goneSince) : 0;
    if (allGone && firstLeave == 0) {
      return Optional.of(stop("every rank ended before the first step: " + lastWords()));
    }
    if (firstLeave == 0 && now - startedAt > plan.startGrace().toNanos()) {
      return Optional.of(
          stop(
              "no step after %d s; see the logs in %s"
                  .formatted(plan.startGrace().toSeconds(), plan.folder())));
    }
    if (allGone && now - goneSince > WORDLESS.toNanos()) {
      String reason = "every rank ended and nothing says why: " + lastWords();
      return Optional.of(
          state.generation() < plan.limits().restarts()
              ? new SteeringDecision(
                  SteeringDecision.Kind.RESTART, List.of(), reason, List.of(), again())
              : stop(reason));
    }
    return Optional.empty();
  }

  private SteeringDecision stop(String reason) {
    return new SteeringDecision(SteeringDecision.Kind.STOP, List.of(), reason, List.of(), state);
  }

  private SteeringState again() {
    return new SteeringState(
        state.placement(),
        state.strikes(),
        state.isolated(),
        state.hosts(),
        state.generation() + 1);
  }

  private String lastWords() {
    return slots.stream()
        .map(Slot::lastWords)
        .filter(words -> !words.isEmpty())
        .findFirst()
        .orElse("see the logs in " + plan.folder());
  }

  /** The logs of the ranks. */
  List<Path> logs() {
    return slots.stream().map(Slot::log).toList();
  }

  private void feed() throws IOException {
    for (EventTail tail : tails) {
      tail.poll(
          line -> {
            diagnosis.accept(line);
            if (line instanceof EventLine.Event event && event.ev() == EventKind.LEAVE) {
              left(event.tNanos());
            } else if (line instanceof EventLine.Heartbeat beat) {
              step(beat.step(), beat.tNanos());
            }
          });
    }
    for (EventLine line : processes.observed()) {
      diagnosis.accept(line);
    }
  }

  private void left(long at) {
    firstLeave = firstLeave == 0 ? at : Math.min(firstLeave, at);
    lastLeave = Math.max(lastLeave, at);
  }

  private void step(long step, long at) {
    if (step > lastStep || firstStep < 0) {
      if (firstStep < 0 && step > 0) {
        firstStep = step;
        firstStepAt = at;
      }
      lastStep = step;
      lastStepAt = at;
    }
  }

  private Outcome outcome(Optional<SteeringDecision> decision, double diagnosisSeconds) {
    boolean slow =
        decision.isPresent()
            && decision.get().because().stream().anyMatch(verdict -> verdict.syndrome().isSlow());
    long harm = harmedAt > 0 ? harmedAt : slow ? 0 : lastLeave;
    double silent = harm == 0 ? 0 : (System.nanoTime() - harm) / 1e9;
    double stepSeconds =
        lastStep > firstStep && firstStep >= 0
            ? (lastStepAt - firstStepAt) / 1e9 / (lastStep - firstStep)
            : 0;
    boolean no =
        decision.isEmpty() && slots.stream().anyMatch(slot -> slot.process().exitValue() != 0);
    return new Outcome(
        decision,
        no ? "the job stopped by itself: " + lastWords() : "",
        logs(),
        silent,
        diagnosisSeconds,
        lastStep,
        stepSeconds);
  }

  /** Seconds from a moment to the first collective anybody left. */
  OptionalDouble firstCollective(long origin) {
    return firstLeave == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((firstLeave - origin) / 1e9);
  }

  /** SIGTERM to every rank, and after the grace SIGKILL; returns when all are gone. */
  void stop() throws InterruptedException {
    long until = System.nanoTime() + plan.grace().toNanos();
    slots.forEach(slot -> slot.process().destroy());
    for (Slot slot : slots) {
      long left = until - System.nanoTime();
      if (!slot.process().waitFor(Math.max(0, left), TimeUnit.NANOSECONDS)) {
        slot.process().destroyForcibly();
      }
    }
    for (Slot slot : slots) {
      slot.process().waitFor();
    }
  }

  @Override
  public void close() throws IOException {
    for (EventTail tail : tails) {
      tail.close();
    }
    for (Slot slot : slots) {
      slot.close();
    }
  }
}

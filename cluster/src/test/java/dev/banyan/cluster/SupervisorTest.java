package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.process.RankJob;
import dev.banyan.cluster.process.RankProcess;
import dev.banyan.core.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SupervisorTest {
  @TempDir private Path folder;

  /** Three ranks of the lab's ring on the loopback device, a number of iterations each. */
  private record Rings(int iterations, Map<Integer, List<String>> addresses)
      implements SupervisedJob {
    Rings(int iterations) {
      this(iterations, new ConcurrentHashMap<>());
    }

    @Override
    public List<String> flags() {
      return List.of("-XX:TieredStopAtLevel=1", "-Xmx32m");
    }

    @Override
    public String main() {
      return RankProcess.class.getName();
    }

    @Override
    public List<String> arguments(RankPlace place) throws IOException {
      List<String> all = addresses.computeIfAbsent(place.generation(), g -> free(place.world()));
      Path file = place.folder().resolve("job-" + place.rank() + ".json");
      Json.write(
          file,
          new RankJob(
              place.rank(),
              "ring",
              all,
              12 << 10,
              1,
              20,
              iterations,
              place.events().toString(),
              place.host()));
      return List.of(file.toString());
    }

    private static List<String> free(int count) {
      List<ServerSocket> held = new ArrayList<>();
      try {
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
          addresses.add("127.0.0.1:" + held.getLast().getLocalPort());
        }
        for (ServerSocket socket : held) {
          socket.close();
        }
        return addresses;
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    @Override
    public long checkpointStep() {
      return 0;
    }
  }

  @Test
  void aJobThatNothingHappensToEndsInItsFirstGeneration() throws Exception {
    SupervisedRun run = Supervisor.run(plan(3, 0), new Rings(20), line -> {});
    assertThat(run.finished()).isTrue();
    assertThat(run.restarts()).isEmpty();
  }

  @Test
  void aStoppedRankIsNamedAndItsHostReplacedByTheSpare() throws Exception {
    SupervisedRun run = harmed(plan(3, 1), "STOP", 1);
    assertThat(run.finished()).isTrue();
    assertThat(run.restarts()).hasSize(1);
    SteeringDecision decision = run.restarts().getFirst().decision();
    assertThat(decision.isolate()).containsExactly("slot-1");
    // the signal finds the rank between two transfers or inside one
    assertThat(decision.because().getFirst().syndrome())
        .isIn(Syndrome.NON_COMMUNICATION_HANG, Syndrome.COMMUNICATION_HANG);
    assertThat(decision.next().placement().slots()).containsExactly("slot-0", "spare-0", "slot-2");
    assertThat(Files.readString(folder.resolve("decisions.jsonl"))).contains("slot-1");
  }

  @Test
  void aKilledRankWithoutASpareStopsTheJob() throws Exception {
    SupervisedRun run = harmed(plan(3, 0), "KILL", 2);
    assertThat(run.finished()).isFalse();
    assertThat(run.ended()).contains("slot-2");
    assertThat(run.restarts().getFirst().decision().because().getFirst().syndrome())
        .isEqualTo(Syndrome.PROCESS_LOSS);
  }

  private SupervisorPlan plan(int ranks, int spares) {
    return SupervisorPlan.usual(Placement.of(ranks, spares, List.of()), folder);
  }

  /** Sends a signal to a rank of the first generation once it is under way. */
  private SupervisedRun harmed(SupervisorPlan plan, String signal, int rank) throws Exception {
    Path events = folder.resolve("generation-0").resolve("events-" + rank + ".jsonl");
    Thread harm = Thread.ofVirtual().start(() -> harm(events, signal));
    Consumer<String> said = line -> {};
    try {
      return Supervisor.run(plan, new Rings(60), said);
    } finally {
      harm.interrupt();
    }
  }

  private static void harm(Path events, String signal) {
    try {
      while (!Files.exists(events) || !Files.readString(events).contains("\"seq\":20")) {
        Thread.sleep(20);
      }
      String hello = Files.readAllLines(events).getFirst();
      int pid = Json.mapper().readTree(hello).path("pid").asInt();
      new ProcessBuilder("kill", "-" + signal, Integer.toString(pid)).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.banyan.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.core.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class CollectivesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void theRingSumsWhatEveryRankHas(int world) throws Exception {
    int floats = world * 7;
    float[][] inputs = inputs(world, floats);
    List<float[]> outputs = run("ring", world, inputs);
    float[] sum = new float[floats];
    for (float[] input : inputs) {
      for (int i = 0; i < floats; i++) {
        sum[i] += input[i];
      }
    }
    assertThat(outputs).allSatisfy(output -> assertThat(output).isEqualTo(sum));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void theExchangeGivesEveryRankItsPartOfEveryOther(int world) throws Exception {
    float[][] inputs = inputs(world, world * 3);
    List<float[]> outputs = run("exchange", world, inputs);
    for (int rank = 0; rank < world; rank++) {
      for (int from = 0; from < world; from++) {
        for (int i = 0; i < 3; i++) {
          assertThat(outputs.get(rank)[from * 3 + i]).isEqualTo(inputs[from][rank * 3 + i]);
        }
      }
    }
  }

  @Test
  void aSenderIsCreditedOnlyAfterTheReceiverPosted() throws Exception {
    run("exchange", 3, inputs(3, 9));
    long[][] posted = new long[3][3];
    long[][] credited = new long[3][3];
    long[][] first = new long[3][3];
    long[][] last = new long[3][3];
    for (int rank = 0; rank < 3; rank++) {
      for (String line : Files.readAllLines(folder.resolve("events-" + rank + ".jsonl"))) {
        JsonNode node = Json.mapper().readTree(line);
        int peer = node.path("peer").asInt(-1);
        long at = node.path("t_ns").asLong();
        switch (node.path("ev").asString()) {
          case "post" -> posted[peer][rank] = at;
          case "first" -> first[peer][rank] = at;
          case "last" -> last[peer][rank] = at;
          case "credit" -> credited[rank][peer] = at;
          default -> {}
        }
      }
    }
    for (int from = 0; from < 3; from++) {
      for (int to = 0; to < 3; to++) {
        if (from != to) {
          assertThat(posted[from][to]).isPositive().isLessThan(credited[from][to]);
          assertThat(credited[from][to]).isLessThan(first[from][to]);
          assertThat(first[from][to]).isLessThan(last[from][to]);
        }
      }
    }
  }

  private static float[][] inputs(int world, int floats) {
    RandomGenerator random = new SplittableRandom(world);
    float[][] inputs = new float[world][floats];
    for (float[] input : inputs) {
      for (int i = 0; i < floats; i++) {
        input[i] = random.nextInt(1000); // whole numbers: sums are exact in any order
      }
    }
    return inputs;
  }

  /** Runs one collective, a thread a rank. */
  private List<float[]> run(String program, int world, float[][] inputs) throws Exception {
    List<ServerSocketChannel> listeners = new ArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (int rank = 0; rank < world; rank++) {
      ServerSocketChannel listener = ServerSocketChannel.open();
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      listeners.add(listener);
      addresses.add((InetSocketAddress) listener.getLocalAddress());
    }
    try (ExecutorService ranks = Executors.newFixedThreadPool(world)) {
      List<Callable<float[]>> calls = new ArrayList<>();
      for (int r = 0; r < world; r++) {
        int rank = r;
        calls.add(() -> one(program, rank, addresses, listeners.get(rank), inputs[rank]));
      }
      List<float[]> outputs = new ArrayList<>();
      for (Future<float[]> output : ranks.invokeAll(calls)) {
        outputs.add(output.get());
      }
      return outputs;
    } finally {
      for (ServerSocketChannel listener : listeners) {
        listener.close();
      }
    }
  }

  private float[] one(
      String program,
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocketChannel listener,
      float[] input)
      throws IOException, InterruptedException {
    int world = addresses.size();
    Path file = folder.resolve("events-" + rank + ".jsonl");
    var job =
        new RankJob(
            rank,
            program,
            addresses.stream().map(InetSocketAddress::toString).toList(),
            input.length * Float.BYTES,
            0,
            0,
            1,
            file.toString(),
            "host");
    try (var events = new EventLines(file, job);
        var transfers = new Transfers(events, () -> {})) {
      List<Integer> others = IntStream.range(0, world).filter(r -> r != rank).boxed().toList();
      boolean ring = program.equals("ring");
      transfers.connect(
          rank,
          addresses,
          listener,
          ring ? List.of((rank + 1) % world) : others,
          ring ? List.of((rank + world - 1) % world) : others);
      ByteBuffer buffer = ByteBuffer.allocate(input.length * Float.BYTES);
      buffer.asFloatBuffer().put(input);
      Collectives collectives =
          ring
              ? new RingAllReduce(transfers, rank, world)
              : new PairwiseExchange(transfers, rank, world);
      collectives.run(
          new Operation(0, CollectiveOp.ALL_REDUCE, collectives.algo(), buffer.capacity()), buffer);
      float[] output = new float[input.length];
      buffer.rewind().asFloatBuffer().get(output);
      return output;
    }
  }
}

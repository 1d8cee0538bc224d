package dev.banyan.cluster.lab;

import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.RankProgram;
import dev.banyan.cluster.follow.ProcessWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The ranks of one run: started, ordered about, signalled, watched, and killed in the end. */
final class Fleet implements AutoCloseable {
  private final List<Process> ranks = new ArrayList<>();
  private final List<Semaphore> held = new ArrayList<>();
  private final ProcessWatch watch = new ProcessWatch(exit -> false);

  /** Starts every rank of a program in its place. */
  static Fleet start(RankProgram program, Place place, Path folder) throws IOException {
    var fleet = new Fleet();
    try {
      List<String> addresses = place.addresses();
      for (int rank = 0; rank < addresses.size(); rank++) {
        List<String> command = new ArrayList<>(place.prefix(rank));
        command.addAll(program.command(folder, rank, addresses));
        fleet.start(rank, command, folder.resolve("rank-" + rank + ".log"));
      }
      return fleet;
    } catch (IOException | RuntimeException e) {
      fleet.close();
      throw e;
    }
  }

  private void start(int rank, List<String> command, Path log) throws IOException {
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    var gate = new Semaphore(0);
    ranks.add(process);
    held.add(gate);
    Thread.ofVirtual().start(() -> listen(process, gate, log));
    watch.add(rank, process);
  }

  /** What is no answer belongs to the log: a JVM that cannot start says so on standard output. */
  private static void listen(Process process, Semaphore gate, Path log) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      String line;
      while ((line = lines.readLine()) != null) {
        if (line.equals("held")) {
          gate.release();
        } else {
          Files.writeString(log, line + "\n", StandardOpenOption.APPEND);
        }
      }
    } catch (IOException e) {
      // the rank is gone
    }
  }

  int size() {
    return ranks.size();
  }

  /** Whether every rank still runs. */
  boolean whole() {
    return ranks.stream().allMatch(Process::isAlive);
  }

  /** Writes one line to a rank's standard input. */
  void order(int rank, String line) throws IOException {
    OutputStream in = ranks.get(rank).getOutputStream();
    in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  /** Whether a rank that was told to hold does, within a time. */
  boolean held(int rank, int seconds) throws InterruptedException {
    return held.get(rank).tryAcquire(seconds, TimeUnit.SECONDS);
  }

  void signal(int rank, String signal) throws IOException {
    Shell.run("kill", "-" + signal, Long.toString(pid(rank)));
  }

  long pid(int rank) {
    return ranks.get(rank).pid();
  }

  /** What an agent beside the ranks saw since the last call. */
  List<EventLine> observed() {
    return watch.observed();
  }

  @Override
  public void close() {
    ranks.forEach(Process::destroyForcibly);
    for (Process rank : ranks) {
      try {
        rank.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}

package dev.banyan.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * What the lab may ask of a rank while it runs, one word (and number) a line on standard input:
 * {@code late MILLIS} computes longer from now on, {@code skip} leaves out the next large
 * collective, {@code half} enters it with half the bytes, {@code hold between} and {@code hold
 * inside} stop the rank's own work at a known place, answer {@code held} and wait for {@code go}.
 * The end of standard input ends the rank, so none outlives its lab.
 */
public final class RankOrders {
  private final PrintStream answers;
  private volatile int lateMillis;
  private volatile boolean skip;
  private volatile boolean half;
  private volatile String hold = "";
  private volatile CountDownLatch go = new CountDownLatch(1);

  /** Answers go to {@code answers}. */
  public RankOrders(PrintStream answers) {
    this.answers = answers;
  }

  /** Reads orders until the stream ends. */
  public void read(InputStream orders) throws IOException {
    try (var lines = new BufferedReader(new InputStreamReader(orders, StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        String[] words = line.split(" ", 2);
        switch (words[0]) {
          case "late" -> lateMillis = Integer.parseInt(words[1]);
          case "skip" -> skip = true;
          case "half" -> half = true;
          case "hold" -> {
            go = new CountDownLatch(1);
            hold = words[1];
          }
          case "go" -> go.countDown();
          default -> throw new IllegalArgumentException("order '" + line + "' is not known");
        }
      }
    }
  }

  /** Whether to leave out the next large collective; asked once per iteration. */
  public boolean takeSkip() {
    boolean asked = skip;
    skip = false;
    return asked;
  }

  /** Whether to enter the next large collective with half the bytes. */
  public boolean takeHalf() {
    boolean asked = half;
    half = false;
    return asked;
  }

  /** One step of a rank in no operation: holds when asked, computes, rests, and longer if late. */
  public void compute(int burnMillis, int restMillis) throws InterruptedException {
    holdAt("between");
    burn(burnMillis);
    Thread.sleep(restMillis + lateMillis);
  }

  /** A rank has half of a message. */
  public void insideTransfer() throws InterruptedException {
    holdAt("inside");
  }

  /** Uses processor time, however long that takes: this is what a quota or a neighbour slows. */
  private static void burn(int millis) {
    var threads = ManagementFactory.getThreadMXBean();
    long until = threads.getCurrentThreadCpuTime() + millis * 1_000_000L;
    while (threads.getCurrentThreadCpuTime() < until) {
      Thread.onSpinWait();
    }
  }

  private void holdAt(String place) throws InterruptedException {
    if (hold.equals(place)) {
      hold = "";
      answers.println("held");
      answers.flush();
      go.await();
    }
  }
}
